"""Why an exchange with the server did not come to its end."""

from __future__ import annotations

import os
import socket
import ssl

import aiohttp

from wirelock.runtime.json.formatting import visible


def reason(error: Exception) -> str:
    """Why, in words for people; what the server sent is not repeated, it may hold secrets."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"its certificate is not accepted ({visible(str(error.certificate_error))})"
        case aiohttp.ClientConnectorError():
            return _unconnected(error.os_error)
        case TimeoutError():
            return "it did not take the connection in time"
        case aiohttp.ClientConnectionError() | ConnectionError():
            return "it closed the connection"
        case aiohttp.ClientPayloadError():
            return "its body ends early or is malformed"
        case _:
            return "what it sent is no HTTP/1.1"


def _unconnected(error: OSError) -> str:
    """What the system says; asyncio puts words and addresses of its own into an error's text."""
    if error.errno and not isinstance(error, socket.gaierror | ssl.SSLError):
        return os.strerror(error.errno).lower()
    return visible(error.strerror or str(error) or type(error).__name__).lower()
