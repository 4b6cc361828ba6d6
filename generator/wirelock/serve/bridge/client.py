"""The client for the upstream: sends one HTTP request, reads the whole response, and retries a lost GET once."""

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
from wirelock.serve.bridge.hooks import Instrumentation, OnRequestEnd
from wirelock.serve.bridge.status import Failure
from wirelock.serve.net.connections import ConnectionLimiter, LimitExceeded
from wirelock.serve.net.errors import describe_error
from wirelock.serve.net.upstream import UPSTREAM_UNREACHABLE, Upstream
from wirelock.traffic.http.exchange import RecordedBody, parse_media_type
from wirelock.traffic.http.request_encoder import HttpRequest, Pairs
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE
from wirelock.traffic.redaction.credentials import KnownCredentials

MAX_BODY_BYTES = 64 * 2**20
"""Bytes of a response body; a longer one fails the call."""
READ_SECONDS, WRITE_SECONDS = 60.0, 600.0
"""Seconds for the response to a call without a deadline: to a GET, and to any other request, which may do real work."""
IDENTITY = "identity"
_KNOWN_CODINGS = ("gzip", "x-gzip", "deflate", "compress", "br", "zstd")
_CONNECTION_ERRORS = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
"""Errors of a connection that was refused, or that ended before the response began."""
EXCHANGE_ERRORS = (aiohttp.ClientError, TimeoutError)
"""Errors that aiohttp raises for an incomplete exchange."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole response; `body` is None if it is empty."""

    status: int
    body: RecordedBody | None


class UpstreamClient:
    """A client for one upstream."""

    def __init__(self, upstream: Upstream, session: aiohttp.ClientSession, instrumentation: Instrumentation) -> None:
        self._upstream = upstream
        self._session = session
        self._instrumentation = instrumentation
        self.limiter = ConnectionLimiter()

    @property
    def known_credentials(self) -> KnownCredentials:
        """Our credentials, in all forms in which the upstream may send them back."""
        return self._upstream.known_credentials

    async def send(
        self, request: HttpRequest, headers: Pairs = (), seconds: float | None = None
    ) -> HttpResponse | Failure:
        """Send a request with additional headers; cancellation closes the connection.

        `seconds` limits the exchange; None means no limit.
        """
        limit = asyncio.timeout(seconds)
        try:
            async with self.limiter.reserve_call(), limit:
                return await self._send_with_retry(request, headers)
        except LimitExceeded as error:
            return build_overload_failure(error)
        except EXCHANGE_ERRORS as error:
            return build_timeout_failure(seconds) if limit.expired() else build_exchange_failure(error)

    async def _send_with_retry(self, request: HttpRequest, headers: Pairs) -> HttpResponse | Failure:
        try:
            return await self._send_once(request, headers)
        except _CONNECTION_ERRORS:
            if request.verb != "GET":
                raise
            return await self._send_once(request, headers)

    async def _send_once(self, request: HttpRequest, headers: Pairs) -> HttpResponse | Failure:
        async with self.open(request, headers) as response:
            return await read_response(response)

    def open(self, request: HttpRequest, headers: Pairs = ()) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Return a context manager that sends a request and yields the response once its headers are there."""
        url = URL(self._upstream.url + request.target, encoded=True)
        fields = CIMultiDict((("Accept-Encoding", IDENTITY), *headers, *request.headers))
        if request.body is not None:
            fields["Content-Type"] = "application/json"
        on_end = self._instrumentation.start_request(request.verb, url, fields)
        response = self._session.request(request.verb, url, headers=fields, data=request.body, allow_redirects=False)
        return _InstrumentedResponse(response, on_end)


class _InstrumentedResponse(AbstractAsyncContextManager[aiohttp.ClientResponse]):
    """A response as a context manager that reports the end of its request."""

    __slots__ = ("_on_end", "_response")

    def __init__(self, response: AbstractAsyncContextManager[aiohttp.ClientResponse], on_end: OnRequestEnd) -> None:
        self._response = response
        self._on_end = on_end

    async def __aenter__(self) -> aiohttp.ClientResponse:
        try:
            response = await self._response.__aenter__()
        except BaseException as error:
            self._on_end(0, type(error).__name__)
            raise
        self._on_end(response.status, "")
        return response

    async def __aexit__(self, *raised: Any) -> bool | None:
        return await self._response.__aexit__(*raised)


def build_exchange_failure(error: Exception) -> Failure:
    """Build the failure for an incomplete exchange."""
    message = f"the upstream's response cannot be read: {describe_error(error)}"
    if isinstance(error, aiohttp.ClientResponseError):
        return Failure(grpc.StatusCode.INTERNAL, UPSTREAM_PROTOCOL_ERROR.id, message)
    if isinstance(error, aiohttp.ClientPayloadError):
        return Failure(grpc.StatusCode.UNAVAILABLE, UPSTREAM_PROTOCOL_ERROR.id, message)
    message = f"the upstream cannot be reached: {describe_error(error)}"
    return Failure(grpc.StatusCode.UNAVAILABLE, UPSTREAM_UNREACHABLE.id, message)


def build_overload_failure(error: LimitExceeded) -> Failure:
    """Build the failure for a call that got no slot."""
    return Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, BRIDGE_OVERLOADED.id, str(error))


def build_timeout_failure(seconds: float | None) -> Failure:
    """Build the failure for a call without a deadline that got no response in time."""
    message = f"the upstream did not respond within {seconds:g} seconds, the limit for a call without a deadline"
    return Failure(grpc.StatusCode.DEADLINE_EXCEEDED, UPSTREAM_TIMEOUT.id, message)


def choose_timeout(request: HttpRequest) -> float:
    """Return the seconds for the response to a call without a deadline."""
    return READ_SECONDS if request.verb == "GET" else WRITE_SECONDS


def get_content_encoding(response: aiohttp.ClientResponse) -> str:
    """Return the content encoding of a response, IDENTITY by default."""
    return response.headers.get("Content-Encoding", IDENTITY).lower()


def _describe_coding(coding: str) -> str:
    """Describe a content coding; an unknown value is left out, since it may contain secrets."""
    return f"the content coding {coding}" if coding in _KNOWN_CODINGS else "an unknown content coding"


async def read_response(response: aiohttp.ClientResponse) -> HttpResponse | Failure:
    """Read a whole response; raises EXCHANGE_ERRORS."""
    if get_content_encoding(response) != IDENTITY:
        coding = _describe_coding(get_content_encoding(response))
        message = f"the upstream's response has {coding}, which the request does not accept"
        return Failure(grpc.StatusCode.INTERNAL, UPSTREAM_PROTOCOL_ERROR.id, message, status=response.status)
    kind = parse_media_type(response.headers.get("Content-Type", ""))
    if kind == MEDIA_TYPE:
        return HttpResponse(response.status, RecordedBody(b"", kind))  # an event stream may never end
    text = await _read_body(response)
    if text is None:
        message = f"the upstream's response exceeds {MAX_BODY_BYTES} bytes"
        return Failure(grpc.StatusCode.INTERNAL, UPSTREAM_TOO_LARGE.id, message, status=response.status)
    return HttpResponse(response.status, RecordedBody(text, kind) if text else None)


async def _read_body(response: aiohttp.ClientResponse) -> bytes | None:
    """Read the whole body; return None if it exceeds MAX_BODY_BYTES."""
    if response.content_length is not None:
        return await response.read() if response.content_length <= MAX_BODY_BYTES else None
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)
