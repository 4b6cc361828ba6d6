"""The server that the proxy is: it listens, passes on, drains and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import ClientSession, web

from wirelock.diagnostics import Diagnostic, Report
from wirelock.serve.net.listen import Listen, not_listening
from wirelock.serve.net.signals import signals
from wirelock.serve.net.upstream import LONGEST_FIELD, Upstream, connected
from wirelock.serve.proxy.forward import Forward, Mode
from wirelock.serve.proxy.inspection import Watch
from wirelock.serve.proxy.live_page import Screen
from wirelock.serve.proxy.origin_checks import is_foreign, is_named, misdirected, not_lent
from wirelock.serve.proxy.relayed_response import as_given

DRAIN_SECONDS = 5.0
"""How long exchanges may go on when the proxy is to end."""
_NEVER = 2 * DRAIN_SECONDS
"""When aiohttp would end them: it waits for them twice, so that is left to us."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What a proxy is made of."""

    upstream: Upstream
    listen: Listen
    watch: Watch
    mode: Mode = "report"
    screen: Screen | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """When a proxy is to end, and whether what is on its way is no longer waited for."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: asyncio.Event = field(default_factory=asyncio.Event)


async def served(proxy: Proxy, started: Callable[[str], None], ending: Ending) -> Diagnostic | None:
    """Serve until it is to end, and DRAIN_SECONDS longer for what is on its way; `started` is told the address.

    Gives why it could not listen, or not record.
    """
    async with connected(proxy.upstream) as session:
        runner = web.AppRunner(
            _application(proxy, session),
            access_log=None,
            auto_decompress=False,
            handler_cancellation=True,
            shutdown_timeout=_NEVER,
            max_line_size=LONGEST_FIELD,
            max_field_size=LONGEST_FIELD,
        )
        await runner.setup()
        try:
            await _site(runner, proxy.listen).start()
            failed = proxy.watch.begin()  # not before: a start that fails must not move a file aside
            if failed is None:
                started(_address(proxy.listen, runner.addresses))
                await ending.asked.wait()
            return failed
        except OSError as error:
            return not_listening(proxy.listen, error)
        finally:
            await _drained(runner, ending.at_once)


async def until_ended(proxy: Proxy, started: Callable[[str], None], noted: Callable[[str], None]) -> Report:
    """Serve until this process is asked to end (SIGINT, SIGTERM); gives everything that was found.

    `noted` is told that it drains; a second signal ends the draining, and one after it the checking of what has passed.
    """
    ending = Ending()

    def end() -> None:
        noted(f"draining: what is on its way has {DRAIN_SECONDS:g} seconds; again to end at once")
        ending.asked.set()

    with signals(end, ending.at_once.set):
        failed = await served(proxy, started, ending)
        ending.at_once.clear()  # that ended the draining; what has passed is still to be checked
        await proxy.watch.settled(ending.at_once)
    report = await proxy.watch.report()
    await proxy.watch.close()
    return Report((failed,)) if failed is not None else report


def _site(runner: web.AppRunner, listen: Listen) -> web.TCPSite:
    return web.TCPSite(runner, listen.host, listen.port, ssl_context=listen.tls)


async def _drained(runner: web.AppRunner, at_once: asyncio.Event) -> None:
    """Take no more requests, and let those on their way end, until their time is up or it is to be at once."""
    cleaning = asyncio.ensure_future(runner.cleanup())
    hurrying = asyncio.ensure_future(at_once.wait())
    await asyncio.wait((cleaning, hurrying), timeout=DRAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    hurrying.cancel()
    for connection in runner.server.connections if runner.server else ():
        if connection.transport is not None:
            connection.transport.abort()  # which cancels what answers on it
    await cleaning


def _application(proxy: Proxy, session: ClientSession) -> web.Application:
    forward = Forward(proxy.upstream, session, proxy.watch, proxy.mode)

    async def handle(request: web.Request) -> web.StreamResponse:
        if proxy.listen.is_loopback and not is_named(request, proxy.listen.host):
            return misdirected(request)
        if proxy.upstream.has_credentials and is_foreign(request):
            return not_lent(request)
        return await forward(request)

    application = web.Application()
    application.on_response_prepare.append(as_given)
    if proxy.screen is not None:
        proxy.screen.add_to(application, proxy.listen.host)
    application.router.add_route("*", "/{path:.*}", handle)
    return application


def _address(listen: Listen, addresses: Sequence[tuple[str, int]]) -> str:
    """The address in use; where the port was left open it is known only now."""
    return f"{'https' if listen.tls else 'http'}://{Listen(listen.host, addresses[0][1])}"
