"""The page that Prometheus reads, over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import visible
from wirelock.serve.net.listen import Listen, listening

METRICS_LISTEN_FAILED = Code("METRICS_LISTEN_FAILED", Severity.ERROR, fatal=True)
ADDRESS = "127.0.0.1:9464"
"""Where it listens unless told otherwise: this machine alone, on the port that OpenTelemetry gives such pages."""


@contextlib.asynccontextmanager
async def exposed(registry: CollectorRegistry, address: str = ADDRESS) -> AsyncGenerator[int | Diagnostic]:
    """Serve `/metrics` on an address; gives the port (port 0 is any free one), or why it cannot be had."""
    where = listening(address)
    if isinstance(where, Diagnostic):
        yield where
        return
    app = web.Application()
    app.router.add_get("/metrics", _page(registry))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        yield await _listening(runner, where)
    finally:
        await runner.cleanup()


async def _listening(runner: web.AppRunner, where: Listen) -> int | Diagnostic:
    try:
        await web.TCPSite(runner, where.host, where.port).start()
    except OSError as error:
        words = f"metrics cannot be served on {visible(str(where))}: {error.strerror or error}"
        return Diagnostic(
            METRICS_LISTEN_FAILED, Location(), words, "is something else listening there? name another port"
        )
    return int(runner.addresses[0][1])


def _page(registry: CollectorRegistry) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    return metrics
