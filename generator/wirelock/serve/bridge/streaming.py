"""Server-streaming RPCs, whose messages are server-sent events.

A lost connection is reopened after the stream's `retry` with `Last-Event-ID` (WHATWG HTML, section 9.2.3). Unlike in a
browser, only a GET is repeated, and a stream that ends properly without any event id is complete: no id could name the
events that were missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Any

import aiohttp
import grpc

from wirelock.serve.bridge.client import (
    EXCHANGE_ERRORS,
    IDENTITY,
    MAX_BODY_BYTES,
    build_exchange_failure,
    build_overload_failure,
    build_timeout_failure,
    get_content_encoding,
    read_response,
)
from wirelock.serve.bridge.codes import BRIDGE_DRAINING, UPSTREAM_TOO_LARGE
from wirelock.serve.bridge.responses import DroppedEvent, RpcResponse
from wirelock.serve.bridge.status import Failure, build_internal_failure
from wirelock.serve.bridge.unary import BridgeContext, RpcBinding, decode_request, encode_request, limit_seconds
from wirelock.serve.net.connections import LimitExceeded
from wirelock.traffic.http.exchange import parse_media_type
from wirelock.traffic.http.request_encoder import INVALID_FIELD_VALUE, HttpRequest, Pairs
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE, EventReader

RETRY_SECONDS = 1.0
"""Seconds before a lost connection is reopened, unless the stream sets `retry`."""
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 0.05, 60.0
"""Bounds for the stream's `retry`."""
MAX_RETRIES = 5
"""Consecutive failed connections; the wait doubles each time."""
_SHUTTING_DOWN = Failure(grpc.StatusCode.UNAVAILABLE, BRIDGE_DRAINING.id, "the bridge is shutting down")
StreamItem = RpcResponse | Failure


