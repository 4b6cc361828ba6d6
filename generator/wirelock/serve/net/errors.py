"""Descriptions of failed exchanges with the server."""

from __future__ import annotations

import os
import socket
import ssl

import aiohttp

from wirelock.runtime.json.formatting import escape_unprintable


def describe_error(error: Exception) -> str:
    """Describe a failed exchange; text that the server sent is left out, since it may contain secrets."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate is not accepted ({escape_unprintable(str(error.certificate_error))})"
        case aiohttp.ClientConnectorError():
            return describe_os_error(error.os_error)
        case TimeoutError():
            return "the connection timed out"
        case aiohttp.ClientConnectionError() | ConnectionError():
            return "it closed the connection"
        case aiohttp.ClientPayloadError():
            return "its body ends early or is malformed"
        case _:
            return "it sent invalid HTTP/1.1"


def describe_os_error(error: OSError) -> str:
    """Return the system's description of an error, without the text and addresses that asyncio adds."""
    if error.errno and not isinstance(error, socket.gaierror | ssl.SSLError):
        return os.strerror(error.errno).lower()
    return escape_unprintable(error.strerror or str(error) or type(error).__name__).lower()
