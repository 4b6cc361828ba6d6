"""Connections to the upstream: how many at once, and none that carries what was not asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Generator

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

MOST = 256
"""How many calls may be on their way at once; what comes on top waits."""
MOST_STREAMS = 256
"""How many event streams may be open besides; they may last for ever, so nothing waits for their end."""
PATIENCE = 10.0
"""Seconds that a call waits for others to end."""


class Busy(Exception):
    """There is no place for another request; the text says why."""


class Places:
    """What bounds the connections to one upstream, so that streams hold up no calls, and nothing waits for ever."""

    def __init__(self) -> None:
        self._calls = asyncio.Semaphore(MOST)
        self._streams = 0

    @contextlib.asynccontextmanager
    async def call(self) -> AsyncGenerator[Place]:
        """A place for a request of which it is not known yet whether a stream answers it; raises Busy."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._calls.acquire()
        except TimeoutError:
            raise Busy(f"{MOST} calls wait for the server, and none ended within {PATIENCE:g} seconds") from None
        with contextlib.ExitStack() as held:
            held.callback(self._calls.release)
            yield Place(self, held)

    @contextlib.contextmanager
    def stream(self) -> Generator[None]:
        """A place for a stream; raises Busy."""
        if self._streams >= MOST_STREAMS:
            raise Busy(f"{MOST_STREAMS} event streams are open already")
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1


class Place:
    """The place of one call."""

    def __init__(self, places: Places, held: contextlib.ExitStack) -> None:
        self._places = places
        self._held = held

    def becomes_stream(self) -> None:
        """Give the place to another call, since a stream answers; raises Busy where there are too many."""
        self._held.close()
        self._held.enter_context(self._places.stream())


class Connector(aiohttp.TCPConnector):
    """A pool that hands out no connection on which bytes wait before anything was asked.

    They would be read as the answer to the next request, whoever's it is (RFC 9112, 9.2: a client must not).
    """

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout) -> Connection:
        """A connection for a request; raises ClientConnectionError where the server always speaks first."""
        for _ in range(MOST + MOST_STREAMS + 1):  # each that is kept may be found so once
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
        raise aiohttp.ClientConnectionError("it speaks before it is asked")
