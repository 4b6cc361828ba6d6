"""One request passed on to the server, and its answer passed back: the same bytes, as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Literal

import aiohttp
from aiohttp import web
from yarl import URL

from wirelock.serve.net.connections import Busy, Place, Places
from wirelock.serve.net.errors import reason
from wirelock.serve.net.upstream import Upstream
from wirelock.serve.proxy import headers
from wirelock.serve.proxy.in_flight import Passing
from wirelock.serve.proxy.inspection import Watch
from wirelock.serve.proxy.memory_budget import Room
from wirelock.serve.proxy.problems import problem
from wirelock.serve.proxy.relayed_response import Relayed
from wirelock.serve.proxy.truncation import FAILURES, BrokenOff, Refused, chunks
from wirelock.traffic.http.body_buffer import MOST
from wirelock.traffic.http.server_sent_events import Event

Mode = Literal["report", "enforce"]
_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""What the client would add by itself where the request has none."""


class Forward:
    """Passes requests on to one server, and to no other."""

    def __init__(self, upstream: Upstream, session: aiohttp.ClientSession, watch: Watch, mode: Mode) -> None:
        self._upstream = upstream
        self._session = session
        self._watch = watch
        self._enforces = mode == "enforce"
        self._numbers = count()
        self._room = Room()
        self.places = Places()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        self._watch.counts["requests"] += 1
        target = _target(request)
        refusal = _refusal(request, target)
        if refusal is not None:
            self._watch.counts["refused"] += 1
            return refusal
        url = self._upstream.url.partition("//")[0] + f"//{self._upstream.host}{target}"
        exchange = _Exchange(self, request, Passing(next(self._numbers), request, url, self._room), target)
        return await exchange.run()

    def address(self, target: str) -> URL:
        """Where a request goes; nothing of its target is decoded or made simpler."""
        return URL(self._upstream.url + target, encoded=True)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool of connections."""
        return self._session

    @property
    def watch(self) -> Watch:
        """What looks at everything that passes."""
        return self._watch

    @property
    def enforces(self) -> bool:
        """Whether what is not as described is kept from passing."""
        return self._enforces


class _Exchange:
    """One request on its way."""

    def __init__(self, forward: Forward, request: web.BaseRequest, passing: Passing, target: str) -> None:
        self._forward = forward
        self._watch = forward.watch
        self._request = request
        self._passing = passing
        self._target = target
        self._failure = ""

    async def run(self) -> web.StreamResponse:
        """The answer; what passed is checked and recorded when it is over, also when the client has gone."""
        try:
            response = await self._answer()
        finally:
            writing = self._watch.over(self._passing, self._failure)
            if writing is None:
                self._passing.gone()
            else:
                writing.add_done_callback(lambda _: self._passing.gone())
        if writing is not None:
            await asyncio.shield(writing)
        return response

    async def _answer(self) -> web.StreamResponse:
        body = self._passing.sent(self._request.content) if self._request.can_read_body else None
        try:
            sent = await self._gathered(body) if self._forward.enforces and body else body
        except FAILURES as error:
            return self._unanswered(error)
        found = await self._watch.refuses_request(self._passing)
        if found:
            self._watch.counts["refused"] += 1
            return problem(400, "the request is not as described", found[0].message, found)
        try:
            async with self._forward.places.call() as place:
                return await self._sent(sent, place)
        except Busy as error:
            self._watch.counts["refused"] += 1
            return problem(503, "too much is on its way", str(error))

    async def _sent(self, body: AsyncIterator[bytes] | bytes | None, place: Place) -> web.StreamResponse:
        try:
            answer = await self._asked(body)
        except FAILURES as error:
            return self._unanswered(error)
        async with answer:
            return await self._answered(answer, place)

    async def _gathered(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes] | bytes:
        """The request's body in memory, so that it can be checked; past the limit it is passed on unchecked."""
        kept = bytearray()
        async for chunk in body:
            kept += chunk
            if len(kept) > MOST:
                return _joined(bytes(kept), body)
        return bytes(kept)

    async def _asked(self, body: AsyncIterator[bytes] | bytes | None) -> aiohttp.ClientResponse:
        return await self._forward.session.request(
            self._request.method,
            self._forward.address(self._target),
            headers=headers.of_request(self._request.raw_headers),
            data=body,
            allow_redirects=False,
            skip_auto_headers=_AUTOMATIC,
        )

    def _unanswered(self, error: Exception) -> web.StreamResponse:
        if self._passing.broken_request:
            return problem(400, "the request cannot be passed on", self._passing.broken_request)
        return self._bad_gateway(f"no answer of the server: {reason(error)}")

    def _bad_gateway(self, words: str) -> web.StreamResponse:
        self._failure = words
        return problem(502, "the server's answer cannot be passed on", words)

    async def _answered(self, answer: aiohttp.ClientResponse, place: Place) -> web.StreamResponse:
        wrong = "it changes the protocol, which was not asked for" if answer.status < 200 else ""
        wrong = wrong or headers.wrong(answer.raw_headers) or headers.coded(answer.raw_headers)
        if wrong:
            answer.close()  # what else comes on this connection belongs to nobody
            return self._bad_gateway(f"the server's answer cannot be passed on: {wrong}")
        self._passing.answered(answer)
        if self._passing.is_stream:
            place.becomes_stream()
        self._watch.counts["answered"] += 1
        if self._forward.enforces and not self._passing.is_stream:
            return await self._held_back(answer)
        return await self._passed_on(answer, b"")

    async def _held_back(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """An answer that is passed on when it was checked; past the limit it is passed on unchecked."""
        kept = bytearray()
        try:
            async for chunk in chunks(answer):
                self._passing.received(chunk)
                kept += chunk
                if len(kept) > MOST:
                    return await self._passed_on(answer, bytes(kept))
        except BrokenOff as error:
            return self._bad_gateway(f"the server broke off: {error}")
        self._passing.received_all()
        found = await self._watch.refuses_response(self._passing)
        if found:
            self._watch.counts["refused"] += 1
            return problem(502, "the response is not as described", found[0].message, found)
        return await self._passed_on(answer, bytes(kept))

    async def _passed_on(self, answer: aiohttp.ClientResponse, before: bytes) -> web.StreamResponse:
        """Pass an answer on as it comes, behind what was kept of it before."""
        response = Relayed(answer)
        await response.prepare(self._request)
        if before:
            await response.write(before)
        holds_back = self._forward.enforces and self._passing.is_stream
        try:
            await (self._events(answer, response) if holds_back else self._pieces(answer, response))
        except BrokenOff as error:
            if not isinstance(error, Refused):
                self._failure = f"the server broke off: {error}"
            _cut(self._request)
            return response
        self._passing.received_all()
        await response.write_eof()
        return response

    async def _pieces(self, answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
        async for chunk in chunks(answer):
            await response.write(chunk)
            self._watch.events(self._passing, self._passing.received(chunk))

    async def _events(self, answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
        """Pass a stream on up to the end of the last event that is as described."""
        kept = bytearray()
        async for chunk in chunks(answer):
            kept += chunk
            await self._let_pass(self._passing.received(chunk))
            if not self._passing.within_event or len(kept) > MOST:
                await response.write(bytes(kept))
                kept.clear()
        self._passing.received_all()
        await self._let_pass([])
        await response.write(bytes(kept))

    async def _let_pass(self, events: list[Event]) -> None:
        """Hold events of a stream that are about to be passed on; raises Refused."""
        if await self._watch.refuses_events(self._passing, events):
            self._watch.counts["refused"] += 1
            raise Refused


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _cut(request: web.BaseRequest) -> None:
    """Close the connection, so that nobody takes half a body for a whole one."""
    if request.transport is not None:
        request.transport.abort()


def _target(request: web.BaseRequest) -> str:
    """The path and query as they were sent; of an address in absolute form (RFC 9112, 3.2.2) only these."""
    raw = request.raw_path
    if raw.startswith("/"):
        return raw
    _, scheme, rest = raw.partition("://")
    slash = rest.find("/")
    return rest[slash:] if scheme and slash >= 0 else "/" if scheme else ""


def _refusal(request: web.BaseRequest, target: str) -> web.StreamResponse | None:
    """The answer to what cannot be passed on."""
    wrong = headers.wrong(request.raw_headers)
    if not target or not target.isascii() or any(char <= " " for char in target):
        wrong = wrong or "its target is no path"
    if wrong:
        return problem(400, "the request cannot be passed on", wrong)
    if words := headers.coded(request.raw_headers) or _websocket(request):
        refused = problem(501, "not passed on", words)
        refused.force_close()  # what follows may be no HTTP
        return refused
    return None


def _websocket(request: web.BaseRequest) -> str:
    asked = request.headers.get("Upgrade", "").lower() == "websocket"
    return "WebSockets are not passed on: connect to the server itself" if asked else ""
