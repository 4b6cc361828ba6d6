"""An ASGI application whose exchanges are held against a project, while their bytes pass through untouched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, cast
from urllib.parse import quote

from wirelock.testing.conformance import Conformance, Faults, passed
from wirelock.testing.responses import announced, exchanged
from wirelock.traffic.http.body_buffer import Collected
from wirelock.traffic.http.exchange import Exchange, Headers, header

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class Checked:
    """The application around which it is put, for tests.

    With `faults="raise"` an exchange at fault raises NotConforming when it is over, which test clients pass on to the
    test. Streams are not held up, and at most MOST bytes of a body are kept. WebSockets pass unchecked.
    """

    def __init__(self, app: Application, conformance: Conformance, faults: Faults = "raise") -> None:
        self._app = app
        self._conformance = conformance
        self._faults: Faults = faults

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passing = _Passing(scope, receive, send)
        try:
            await self._app(scope, passing.receive, passing.send)
        except BaseException:  # a stream ends like this when the client goes; the error goes first
            self._check(passing, "collect")
            raise
        self._check(passing, self._faults)

    def _check(self, passing: _Passing, faults: Faults) -> None:
        exchange = passing.exchange()
        if exchange is not None:
            passed(self._conformance, exchange, faults)


class _Passing:
    """What passes of one exchange."""

    def __init__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._status = 0
        self._asked = _headers(scope["headers"])
        self._answered: Headers = ()
        self._sent = Collected(self._asked)
        self._received = Collected(())

    async def receive(self) -> Message:
        """The next message to the application."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._sent.take(message.get("body", b""))
            self._sent.whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """The next message from the application; it is handed on before it is looked at."""
        await self._send(message)
        match message["type"]:
            case "http.response.start":
                self._status = message["status"]
                self._answered = _headers(message.get("headers", ()))
                self._received = Collected(self._answered)
            case "http.response.body":
                self._received.take(message.get("body", b""))
                self._received.whole = not message.get("more_body", False)
            case _:  # a file that the server sends by itself stays unknown
                pass

    def exchange(self) -> Exchange | None:
        """The exchange, None if nothing was answered."""
        if not self._status:
            return None
        sent = self._sent.content() if self._sent.begun or announced(self._asked) else b""
        asked, answered = (self._asked, sent), (self._answered, self._received.content())
        return exchanged(self._scope["method"], _url(self._scope), self._status, asked, answered)


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw)


def _url(scope: MutableMapping[str, Any]) -> str:
    """The URL of a request; the raw path is optional in ASGI."""
    raw = cast("bytes | None", scope.get("raw_path"))
    path = raw.partition(b"?")[0].decode("latin-1") if raw else quote(scope["path"])
    query = scope.get("query_string", b"").decode("latin-1")
    host = header(_headers(scope["headers"]), "host") or "localhost"
    return f"{scope.get('scheme', 'http')}://{host}{path}" + (f"?{query}" if query else "")
