"""The proxy server: startup, routing and shutdown.

Theory of operation
-------------------

Bytes pass; a copy is checked. A request goes to one server, `--upstream`, and its response goes back with the same
bytes, as they arrive (forward.py). Only the header fields of one connection are dropped, and a message whose framing is
ambiguous is rejected, because the two sides could disagree on where it ends (headers.py). A copy of each exchange is
collected (in_flight.py), matched with a method of a service, checked, recorded and listed on the live page
(inspection.py). Event streams are checked event by event. A request with a foreign Host or Origin is rejected
(origin_checks.py).

In mode "report" no exchange waits for its check. Small documents are checked in the event loop, large ones in a thread,
and exchanges whose codecs are not built yet wait in a queue (check_queue.py). Exchanges beyond the limit of the queue
are counted as not checked. In mode "enforce" a request waits for its check before it is sent, a response before it is
forwarded, and an event before the next one; a violation becomes 400 or 502, or ends the stream. Bodies above the size
limit pass unchecked in both modes.

Memory is bounded. One body is buffered up to 16 MiB, all bodies together up to a budget (memory_budget.py); above
either limit, a body passes but is not checked. Findings are grouped by kind and counted (finding_groups.py).

Shutdown has three stages. The first signal stops accepting requests; exchanges in flight have DRAIN_SECONDS to finish.
A second signal aborts them. Queued checks are finished then, unless a third signal drops them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import ClientSession, web

from wirelock.diagnostics import Diagnostic, Report
from wirelock.progress import StatusCallback
from wirelock.serve.net.listen import ListenAddress, diagnose_listen_failure
from wirelock.serve.net.signals import handle_signals
from wirelock.serve.net.upstream import MAX_FIELD_BYTES, Upstream, open_session
from wirelock.serve.proxy.forward import Forwarder, Mode
from wirelock.serve.proxy.inspection import Inspector
from wirelock.serve.proxy.live_page import LivePage
from wirelock.serve.proxy.origin_checks import has_allowed_host, is_cross_origin, reject_cross_origin_call, reject_host
from wirelock.serve.proxy.relayed_response import remove_default_headers

DRAIN_SECONDS = 5.0
"""Seconds that exchanges in flight may take after the first signal."""
_AIOHTTP_SHUTDOWN_SECONDS = 2 * DRAIN_SECONDS
"""The shutdown timeout of aiohttp; it exceeds DRAIN_SECONDS, so that the proxy aborts connections itself."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """The parts of a proxy."""

    upstream: Upstream
    listen: ListenAddress
    inspector: Inspector
    mode: Mode = "report"
    live_page: LivePage | None = None


@dataclass(frozen=True, slots=True)
class ShutdownEvents:
    """Events that request the shutdown of a proxy, and force it to abort the exchanges in flight."""

    requested: asyncio.Event = field(default_factory=asyncio.Event)
    forced: asyncio.Event = field(default_factory=asyncio.Event)


async def serve(proxy: Proxy, on_listening: Callable[[str], None], shutdown: ShutdownEvents) -> Diagnostic | None:
    """Serve until shutdown is requested, then drain for up to DRAIN_SECONDS.

    Call `on_listening` with the address. Return a diagnostic if the proxy cannot listen or record, else None.
    """
    async with open_session(proxy.upstream) as session:
        runner = web.AppRunner(
            _build_application(proxy, session),
            access_log=None,
            auto_decompress=False,
            handler_cancellation=True,
            shutdown_timeout=_AIOHTTP_SHUTDOWN_SECONDS,
            max_line_size=MAX_FIELD_BYTES,
            max_field_size=MAX_FIELD_BYTES,
        )
        await runner.setup()
        try:
            await _build_site(runner, proxy.listen).start()
            # only after listening succeeded, because the recorder moves an existing file aside
            diagnostic = proxy.inspector.begin_recording()
            if diagnostic is None:
                on_listening(_format_address(proxy.listen, runner.addresses))
                await shutdown.requested.wait()
            return diagnostic
        except OSError as error:
            return diagnose_listen_failure(proxy.listen, error)
        finally:
            await _drain(runner, shutdown.forced)


async def serve_until_signal(proxy: Proxy, on_listening: Callable[[str], None], notify: StatusCallback) -> Report:
    """Serve until SIGINT or SIGTERM; return the report.

    `notify` receives a message when draining begins. A second signal ends draining, a third one drops queued checks.
    """
    shutdown = ShutdownEvents()

    def request_shutdown() -> None:
        notify(f"draining: requests in progress have {DRAIN_SECONDS:g} seconds; repeat the signal to stop at once")
        shutdown.requested.set()

    with handle_signals(request_shutdown, shutdown.forced.set):
        diagnostic = await serve(proxy, on_listening, shutdown)
        shutdown.forced.clear()  # the second signal ended draining only; the third one drops queued checks
        await proxy.inspector.drain(shutdown.forced)
    report = await proxy.inspector.build_report()
    await proxy.inspector.close()
    return Report((diagnostic,)) if diagnostic is not None else report


def _build_site(runner: web.AppRunner, listen: ListenAddress) -> web.TCPSite:
    return web.TCPSite(runner, listen.host, listen.port, ssl_context=listen.tls)


async def _drain(runner: web.AppRunner, forced: asyncio.Event) -> None:
    """Stop accepting requests; wait for those in flight until DRAIN_SECONDS are over or `forced` is set."""
    cleanup = asyncio.ensure_future(runner.cleanup())
    waiting = asyncio.ensure_future(forced.wait())
    await asyncio.wait((cleanup, waiting), timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for connection in runner.server.connections if runner.server else ():
        if connection.transport is not None:
            connection.transport.abort()  # cancels the handler of the connection
    await cleanup


def _build_application(proxy: Proxy, session: ClientSession) -> web.Application:
    forward = Forwarder(proxy.upstream, session, proxy.inspector, proxy.mode)

    async def handle(request: web.Request) -> web.StreamResponse:
        if proxy.listen.is_loopback and not has_allowed_host(request, proxy.listen.host):
            return reject_host(request)
        if proxy.upstream.has_credentials and is_cross_origin(request):
            return reject_cross_origin_call(request)
        return await forward(request)

    application = web.Application()
    application.on_response_prepare.append(remove_default_headers)
    if proxy.live_page is not None:
        proxy.live_page.add_to(application, proxy.listen.host)
    application.router.add_route("*", "/{path:.*}", handle)
    return application


def _format_address(listen: ListenAddress, addresses: Sequence[tuple[str, int]]) -> str:
    """Return the URL in use, with the port that the system chose for port 0."""
    return f"{'https' if listen.tls else 'http'}://{ListenAddress(listen.host, addresses[0][1])}"
