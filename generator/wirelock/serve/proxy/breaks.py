"""Where an answer breaks off, and how that is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp

FAILURES = (aiohttp.ClientError, OSError, TimeoutError, ValueError, asyncio.IncompleteReadError)
"""What the client raises for everything that a server, or the way to it, can do wrong."""


class BrokenOff(Exception):
    """The server did not send the whole body that it announced."""


class Refused(BrokenOff):
    """The server sent an event that must not pass."""


async def chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body as it comes; raises BrokenOff."""
    while True:
        try:
            chunk = await answer.content.readany()
        except FAILURES as error:
            raise BrokenOff(words(error)) from error
        if not chunk:
            return
        yield chunk


def words(error: Exception) -> str:
    """Why there is no answer; what the server sent is not repeated, it may hold secrets."""
    match error:
        case aiohttp.ClientConnectorError():
            return f"it cannot be reached ({error.os_error.strerror or type(error.os_error).__name__})"
        case TimeoutError():
            return "it did not take the connection in time"
        case aiohttp.ClientConnectionError() | ConnectionError():
            return "it closed the connection"
        case aiohttp.ClientPayloadError():
            return "its body ends early or is malformed"
        case _:
            return "what it sent is no HTTP/1.1"
