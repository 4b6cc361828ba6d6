"""An HTTP server with configurable responses that records its requests."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from dataclasses import dataclass, field

from aiohttp import web
from running_bridge import run_in_thread

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ReceivedRequest:
    """A request as received."""

    verb: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StubServer:
    """The response and the recorded requests of the server; `disconnects` counts clients gone before their response."""

    respond: Respond
    requests: list[ReceivedRequest] = field(default_factory=list[ReceivedRequest])
    disconnects: int = 0
    url: str = ""

    @property
    def last_request(self) -> ReceivedRequest:
        return self.requests[-1]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(ReceivedRequest(request.method, request.raw_path, headers, await request.read()))
        try:
            return await self.respond(request)
        except (asyncio.CancelledError, ConnectionError):
            self.disconnects += 1
            raise


def respond_with(
    status: int = 200, body: bytes | str | None = None, kind: str = "application/json", **headers: str
) -> Respond:
    """Return a handler that always sends the same response."""

    async def respond(_: web.Request) -> web.Response:
        declared = {"Content-Type": kind} if body is not None else {}
        text = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=text, headers={**declared, **headers})

    return respond


@contextlib.contextmanager
def run_stub(stub: StubServer, port: int = 0, tls: ssl.SSLContext | None = None) -> Generator[StubServer]:
    """Run the server on loopback."""

    @contextlib.asynccontextmanager
    async def start() -> AsyncGenerator[int]:
        application = web.Application(client_max_size=2**30)
        application.router.add_route("*", "/{path:.*}", stub.handle)
        runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
        await site.start()
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    with run_in_thread(start) as bound_port:
        stub.url = f"{'https' if tls else 'http'}://127.0.0.1:{bound_port}"
        yield stub
