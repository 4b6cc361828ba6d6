"""Connections to the upstream: how many at once, and none that carries what was not asked for."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator
from typing import Any

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
_PROBES = (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""Seconds of silence after which the other side is asked whether it is there, seconds between questions, and how many.

The second is what the first is called on macOS.
"""


class Busy(Exception):
    """There is no place for another request; the text says why."""


class Places:
    """What bounds the connections to one upstream, so that streams hold up no calls, and nothing waits for ever."""

    def __init__(self) -> None:
        self._calls = asyncio.Semaphore(MOST)
        self._streams = 0

    def call(self) -> Place:
        """A place for a request of which it is not known yet whether a stream answers it, as a context; raises Busy."""
        return Place(self)

    @contextlib.contextmanager
    def stream(self) -> Generator[None]:
        """A place for a stream; raises Busy."""
        self.begin_stream()
        try:
            yield
        finally:
            self.end_stream()

    async def begin_call(self) -> None:
        """Take the place of a call; raises Busy."""
        if not self._calls.locked():
            await self._calls.acquire()  # at once: a limit of time costs more than everything else here
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._calls.acquire()
        except TimeoutError:
            raise Busy(f"{MOST} calls wait for the server, and none ended within {PATIENCE:g} seconds") from None

    def end_call(self) -> None:
        """Give the place of a call to another."""
        self._calls.release()

    def begin_stream(self) -> None:
        """Take the place of a stream; raises Busy."""
        if self._streams >= MOST_STREAMS:
            raise Busy(f"{MOST_STREAMS} event streams are open already")
        self._streams += 1

    def end_stream(self) -> None:
        """Give the place of a stream to another."""
        self._streams -= 1


class Place:
    """The place of one call, as a context."""

    __slots__ = ("_end", "_places")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._end: Callable[[], None] | None = None

    async def __aenter__(self) -> Place:
        """Wait for the place; raises Busy."""
        await self._places.begin_call()
        self._end = self._places.end_call
        return self

    async def __aexit__(self, *_: object) -> None:
        """Give it to another."""
        self._leave()

    def becomes_stream(self) -> None:
        """Give the place to another call, since a stream answers; raises Busy where there are too many."""
        self._leave()
        self._places.begin_stream()
        self._end = self._places.end_stream

    def _leave(self) -> None:
        end, self._end = self._end, None
        if end is not None:
            end()


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


def probing(address: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    """A socket that notices when the other side is gone without a word, which takes a minute; raises OSError.

    On a stream that is silent nothing else would: nothing is sent that could go unanswered (RFC 9293, 3.8.4).
    """
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PROBES:
        if hasattr(socket, name):  # not every system lets this be chosen
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made