class StreamHandler:
    """The handler of a server-streaming RPC."""

    def __init__(self, rpc: RpcBinding, bridge: BridgeContext) -> None:
        self._rpc = rpc
        self._bridge = bridge

    async def handle(self, wire: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncGenerator[bytes]:
        """Yield the bytes of the responses; the next event is read once the client has taken the response before."""
        failure: Failure | None = None
        try:
            async with aclosing(self._respond(wire, context)) as items:
                async for item in items:
                    if isinstance(item, Failure):
                        failure = item
                        break
                    yield item.message
        except Exception as error:  # the client always gets a status, and the log the origin of the error
            failure = build_internal_failure(error)
        if failure is not None:
            await context.abort(failure.code, failure.details, failure.build_trailing_metadata())

    async def _respond(self, wire: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> AsyncGenerator[StreamItem]:
        await self._bridge.preloader.load(self._rpc.types)
        request = decode_request(self._rpc, wire, context, self._bridge.states)
        if isinstance(request, Failure):
            yield request
            return
        http_request = encode_request(self._rpc, request)
        if isinstance(http_request, Failure):
            yield http_request
            return
        headers = self._bridge.states.select_headers(http_request, request.properties, request.metadata)
        source = _EventSource(self._rpc, self._bridge, http_request, headers, limit_seconds(http_request, context))
        try:
            with self._bridge.client.limiter.reserve_stream():
                async with aclosing(source.stream()) as items:
                    async for item in items:
                        yield item
        except LimitExceeded as error:
            yield build_overload_failure(error)


class _EventSource:
    """One event stream, reconnected as needed; `seconds` limits the opening of each connection, None does not."""

    def __init__(
        self, rpc: RpcBinding, bridge: BridgeContext, request: HttpRequest, headers: Pairs, seconds: float | None
    ) -> None:
        self._rpc = rpc
        self._bridge = bridge
        self._request = request
        self._headers = (("Accept", MEDIA_TYPE), *headers)
        self._seconds = seconds
        self._last_event_id = ""
        self._retry_seconds = RETRY_SECONDS
        self._failures = 0
        self._was_open = False

    async def stream(self) -> AsyncGenerator[StreamItem]:
        """Yield the messages, and a failure if the stream ends with one."""
        while True:
            failure: Failure | None = None
            try:
                async with aclosing(self._stream_connection()) as items:
                    async for item in items:
                        yield item
                        if isinstance(item, Failure):
                            return
            except EXCHANGE_ERRORS as error:
                failure = build_exchange_failure(error)
            if self._bridge.shutdown.has_begun:
                yield _SHUTTING_DOWN
                return
            if not self._should_reconnect(failure):
                if failure is not None:
                    yield failure
                return
            self._failures += 1
            await self._bridge.shutdown.sleep(self._retry_seconds * 2 ** (self._failures - 1))

    def _should_reconnect(self, failure: Failure | None) -> bool:
        if self._request.verb != "GET" or not self._was_open or self._failures >= MAX_RETRIES:
            return False
        return failure is not None or bool(self._last_event_id)

    async def _stream_connection(self) -> AsyncGenerator[StreamItem]:
        """Yield the messages of one connection."""
        async with AsyncExitStack() as stack:
            opened = await self._open_in_time(stack)
            if isinstance(opened, aiohttp.ClientResponse):
                self._was_open = True
                with self._bridge.shutdown.closing_on_begin(opened.close):
                    async with aclosing(self._decode_events(opened)) as items:
                        async for item in items:
                            yield item
            elif opened is not None:
                yield opened

    async def _open_in_time(self, stack: AsyncExitStack) -> aiohttp.ClientResponse | StreamItem | None:
        """Open the stream, or return a timeout failure."""
        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                with self._bridge.shutdown.closing_on_begin(partial(_expire, limit)):
                    return await self._open(stack)
        except TimeoutError:
            if self._bridge.shutdown.has_begun or not limit.expired():
                raise
            return build_timeout_failure(self._seconds)

    async def _open(self, stack: AsyncExitStack) -> aiohttp.ClientResponse | StreamItem | None:
        """Open the stream, which `stack` closes.

        Return the result of a response that is not an event stream instead, or None if the server ended the stream.
        """
        resume = (("Last-Event-ID", self._last_event_id),) if self._last_event_id else ()
        opening = self._bridge.client.open(self._request, (*self._headers, *resume))
        response = await stack.enter_async_context(opening)
        if response.status == 204 and self._was_open:  # tells the client to stop reconnecting (section 9.2.1)
            self._last_event_id = ""
            return None
        return response if _is_event_stream(response) else await self._decode_whole(response)

    async def _decode_whole(self, response: aiohttp.ClientResponse) -> StreamItem:
        """Decode a response that is not an event stream: an error, or another body that the method describes."""
        whole = await read_response(response)
        return whole if isinstance(whole, Failure) else self._rpc.decoder.decode(whole.status, whole.body)

    async def _decode_events(self, response: aiohttp.ClientResponse) -> AsyncGenerator[StreamItem]:
        reader = EventReader()
        async for chunk in response.content.iter_any():
            events = reader.feed(chunk)
            self._update_position(reader)
            for event in events:
                self._failures = 0
                result = self._rpc.decoder.decode_event(event)
                if isinstance(result, RpcResponse | DroppedEvent) and result.notes:
                    self._bridge.hooks.on_findings(self._rpc.name, result.notes)
                if not isinstance(result, DroppedEvent):
                    yield result
            if reader.pending_bytes > MAX_BODY_BYTES:
                message = f"an event of the upstream's stream exceeds {MAX_BODY_BYTES} bytes"
                yield Failure(grpc.StatusCode.INTERNAL, UPSTREAM_TOO_LARGE.id, message, status=response.status)

    def _update_position(self, reader: EventReader) -> None:
        """Take over the last event id and the retry time, for the next connection."""
        if reader.last_id is not None:
            event_id = reader.last_id.decode("utf-8", "replace")
            self._last_event_id = "" if INVALID_FIELD_VALUE.search(event_id) else event_id  # a header value
        if reader.retry is not None:
            self._retry_seconds = min(max(reader.retry / 1000, _MIN_RETRY_SECONDS), _MAX_RETRY_SECONDS)


def _is_event_stream(response: aiohttp.ClientResponse) -> bool:
    kind = parse_media_type(response.headers.get("Content-Type", ""))
    return response.status == 200 and kind == MEDIA_TYPE and get_content_encoding(response) == IDENTITY


def _expire(limit: asyncio.Timeout) -> None:
    """Let a timeout expire now."""
    if not limit.expired():
        limit.reschedule(asyncio.get_running_loop().time())
