"""Transports of httpx that check exchanges and forward bytes unchanged.

Event hooks are unsuitable, because httpx calls them before the body arrives: reading it there would delay every stream.
httpx requires its own classes as bases.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from wirelock.testing.conformance import Conformance, ViolationAction, check_observed
from wirelock.testing.responses import build_exchange, lower_names, read_request_body
from wirelock.traffic.http.body_buffer import BodyBuffer


class Transport(httpx.BaseTransport):
    """A transport that checks another one: `httpx.Client(transport=Transport(conformance, httpx.HTTPTransport()))`.

    With `on_violation="raise"` a violating exchange raises ConformanceError after the last byte of its body was read.
    """

    def __init__(
        self, conformance: Conformance, inner: httpx.BaseTransport, on_violation: ViolationAction = "raise"
    ) -> None:
        self._conformance = conformance
        self._inner = inner
        self._on_violation: ViolationAction = on_violation

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the response is checked while it is read."""
        response = self._inner.handle_request(request)
        exchange = _HttpxExchange(self._conformance, request, response, self._on_violation)
        if not exchange.check_if_read():
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = _SyncStream(response.stream, exchange)
        return response

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """A checking transport for `httpx.AsyncClient`."""

    def __init__(
        self, conformance: Conformance, inner: httpx.AsyncBaseTransport, on_violation: ViolationAction = "raise"
    ) -> None:
        self._conformance = conformance
        self._inner = inner
        self._on_violation: ViolationAction = on_violation

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the response is checked while it is read."""
        response = await self._inner.handle_async_request(request)
        exchange = _HttpxExchange(self._conformance, request, response, self._on_violation)
        if not exchange.check_if_read():
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _AsyncStream(response.stream, exchange)
        return response

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


class _HttpxExchange:
    """A copy of an exchange that is checked once, when its response is read completely or closed."""

    def __init__(
        self, conformance: Conformance, request: httpx.Request, response: httpx.Response, on_violation: ViolationAction
    ) -> None:
        self._conformance = conformance
        self._request = request
        self._response = response
        self._on_violation: ViolationAction = on_violation
        self._response_headers = lower_names(response.headers.items())
        self._is_checked = False
        self.body = BodyBuffer(self._response_headers)

    def check_if_read(self) -> bool:
        """Check a response whose body is read already, as those of httpx.MockTransport; return True if it is."""
        if not self._response.is_stream_consumed:
            return False
        self.body = BodyBuffer(())  # httpx has decoded the body
        self.body.add(self._response.content)
        self.finish()
        return True

    def finish(self) -> None:
        """Check the exchange after the last byte of the body."""
        self.body.is_complete = True
        self._check(self._on_violation)

    def abandon(self) -> None:
        """Check the exchange when the client stops reading; violations are only collected then."""
        self._check("collect")

    def _check(self, on_violation: ViolationAction) -> None:
        if self._is_checked:
            return
        self._is_checked = True
        request = self._request
        sent = lower_names(request.headers.items()), read_request_body(request)
        received = self._response_headers, self.body.decode()
        exchange = build_exchange(request.method, str(request.url), self._response.status_code, sent, received)
        check_observed(self._conformance, exchange, on_violation)


class _SyncStream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, exchange: _HttpxExchange) -> None:
        self._inner = inner
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            self._exchange.body.add(chunk)
            yield chunk
        self._exchange.finish()

    def close(self) -> None:
        self._inner.close()
        self._exchange.abandon()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, exchange: _HttpxExchange) -> None:
        self._inner = inner
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._exchange.body.add(chunk)
            yield chunk
        self._exchange.finish()

    async def aclose(self) -> None:
        await self._inner.aclose()
        self._exchange.abandon()
