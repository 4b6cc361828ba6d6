"""One HTTP request to the upstream and its whole response; what can be tried again safely is, once."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import aiohttp
import grpc
from multidict import CIMultiDict
from yarl import URL

from wirelock.serve.bridge.codes import BRIDGE_OVERLOADED, UPSTREAM_PROTOCOL_ERROR, UPSTREAM_TIMEOUT, UPSTREAM_TOO_LARGE
from wirelock.serve.bridge.hooks import Told, Watch
from wirelock.serve.bridge.status import Failure
from wirelock.serve.net.connections import Busy, Places
from wirelock.serve.net.errors import reason
from wirelock.serve.net.upstream import UPSTREAM_UNREACHABLE, Upstream
from wirelock.traffic.http.exchange import Body, media_type
from wirelock.traffic.http.request_encoder import Call, Pairs
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE
from wirelock.traffic.redaction.credentials import Echoes

LARGEST = 64 * 2**20
"""Bytes of a response that is read; a longer one fails."""
PATIENCE, LONGEST = 60.0, 600.0
"""Seconds within which a call without a deadline is answered: one that only reads, and one that may be real work."""
IDENTITY = "identity"
_CODINGS = ("gzip", "x-gzip", "deflate", "compress", "br", "zstd")
_LOST = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
"""The connection was refused, or ended before the answer began."""
ERRORS = (aiohttp.ClientError, TimeoutError)
"""What aiohttp raises where an exchange does not come to its end."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole response; `body` is None where it is empty."""

    status: int
    body: Body | None


class Sender:
    """Sends calls to one upstream."""

    def __init__(self, upstream: Upstream, session: aiohttp.ClientSession, watch: Watch) -> None:
        self._upstream = upstream
        self._session = session
        self._watch = watch
        self.places = Places()

    @property
    def known(self) -> Echoes:
        """Our credentials, in the forms in which the upstream may repeat them."""
        return self._upstream.known

    async def send(self, call: Call, headers: Pairs = (), seconds: float | None = None) -> Received | Failure:
        """Send a call with further headers; cancelling this closes the connection. `seconds` bound it, None do not."""
        limit = asyncio.timeout(seconds)
        try:
            async with self.places.call(), limit:
                return await self._tried(call, headers)
        except Busy as error:
            return busy(error)
        except ERRORS as error:
            return slow(seconds) if limit.expired() else broken(error)

    async def _tried(self, call: Call, headers: Pairs) -> Received | Failure:
        try:
            return await self._sent(call, headers)
        except _LOST:
            if call.verb != "GET":
                raise
            return await self._sent(call, headers)

    async def _sent(self, call: Call, headers: Pairs) -> Received | Failure:
        async with self.opened(call, headers) as response:
            return await received(response)

    def opened(self, call: Call, headers: Pairs = ()) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """A call's response from its headers on, as a context."""
        url = URL(self._upstream.url + call.target, encoded=True)
        fields = CIMultiDict((("Accept-Encoding", IDENTITY), *headers, *call.headers))
        if call.body is not None:
            fields["Content-Type"] = "application/json"
        told = self._watch.requested(call.verb, url, fields)
        request = self._session.request(call.verb, url, headers=fields, data=call.body, allow_redirects=False)
        return _Opened(request, told)


class _Opened(AbstractAsyncContextManager[aiohttp.ClientResponse]):
    """A response as a context, and somebody who is told how its request ended."""

    __slots__ = ("_request", "_told")

    def __init__(self, request: AbstractAsyncContextManager[aiohttp.ClientResponse], told: Told) -> None:
        self._request = request
        self._told = told

    async def __aenter__(self) -> aiohttp.ClientResponse:
        try:
            response = await self._request.__aenter__()
        except BaseException as error:
            self._told(0, type(error).__name__)
            raise
        self._told(response.status, "")
        return response

    async def __aexit__(self, *raised: Any) -> bool | None:
        return await self._request.__aexit__(*raised)


def broken(error: Exception) -> Failure:
    """An exchange that did not come to its end."""
    words = f"no whole answer of the upstream: {reason(error)}"
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(grpc.StatusCode.INTERNAL, UPSTREAM_PROTOCOL_ERROR.id, words)
    if isinstance(error, aiohttp.ClientPayloadError):
        return Failure(grpc.StatusCode.UNAVAILABLE, UPSTREAM_PROTOCOL_ERROR.id, words)
    words = f"the upstream cannot be reached: {reason(error)}"
    return Failure(grpc.StatusCode.UNAVAILABLE, UPSTREAM_UNREACHABLE.id, words)


def busy(error: Busy) -> Failure:
    """A call for which there was no place."""
    return Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, BRIDGE_OVERLOADED.id, str(error))


def slow(seconds: float | None) -> Failure:
    """A call that was waited for as long as one without a deadline is."""
    words = f"the upstream did not answer within {seconds:g} seconds, and the call has no deadline of its own"
    return Failure(grpc.StatusCode.DEADLINE_EXCEEDED, UPSTREAM_TIMEOUT.id, words)


def patience(call: Call) -> float:
    """How many seconds a call without a deadline has."""
    return PATIENCE if call.verb == "GET" else LONGEST


def encoding(response: aiohttp.ClientResponse) -> str:
    """How the body of a response is encoded, IDENTITY where it is not."""
    return response.headers.get("Content-Encoding", IDENTITY).lower()


def _named(coding: str) -> str:
    """A content coding in words; what else the server sent there is not repeated, it may hold secrets."""
    return coding if coding in _CODINGS else "a coding of its own"


async def received(response: aiohttp.ClientResponse) -> Received | Failure:
    """The whole of a response; raises ERRORS."""
    if encoding(response) != IDENTITY:
        words = f"the upstream's answer is encoded as {_named(encoding(response))}, which nobody asked for"
        return Failure(grpc.StatusCode.INTERNAL, UPSTREAM_PROTOCOL_ERROR.id, words, status=response.status)
    kind = media_type(response.headers.get("Content-Type", ""))
    if kind == MEDIA_TYPE:
        return Received(response.status, Body(b"", kind))  # a stream where none is wanted might never end
    text = await _text(response)
    if text is None:
        words = f"the upstream's answer has more than {LARGEST} bytes"
        return Failure(grpc.StatusCode.INTERNAL, UPSTREAM_TOO_LARGE.id, words, status=response.status)
    return Received(response.status, Body(text, kind) if text else None)


async def _text(response: aiohttp.ClientResponse) -> bytes | None:
    """The whole body; None where it is too large."""
    if response.content_length is not None:
        return await response.read() if response.content_length <= LARGEST else None
    read = bytearray()
    async for piece in response.content.iter_any():
        read += piece
        if len(read) > LARGEST:
            return None
    return bytes(read)
