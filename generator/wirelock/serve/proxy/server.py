"""The server that the proxy is: it listens, passes on, drains and ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import ClientSession, web

from wirelock.diagnostics import Diagnostic, Report
from wirelock.serve.listening import Listen, not_listening
from wirelock.serve.proxy.forward import Forward, Mode
from wirelock.serve.proxy.hosts import is_named, misdirected
from wirelock.serve.proxy.relayed import as_given
from wirelock.serve.proxy.screen import Screen
from wirelock.serve.proxy.watch import Watch
from wirelock.serve.upstream import LONGEST_FIELD, Upstream, connected

DRAIN_SECONDS = 5.0
"""How long exchanges may go on when the proxy is to end."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What a proxy is made of."""

    upstream: Upstream
    listen: Listen
    watch: Watch
    mode: Mode = "report"
    screen: Screen | None = None


async def served(proxy: Proxy, started: Callable[[str], None], ended: asyncio.Event) -> Diagnostic | None:
    """Serve until the event is set, and a while longer for what is on its way; `started` is told the address.

    Gives why it could not listen.
    """
    async with connected(proxy.upstream) as session:
        runner = web.AppRunner(
            _application(proxy, session),
            access_log=None,
            auto_decompress=False,
            handler_cancellation=True,
            shutdown_timeout=DRAIN_SECONDS,
            max_line_size=LONGEST_FIELD,
            max_field_size=LONGEST_FIELD,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, proxy.listen.host, proxy.listen.port).start()
            started(_address(proxy.listen, runner.addresses))
            await ended.wait()
        except OSError as error:
            return not_listening(proxy.listen, error.strerror or str(error))
        finally:
            await runner.cleanup()
        return None


async def until_ended(proxy: Proxy, started: Callable[[str], None]) -> Report:
    """Serve until this process is asked to end (SIGINT, SIGTERM); gives everything that was found."""
    ended = asyncio.Event()
    _on_signals(ended)
    failed = await served(proxy, started, ended)
    report = await proxy.watch.report()
    await proxy.watch.close()
    return Report((failed,)) if failed is not None else report


def _on_signals(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # where there are none, Ctrl-C raises KeyboardInterrupt
            loop.add_signal_handler(number, ended.set)


def _application(proxy: Proxy, session: ClientSession) -> web.Application:
    forward = Forward(proxy.upstream, session, proxy.watch, proxy.mode)

    async def handle(request: web.Request) -> web.StreamResponse:
        if proxy.listen.is_loopback and not is_named(request, proxy.listen.host):
            return misdirected(request)
        return await forward(request)

    application = web.Application()
    application.on_response_prepare.append(as_given)
    if proxy.screen is not None:
        proxy.screen.add_to(application, proxy.listen.host)
    application.router.add_route("*", "/{path:.*}", handle)
    return application


def _address(listen: Listen, addresses: Sequence[tuple[str, int]]) -> str:
    """The address in use; where the port was left open it is known only now."""
    return f"http://{Listen(listen.host, addresses[0][1])}"
