"""An HTTP server that answers as a test says, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from aiohttp import web
from bridges import in_a_thread

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """A request as it came."""

    verb: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Stub:
    """What the server answers next, and what it was asked; `gone` counts clients that left before the answer."""

    answer: Answer
    asked: list[Asked] = field(default_factory=list)
    gone: int = 0
    url: str = ""

    @property
    def last(self) -> Asked:
        return self.asked[-1]

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append(Asked(request.method, request.raw_path, headers, await request.read()))
        try:
            return await self.answer(request)
        except (asyncio.CancelledError, ConnectionError):
            self.gone += 1
            raise


def says(status: int = 200, body: bytes | str | None = None, kind: str = "application/json", **headers: str) -> Answer:
    """Always the same answer."""

    async def answer(_: web.Request) -> web.Response:
        stated = {"Content-Type": kind} if body is not None else {}
        text = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=text, headers={**stated, **headers})

    return answer


@contextlib.contextmanager
def serving(stub: Stub, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Stub]:
    """The stub on loopback."""

    @contextlib.asynccontextmanager
    async def started() -> AsyncGenerator[int]:
        application = web.Application(client_max_size=2**30)
        application.router.add_route("*", "/{path:.*}", stub.take)
        runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
        await site.start()
        try:
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    with in_a_thread(started) as taken:
        stub.url = f"{'https' if tls else 'http'}://127.0.0.1:{taken}"
        yield stub
