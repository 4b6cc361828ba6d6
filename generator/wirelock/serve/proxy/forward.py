"""Forwarding of one request to the server, and of its response to the client: the same bytes, as they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Literal

import aiohttp
from aiohttp import web
from yarl import URL

from wirelock.serve.net.connections import ConnectionLimiter, ConnectionSlot, LimitExceeded
from wirelock.serve.net.errors import describe_error
from wirelock.serve.net.upstream import Upstream
from wirelock.serve.proxy import headers
from wirelock.serve.proxy.in_flight import InFlightExchange
from wirelock.serve.proxy.inspection import Inspector
from wirelock.serve.proxy.memory_budget import MemoryBudget
from wirelock.serve.proxy.problems import build_problem
from wirelock.serve.proxy.relayed_response import RelayedResponse
from wirelock.traffic.http.body_buffer import MAX_BODY_BYTES
from wirelock.traffic.http.server_sent_events import ServerSentEvent

Mode = Literal["report", "enforce"]
_UPSTREAM_ERRORS = (aiohttp.ClientError, OSError, TimeoutError, ValueError, asyncio.IncompleteReadError)
"""The exceptions that the client raises for errors of the server and of the network."""
_CLIENT_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""The headers that the client would add to a request without them."""


class TruncatedResponse(Exception):
    """Raised when the server does not send the whole body that it announced."""


class BlockedEvent(TruncatedResponse):
    """Raised when the server sends an event that must not be forwarded."""


class Forwarder:
    """A request handler that forwards every request to one server."""

    def __init__(self, upstream: Upstream, session: aiohttp.ClientSession, inspector: Inspector, mode: Mode) -> None:
        self._upstream = upstream
        self._session = session
        self._inspector = inspector
        self._enforces = mode == "enforce"
        self._indexes = count()
        self._memory = MemoryBudget()
        self.limiter = ConnectionLimiter()

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Return the response to one request."""
        self._inspector.counts["requests"] += 1
        target = _get_target(request)
        rejection = _reject_request(request, target)
        if rejection is not None:
            self._inspector.counts["refused"] += 1
            return rejection
        url = self._upstream.url.partition("//")[0] + f"//{self._upstream.host_header}{target}"
        in_flight = InFlightExchange(next(self._indexes), request, url, self._memory)
        return await _ForwardedExchange(self, request, in_flight, target).run()

    def build_url(self, target: str) -> URL:
        """Return the URL of a request target at the server; the target is neither decoded nor normalized."""
        return URL(self._upstream.url + target, encoded=True)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The pool of connections to the server."""
        return self._session

    @property
    def inspector(self) -> Inspector:
        """The inspector of all traffic."""
        return self._inspector

    @property
    def enforces(self) -> bool:
        """True if violating requests, responses and events are blocked."""
        return self._enforces


