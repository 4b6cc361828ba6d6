"""Transports of httpx whose exchanges are held against a project, while their bytes pass through untouched.

A transport and not an event hook, which is called before the body is there: reading it in the hook would hold up every
stream. httpx asks for its own classes as bases.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from wirelock.testing.conformance import Conformance, Faults, passed
from wirelock.testing.responses import exchanged, pairs, sent_by
from wirelock.traffic.http.body_buffer import Collected


class Transport(httpx.BaseTransport):
    """Another transport, checked: `httpx.Client(transport=Transport(conformance, httpx.HTTPTransport()))`.

    With `faults="raise"` an exchange at fault raises NotConforming when the last byte of its body was read.
    """

    def __init__(self, conformance: Conformance, inner: httpx.BaseTransport, faults: Faults = "raise") -> None:
        self._conformance = conformance
        self._inner = inner
        self._faults: Faults = faults

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its response checks itself while it is read."""
        response = self._inner.handle_request(request)
        passing = _Passing(self._conformance, request, response, self._faults)
        if not passing.was_read():
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = _Stream(response.stream, passing)
        return response

    def close(self) -> None:
        """Close the transport inside."""
        self._inner.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """The same for `httpx.AsyncClient`."""

    def __init__(self, conformance: Conformance, inner: httpx.AsyncBaseTransport, faults: Faults = "raise") -> None:
        self._conformance = conformance
        self._inner = inner
        self._faults: Faults = faults

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its response checks itself while it is read."""
        response = await self._inner.handle_async_request(request)
        passing = _Passing(self._conformance, request, response, self._faults)
        if not passing.was_read():
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = _AsyncStream(response.stream, passing)
        return response

    async def aclose(self) -> None:
        """Close the transport inside."""
        await self._inner.aclose()


class _Passing:
    """A response while it is read; it is held against the services once, when it was read or is closed."""

    def __init__(
        self, conformance: Conformance, request: httpx.Request, response: httpx.Response, faults: Faults
    ) -> None:
        self._conformance = conformance
        self._request = request
        self._response = response
        self._faults: Faults = faults
        self._answered = pairs(response.headers.items())
        self._checked = False
        self.body = Collected(self._answered)

    def was_read(self) -> bool:
        """Whether the response came with its body, as those of httpx.MockTransport do; then it is checked at once."""
        if not self._response.is_stream_consumed:
            return False
        self.body = Collected(())  # httpx has decoded it
        self.body.take(self._response.content)
        self.read()
        return True

    def read(self) -> None:
        """The last byte was read."""
        self.body.whole = True
        self._check(self._faults)

    def closed(self) -> None:
        """Nothing more will be read: the client has what it wanted, and gets no error for that."""
        self._check("collect")

    def _check(self, faults: Faults) -> None:
        if self._checked:
            return
        self._checked = True
        request = self._request
        asked = pairs(request.headers.items()), sent_by(request)
        answered = self._answered, self.body.content()
        exchange = exchanged(request.method, str(request.url), self._response.status_code, asked, answered)
        passed(self._conformance, exchange, faults)


class _Stream(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, passing: _Passing) -> None:
        self._inner = inner
        self._passing = passing

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            self._passing.body.take(chunk)
            yield chunk
        self._passing.read()

    def close(self) -> None:
        self._inner.close()
        self._passing.closed()


class _AsyncStream(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream, passing: _Passing) -> None:
        self._inner = inner
        self._passing = passing

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._passing.body.take(chunk)
            yield chunk
        self._passing.read()

    async def aclose(self) -> None:
        await self._inner.aclose()
        self._passing.closed()
