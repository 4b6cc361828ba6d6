"""The live page: a list of exchanges with findings and coverage, updated by server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from wirelock.diagnostics import Report
from wirelock.serve.proxy.inspection import Inspector, LiveRow
from wirelock.serve.proxy.origin_checks import has_allowed_host, is_cross_origin, reject_cross_origin_view, reject_host
from wirelock.serve.proxy.results import ExchangeResult
from wirelock.traffic.secrets import redact_url

PATH = "/__wirelock/"
MAX_ROWS = 500
"""Exchanges in the list."""
MAX_FINDINGS_PER_ROW = 20
"""Findings of one exchange in the list."""
MAX_VIEWERS = 16
"""Open pages."""
MAX_QUEUED_MESSAGES = 1000
"""Messages that may wait for a slow page; above the limit its stream ends, and the page reconnects."""
REFRESH_SECONDS = 0.5
"""Least seconds between two updates of findings and coverage."""


@dataclass(frozen=True, slots=True)
class PageRenderers:
    """The live page, and functions that render its variable parts by their ids, and the page of the whole report."""

    page: str
    render_state: Callable[[Report], Mapping[str, str]]
    render_report: Callable[[Report], str]


class LivePage:
    """The routes and the state of the live page."""

    def __init__(self, renderers: PageRenderers, inspector: Inspector) -> None:
        self._renderers = renderers
        self._inspector = inspector
        self._rows: OrderedDict[int, str] = OrderedDict()
        self._results: dict[int, ExchangeResult | None] = {}
        self._viewers: set[asyncio.Queue[str | None]] = set()
        self._state: Mapping[str, str] = {}
        self._changed = asyncio.Event()
        self._refreshing: asyncio.Task[None] | None = None
        inspector.on_row = self.show

    def add_to(self, application: web.Application, listen_host: str) -> None:
        """Add the routes of the page to an application; `listen_host` is the name of the listen address."""
        routes = {"": self._serve_page, "events": self._serve_events, "report": self._serve_report}
        for name, handler in routes.items():
            application.router.add_get(PATH + name, _guard(handler, listen_host))
        application.on_startup.append(self._start)
        application.on_shutdown.append(self._stop)

    def show(self, row: LiveRow) -> None:
        """List an exchange, or update its row."""
        index = row.captured.index
        self._results[index] = result = _merge_results(self._results.get(index), row.result)
        message = _format_event("exchange", _build_row(replace(row, result=result)))
        self._rows[index] = message
        if len(self._rows) > MAX_ROWS:
            self._results.pop(self._rows.popitem(last=False)[0])
        self._broadcast(message)
        self._changed.set()

    def _broadcast(self, message: str) -> None:
        for viewer in list(self._viewers):
            if viewer.qsize() >= MAX_QUEUED_MESSAGES:
                self._viewers.discard(viewer)
                viewer.put_nowait(None)
            else:
                viewer.put_nowait(message)

    async def _start(self, application: web.Application) -> None:
        self._refreshing = asyncio.get_running_loop().create_task(self._push_state())

    async def _stop(self, application: web.Application) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
        for viewer in self._viewers:
            viewer.put_nowait(None)

    async def _push_state(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._viewers:
                state = await self._inspector.render_report(self._renderers.render_state)
                changes = {name: part for name, part in state.items() if self._state.get(name) != part}
                self._state = state
                self._broadcast(_format_event("state", changes))
            await asyncio.sleep(REFRESH_SECONDS)

    async def _serve_page(self, request: web.Request) -> web.StreamResponse:
        return _build_html_response(self._renderers.page)

    async def _serve_report(self, request: web.Request) -> web.StreamResponse:
        return _build_html_response(await self._inspector.render_report(self._renderers.render_report))

    async def _serve_events(self, request: web.Request) -> web.StreamResponse:
        if len(self._viewers) >= MAX_VIEWERS:
            return web.Response(status=503, text=f"{MAX_VIEWERS} pages are open already; close one\n")
        viewer: asyncio.Queue[str | None] = asyncio.Queue()
        response = web.StreamResponse(headers=_build_headers("text/event-stream"))
        await response.prepare(request)
        rows = "".join(self._rows.values())
        self._viewers.add(viewer)
        try:
            state = await self._inspector.render_report(self._renderers.render_state)
            await response.write((rows + _format_event("state", state)).encode())
            while (message := await viewer.get()) is not None:
                await response.write(message.encode())
        finally:
            self._viewers.discard(viewer)
        return response


def _guard(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], listen_host: str
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        if not has_allowed_host(request, listen_host):
            return reject_host(request)
        return reject_cross_origin_view(request) if is_cross_origin(request) else await handler(request)

    return handle


def _format_event(kind: str, value: Mapping[str, object]) -> str:
    return f"event: {kind}\ndata: {json.dumps(value)}\n\n"


def _build_html_response(text: str) -> web.Response:
    return web.Response(body=text.encode(), headers=_build_headers("text/html; charset=utf-8"))


def _build_headers(media_type: str) -> dict[str, str]:
    """Return the headers that a page cannot set itself; each page contains its own Content-Security-Policy."""
    return {
        "Content-Type": media_type,
        "Content-Security-Policy": "frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _merge_results(earlier: ExchangeResult | None, latest: ExchangeResult | None) -> ExchangeResult | None:
    """Return the result of all checks of an exchange so far; a stream has one for each part, and equal findings."""
    if earlier is None or latest is None:
        return latest or earlier
    diagnostics = (*earlier.diagnostics, *latest.diagnostics)
    distinct = {(d.code.id, d.location.pointer, d.message): d for d in diagnostics}
    worst_first = sorted(distinct.values(), key=lambda diagnostic: not diagnostic.is_failure)
    return ExchangeResult(earlier.outcome, earlier.rpc or latest.rpc, tuple(worst_first[:MAX_FINDINGS_PER_ROW]))


def _build_row(row: LiveRow) -> dict[str, Any]:
    """Return the members of a row; the page inserts all strings as text, never as markup."""
    captured, result = row.captured, row.result
    diagnostics = result.diagnostics if result else ()
    return {
        "index": captured.index,
        "time": captured.begun.strftime("%H:%M:%S"),
        "method": captured.method,
        "url": "/" + redact_url(captured.url).partition("//")[2].partition("/")[2],
        "status": captured.status,
        "milliseconds": round(captured.seconds * 1000),
        "bytes": captured.response.size,
        "outcome": (row.failure and "failed") or (result.outcome if result else ""),
        "rpc": result.rpc if result else "",
        "findings": [
            {"level": d.level.value, "code": d.code.id, "message": d.message}
            for d in diagnostics[:MAX_FINDINGS_PER_ROW]
        ],
    }