class _ForwardedExchange:
    """One request that is being forwarded."""

    def __init__(
        self, forwarder: Forwarder, request: web.BaseRequest, in_flight: InFlightExchange, target: str
    ) -> None:
        self._forwarder = forwarder
        self._inspector = forwarder.inspector
        self._request = request
        self._in_flight = in_flight
        self._target = target
        self._failure = ""

    async def run(self) -> web.StreamResponse:
        """Return the response; check and record the exchange at its end, even if the client has disconnected."""
        try:
            response = await self._respond()
        finally:
            writing = self._inspector.finish_exchange(self._in_flight, self._failure)
            if writing is None:
                self._in_flight.release_memory()
            else:
                writing.add_done_callback(lambda _: self._in_flight.release_memory())
        if writing is not None:
            await asyncio.shield(writing)
        return response

    async def _respond(self) -> web.StreamResponse:
        received = self._in_flight.read_request_body(self._request.content) if self._request.can_read_body else None
        try:
            body = await self._buffer_request(received) if self._forwarder.enforces and received else received
        except _UPSTREAM_ERRORS as error:
            return self._reject_no_response(error)
        diagnostics = await self._inspector.check_request(self._in_flight)
        if diagnostics:
            self._inspector.counts["refused"] += 1
            title = "the request does not conform to its description"
            return build_problem(400, title, diagnostics[0].message, diagnostics)
        try:
            async with self._forwarder.limiter.reserve_call() as slot:
                return await self._send(body, slot)
        except LimitExceeded as error:
            self._inspector.counts["refused"] += 1
            return build_problem(503, "too many requests are in progress", str(error))

    async def _send(self, body: AsyncIterator[bytes] | bytes | None, slot: ConnectionSlot) -> web.StreamResponse:
        try:
            response = await self._call_server(body)
        except _UPSTREAM_ERRORS as error:
            return self._reject_no_response(error)
        async with response:
            return await self._relay(response, slot)

    async def _buffer_request(self, body: AsyncIterator[bytes]) -> AsyncIterator[bytes] | bytes:
        """Return the request body in memory for the check; above the size limit, return the unchecked stream."""
        buffer = bytearray()
        async for chunk in body:
            buffer += chunk
            if len(buffer) > MAX_BODY_BYTES:
                return _join(bytes(buffer), body)
        return bytes(buffer)

    async def _call_server(self, body: AsyncIterator[bytes] | bytes | None) -> aiohttp.ClientResponse:
        return await self._forwarder.session.request(
            self._request.method,
            self._forwarder.build_url(self._target),
            headers=headers.filter_request_headers(self._request.raw_headers),
            data=body,
            allow_redirects=False,
            skip_auto_headers=_CLIENT_HEADERS,
        )

    def _reject_no_response(self, error: Exception) -> web.StreamResponse:
        if self._in_flight.request_error:
            return build_problem(400, "the request cannot be forwarded", self._in_flight.request_error)
        return self._reject_response(f"no response from the server: {describe_error(error)}")

    def _reject_response(self, message: str) -> web.StreamResponse:
        self._failure = message
        return build_problem(502, "the server's response cannot be forwarded", message)

    async def _relay(self, response: aiohttp.ClientResponse, slot: ConnectionSlot) -> web.StreamResponse:
        error = "it switches the protocol, which was not requested" if response.status < 200 else ""
        error = error or headers.find_header_error(response.raw_headers)
        error = error or headers.find_transfer_coding_error(response.raw_headers)
        if error:
            response.close()  # further bytes on this connection belong to no request
            return self._reject_response(f"the server's response cannot be forwarded: {error}")
        self._in_flight.start_response(response)
        if self._in_flight.is_stream:
            slot.convert_to_stream()
        self._inspector.counts["answered"] += 1
        if self._forwarder.enforces and not self._in_flight.is_stream:
            return await self._relay_checked(response)
        return await self._relay_chunks(response, b"")

    async def _relay_checked(self, response: aiohttp.ClientResponse) -> web.StreamResponse:
        """Check a response before it is forwarded; above the size limit, forward it unchecked."""
        buffer = bytearray()
        try:
            async for chunk in _read_chunks(response):
                self._in_flight.add_response_chunk(chunk)
                buffer += chunk
                if len(buffer) > MAX_BODY_BYTES:
                    return await self._relay_chunks(response, bytes(buffer))
        except TruncatedResponse as error:
            return self._reject_response(f"the server's response is truncated: {error}")
        self._in_flight.end_response()
        diagnostics = await self._inspector.check_response(self._in_flight)
        if diagnostics:
            self._inspector.counts["refused"] += 1
            title = "the response does not conform to its description"
            return build_problem(502, title, diagnostics[0].message, diagnostics)
        return await self._relay_chunks(response, bytes(buffer))

    async def _relay_chunks(self, response: aiohttp.ClientResponse, buffered: bytes) -> web.StreamResponse:
        """Forward the buffered bytes of a response, then its further chunks as they arrive."""
        relayed = RelayedResponse(response)
        await relayed.prepare(self._request)
        if buffered:
            await relayed.write(buffered)
        checks_events = self._forwarder.enforces and self._in_flight.is_stream
        try:
            await (self._write_checked_events if checks_events else self._write_chunks)(response, relayed)
        except TruncatedResponse as error:
            if not isinstance(error, BlockedEvent):
                self._failure = f"the server's response is truncated: {error}"
            _abort_connection(self._request)
            return relayed
        self._in_flight.end_response()
        await relayed.write_eof()
        return relayed

    async def _write_chunks(self, response: aiohttp.ClientResponse, relayed: web.StreamResponse) -> None:
        async for chunk in _read_chunks(response):
            await relayed.write(chunk)
            self._inspector.submit_events(self._in_flight, self._in_flight.add_response_chunk(chunk))

    async def _write_checked_events(self, response: aiohttp.ClientResponse, relayed: web.StreamResponse) -> None:
        """Forward a stream up to the end of the last conforming event; raises BlockedEvent."""
        buffer = bytearray()
        async for chunk in _read_chunks(response):
            buffer += chunk
            await self._check_events(self._in_flight.add_response_chunk(chunk))
            if not self._in_flight.is_within_event or len(buffer) > MAX_BODY_BYTES:
                await relayed.write(bytes(buffer))
                buffer.clear()
        self._in_flight.end_response()
        await self._check_events([])
        await relayed.write(bytes(buffer))

    async def _check_events(self, events: list[ServerSentEvent]) -> None:
        """Check events of a stream before they are forwarded; raises BlockedEvent."""
        if await self._inspector.check_events(self._in_flight, events):
            self._inspector.counts["refused"] += 1
            raise BlockedEvent


async def _read_chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield the chunks of a body as they arrive; raises TruncatedResponse."""
    while True:
        try:
            chunk = await response.content.readany()
        except _UPSTREAM_ERRORS as error:
            raise TruncatedResponse(describe_error(error)) from error
        if not chunk:
            return
        yield chunk


async def _join(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _abort_connection(request: web.BaseRequest) -> None:
    """Close the connection, so that the client does not take a truncated body for a complete one."""
    if request.transport is not None:
        request.transport.abort()


def _get_target(request: web.BaseRequest) -> str:
    """Return path and query as sent; of a target in absolute form (RFC 9112, 3.2.2), only path and query."""
    raw = request.raw_path
    if raw.startswith("/"):
        return raw
    _, scheme, rest = raw.partition("://")
    slash = rest.find("/")
    return rest[slash:] if scheme and slash >= 0 else "/" if scheme else ""


def _reject_request(request: web.BaseRequest, target: str) -> web.StreamResponse | None:
    """Return a problem for a request that cannot be forwarded, else None."""
    error = headers.find_header_error(request.raw_headers)
    if not target or not target.isascii() or any(char <= " " for char in target):
        error = error or "its target is not a path"
    if error:
        return build_problem(400, "the request cannot be forwarded", error)
    if unsupported := headers.find_transfer_coding_error(request.raw_headers) or _find_websocket_error(request):
        rejection = build_problem(501, "the proxy does not support the request", unsupported)
        rejection.force_close()  # further bytes on this connection may not be HTTP
        return rejection
    return None


def _find_websocket_error(request: web.BaseRequest) -> str:
    is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
    return "WebSockets are not forwarded: connect to the server directly" if is_websocket else ""
