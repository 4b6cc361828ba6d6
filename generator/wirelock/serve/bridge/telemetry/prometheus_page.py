"""The HTTP page with metrics for Prometheus."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.serve.net.listen import ListenAddress, parse_listen_address

METRICS_LISTEN_FAILED = Code("METRICS_LISTEN_FAILED", Severity.ERROR, fatal=True)
DEFAULT_ADDRESS = "127.0.0.1:9464"
"""The default address: loopback, with the default port of OpenTelemetry's Prometheus exporter."""


@contextlib.asynccontextmanager
async def serve_metrics(
    registry: CollectorRegistry, address: str = DEFAULT_ADDRESS
) -> AsyncGenerator[int | Diagnostic]:
    """Serve `/metrics` on an address during the block; port 0 means any free port.

    Yield the port, or a diagnostic if the address cannot be bound.
    """
    parsed = parse_listen_address(address)
    if isinstance(parsed, Diagnostic):
        yield parsed
        return
    app = web.Application()
    app.router.add_get("/metrics", _build_handler(registry))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        yield await _start_site(runner, parsed)
    finally:
        await runner.cleanup()


async def _start_site(runner: web.AppRunner, address: ListenAddress) -> int | Diagnostic:
    try:
        await web.TCPSite(runner, address.host, address.port).start()
    except OSError as error:
        message = f"cannot serve metrics on {escape_unprintable(str(address))}: {error.strerror or error}"
        hint = "stop the process that uses the port, or choose another address: --metrics HOST:PORT"
        return Diagnostic(METRICS_LISTEN_FAILED, Location(), message, hint)
    return int(runner.addresses[0][1])


def _build_handler(registry: CollectorRegistry) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    return handle
