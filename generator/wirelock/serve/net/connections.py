"""Connections to the upstream: limits, keepalive, and a pool that rejects unsolicited responses."""

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

MAX_CALLS = 256
"""Calls in flight at the same time; further calls wait."""
MAX_STREAMS = 256
"""Open event streams, in addition to calls. A stream may last forever, so further streams fail at once."""
QUEUE_SECONDS = 10.0
"""Seconds that a call waits for another call to finish."""
_KEEPALIVE_OPTIONS = (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""Seconds of silence before the first probe, seconds between probes, and the number of probes.

TCP_KEEPALIVE is the name of TCP_KEEPIDLE on macOS.
"""


class LimitExceeded(Exception):
    """Raised when no slot for another request is free; the text gives the limit."""


class ConnectionLimiter:
    """Limits for the connections to one upstream.

    Calls and streams have separate limits, so that streams cannot block calls.
    """

    def __init__(self) -> None:
        self._calls = asyncio.Semaphore(MAX_CALLS)
        self._streams = 0

    def reserve_call(self) -> ConnectionSlot:
        """Return a slot for a call as a context manager.

        Entering it raises LimitExceeded. The slot can become a stream once the response turns out to be one.
        """
        return ConnectionSlot(self)

    @contextlib.contextmanager
    def reserve_stream(self) -> Generator[None]:
        """Hold a slot for a stream; raises LimitExceeded."""
        self.acquire_stream()
        try:
            yield
        finally:
            self.release_stream()

    async def acquire_call(self) -> None:
        """Wait for the slot of a call; raises LimitExceeded."""
        if not self._calls.locked():
            await self._calls.acquire()  # the common case does without a timeout, which is expensive
            return
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._calls.acquire()
        except TimeoutError:
            message = f"{MAX_CALLS} calls are in flight, and none finished within {QUEUE_SECONDS:g} seconds"
            raise LimitExceeded(message) from None

    def release_call(self) -> None:
        """Release the slot of a call."""
        self._calls.release()

    def acquire_stream(self) -> None:
        """Take the slot of a stream; raises LimitExceeded."""
        if self._streams >= MAX_STREAMS:
            raise LimitExceeded(f"{MAX_STREAMS} event streams are already open")
        self._streams += 1

    def release_stream(self) -> None:
        """Release the slot of a stream."""
        self._streams -= 1


class ConnectionSlot:
    """The slot of one call, as a context manager."""

    __slots__ = ("_limiter", "_on_release")

    def __init__(self, limiter: ConnectionLimiter) -> None:
        self._limiter = limiter
        self._on_release: Callable[[], None] | None = None

    async def __aenter__(self) -> ConnectionSlot:
        """Wait for the slot; raises LimitExceeded."""
        await self._limiter.acquire_call()
        self._on_release = self._limiter.release_call
        return self

    async def __aexit__(self, *_: object) -> None:
        """Release the slot."""
        self._release()

    def convert_to_stream(self) -> None:
        """Exchange the slot of a call for that of a stream; raises LimitExceeded."""
        self._release()
        self._limiter.acquire_stream()
        self._on_release = self._limiter.release_stream

    def _release(self) -> None:
        release, self._on_release = self._on_release, None
        if release is not None:
            release()


class Connector(aiohttp.TCPConnector):
    """A connection pool that discards connections with unread bytes.

    A client must not read such bytes as the response to its next request (RFC 9112, section 9.2).
    """

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout) -> Connection:
        """Return a connection for a request.

        Raises ClientConnectionError if the server sends data on every connection before a request.
        """
        for _ in range(MAX_CALLS + MAX_STREAMS + 1):  # every pooled connection may have unread bytes
            connection = await super().connect(req, traces, timeout)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
        raise aiohttp.ClientConnectionError("the server sent data before a request")


def open_keepalive_socket(address: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    """Open a socket with TCP keepalive; raises OSError.

    It detects within a minute that the peer is gone. A silent stream has no other sign of that, since it sends nothing
    that the peer would acknowledge (RFC 9293, section 3.8.4).
    """
    family, kind, protocol, _, _ = address
    connection = socket.socket(family, kind, protocol)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE_OPTIONS:
        if hasattr(socket, name):  # some systems lack some of these options
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connection
