"""ASGI middleware that checks the exchanges of an application and forwards its messages unchanged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, cast
from urllib.parse import quote

from wirelock.testing.conformance import Conformance, ViolationAction, check_observed
from wirelock.testing.responses import build_exchange, has_announced_body
from wirelock.traffic.http.body_buffer import BodyBuffer
from wirelock.traffic.http.exchange import Exchange, Headers, get_header

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class ConformanceMiddleware:
    """ASGI middleware for tests.

    With `on_violation="raise"` a violating exchange raises ConformanceError at its end, which test clients pass on to
    the test. Streams are not delayed, and at most 16 MiB of a body are buffered. WebSockets pass unchecked.
    """

    def __init__(self, app: Application, conformance: Conformance, on_violation: ViolationAction = "raise") -> None:
        self._app = app
        self._conformance = conformance
        self._on_violation: ViolationAction = on_violation

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        captured = _AsgiExchange(scope, receive, send)
        try:
            await self._app(scope, captured.receive, captured.send)
        except BaseException:  # a client disconnect ends a stream like this; the exception takes precedence
            self._check(captured, "collect")
            raise
        self._check(captured, self._on_violation)

    def _check(self, captured: _AsgiExchange, on_violation: ViolationAction) -> None:
        exchange = captured.to_exchange()
        if exchange is not None:
            check_observed(self._conformance, exchange, on_violation)


class _AsgiExchange:
    """A copy of the messages of one exchange."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._status = 0
        self._request_headers = _decode_headers(scope["headers"])
        self._response_headers: Headers = ()
        self._request_body = BodyBuffer(self._request_headers)
        self._response_body = BodyBuffer(())

    async def receive(self) -> Message:
        """Return the next message to the application."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._request_body.add(message.get("body", b""))
            self._request_body.is_complete = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the application, then collect it."""
        await self._send(message)
        match message["type"]:
            case "http.response.start":
                self._status = message["status"]
                self._response_headers = _decode_headers(message.get("headers", ()))
                self._response_body = BodyBuffer(self._response_headers)
            case "http.response.body":
                self._response_body.add(message.get("body", b""))
                self._response_body.is_complete = not message.get("more_body", False)
            case _:  # the content of http.response.pathsend is not available here
                pass

    def to_exchange(self) -> Exchange | None:
        """Return the exchange, or None if there was no response."""
        if not self._status:
            return None
        has_body = self._request_body.has_begun or has_announced_body(self._request_headers)
        request = self._request_headers, self._request_body.decode() if has_body else b""
        response = self._response_headers, self._response_body.decode()
        return build_exchange(self._scope["method"], _build_url(self._scope), self._status, request, response)


def _decode_headers(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw)


def _build_url(scope: MutableMapping[str, Any]) -> str:
    """Return the URL of a request; the raw path is optional in ASGI."""
    raw = cast("bytes | None", scope.get("raw_path"))
    path = raw.partition(b"?")[0].decode("latin-1") if raw else quote(scope["path"])
    query = scope.get("query_string", b"").decode("latin-1")
    host = get_header(_decode_headers(scope["headers"]), "host") or "localhost"
    return f"{scope.get('scheme', 'http')}://{host}{path}" + (f"?{query}" if query else "")
