"""Where an answer breaks off, and how that is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp

from wirelock.serve.net.errors import reason

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
            raise BrokenOff(reason(error)) from error
        if not chunk:
            return
        yield chunk
