"""Server-sent events as the messages of a server-streaming RPC.

A lost connection is opened again as WHATWG HTML, 9.2.3 says: after the stream's own `retry`, with `Last-Event-ID`.
Other than a browser, a stream of a method that is no GET is not asked for twice, and one that ends properly without
ever having named an event has ended: without names nobody could say what was missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Any

import aiohttp
import grpc

from wirelock.serve.bridge.client import ERRORS, IDENTITY, LARGEST, broken, busy, encoding, received, slow
from wirelock.serve.bridge.codes import BRIDGE_DRAINING, UPSTREAM_TOO_LARGE
from wirelock.serve.bridge.responses import Answered, LeftOut
from wirelock.serve.bridge.status import Failure, unforeseen
from wirelock.serve.bridge.unary import Rpc, Surroundings, bound, read_request, written
from wirelock.serve.net.connections import Busy
from wirelock.traffic.http.exchange import media_type
from wirelock.traffic.http.request_encoder import UNSENDABLE, Call, Pairs
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, EventReader

RETRY = 1.0
"""Seconds before a lost connection is opened again, where the stream does not say."""
_SHORTEST, _LONGEST = 0.05, 60.0
"""Seconds between which the stream may choose."""
TRIES = 5
"""How often in a row that may fail; each time waits twice as long."""
_GOING = Failure(grpc.StatusCode.UNAVAILABLE, BRIDGE_DRAINING.id, "the bridge is going down")
Step = Answered | Failure


class Stream:
    """Answers one RPC that has a stream of responses."""

    def __init__(self, rpc: Rpc, around: Surroundings) -> None:
        self._rpc = rpc
        self._around = around

    async def call(self, wire: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncGenerator[bytes]:
        """The responses' bytes, each taken from the upstream when the client has taken the one before."""
        failure: Failure | None = None
        try:
            async with aclosing(self._steps(wire, context)) as steps:
                async for step in steps:
                    if isinstance(step, Failure):
                        failure = step
                        break
                    yield step.message
        except Exception as error:  # whatever it is, the client gets a status, and the log says what
            failure = unforeseen(error)
        if failure is not None:
            await context.abort(failure.code, failure.details, failure.trailing())

    async def _steps(self, wire: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncGenerator[Step]:
        await self._around.warmth.of(self._rpc.types)
        asked = read_request(self._rpc, wire, context, self._around.states)
        if isinstance(asked, Failure):
            yield asked
            return
        call = written(self._rpc, asked)
        if isinstance(call, Failure):
            yield call
            return
        headers = self._around.states.headers(call, asked.named, asked.metadata)
        connection = _Connection(self._rpc, self._around, call, headers, bound(call, context))
        try:
            with self._around.sender.places.stream():
                async with aclosing(connection.steps()) as steps:
                    async for step in steps:
                        yield step
        except Busy as error:
            yield busy(error)


class _Connection:
    """One stream over as many connections as it takes; each has `seconds` to begin, None do not bound it."""

    def __init__(self, rpc: Rpc, around: Surroundings, call: Call, headers: Pairs, seconds: float | None) -> None:
        self._rpc = rpc
        self._around = around
        self._call = call
        self._headers = (("Accept", MEDIA_TYPE), *headers)
        self._seconds = seconds
        self._id = ""
        self._retry = RETRY
        self._failures = 0
        self._has_begun = False

    async def steps(self) -> AsyncGenerator[Step]:
        """The messages, and at the end perhaps why there are no more."""
        while True:
            lost: Failure | None = None
            try:
                async with aclosing(self._once()) as steps:
                    async for step in steps:
                        yield step
                        if isinstance(step, Failure):
                            return
            except ERRORS as error:
                lost = broken(error)
            if self._around.draining.has_begun:
                yield _GOING
                return
            if not self._again(lost):
                if lost is not None:
                    yield lost
                return
            self._failures += 1
            await self._around.draining.sleep(self._retry * 2 ** (self._failures - 1))

    def _again(self, lost: Failure | None) -> bool:
        """Whether a connection that has ended is opened again."""
        if self._call.verb != "GET" or not self._has_begun or self._failures >= TRIES:
            return False
        return lost is not None or bool(self._id)

    async def _once(self) -> AsyncGenerator[Step]:
        """The messages of one connection."""
        async with AsyncExitStack() as stack:
            begun = await self._begun(stack)
            if isinstance(begun, aiohttp.ClientResponse):
                self._has_begun = True
                with self._around.draining.holding(begun.close):
                    async with aclosing(self._events(begun)) as steps:
                        async for step in steps:
                            yield step
            elif begun is not None:
                yield begun

    async def _begun(self, stack: AsyncExitStack) -> aiohttp.ClientResponse | Step | None:
        """A stream from its headers on, closed by `stack`; else what is there instead, None where all was said."""
        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                with self._around.draining.holding(partial(_expire, limit)):
                    return await self._opened(stack)
        except TimeoutError:
            if self._around.draining.has_begun or not limit.expired():
                raise
            return slow(self._seconds)

    async def _opened(self, stack: AsyncExitStack) -> aiohttp.ClientResponse | Step | None:
        named = (("Last-Event-ID", self._id),) if self._id else ()
        opening = self._around.sender.opened(self._call, (*self._headers, *named))
        response = await stack.enter_async_context(opening)
        if response.status == 204 and self._has_begun:  # the server's way to say that this was all
            self._id = ""
            return None
        return response if _is_stream(response) else await self._other(response)

    async def _other(self, response: aiohttp.ClientResponse) -> Step:
        """A response that is no stream: an error, or a body that the method describes beside it."""
        whole = await received(response)
        return whole if isinstance(whole, Failure) else self._rpc.answers.read(whole.status, whole.body)

    async def _events(self, response: aiohttp.ClientResponse) -> AsyncGenerator[Step]:
        reader = EventReader()
        async for piece in response.content.iter_any():
            events = reader.feed(piece)
            self._note(reader)
            for event in events:
                self._failures = 0
                step = self._rpc.answers.event(event)
                if isinstance(step, Answered | LeftOut) and step.notes:
                    self._around.observer.noted(self._rpc.name, step.notes)
                if not isinstance(step, LeftOut):
                    yield step
            if reader.waiting > LARGEST:
                words = f"an event of the upstream's stream has more than {LARGEST} bytes"
                yield Failure(grpc.StatusCode.INTERNAL, UPSTREAM_TOO_LARGE.id, words, status=response.status)

    def _note(self, reader: EventReader) -> None:
        if reader.last_id is not None:
            name = reader.last_id.decode("utf-8", "replace")
            self._id = "" if UNSENDABLE.search(name) else name  # what no header can say, nobody can ask for
        if reader.retry is not None:
            self._retry = min(max(reader.retry / 1000, _SHORTEST), _LONGEST)


def _is_stream(response: aiohttp.ClientResponse) -> bool:
    kind = media_type(response.headers.get("Content-Type", ""))
    return response.status == 200 and kind == MEDIA_TYPE and encoding(response) == IDENTITY


def _expire(limit: asyncio.Timeout) -> None:
    """Let the time be over now."""
    if not limit.expired():
        limit.reschedule(asyncio.get_running_loop().time())
