"""The page that shows traffic as it flows, and the stream of events that it lives on."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from wirelock.diagnostics import Report
from wirelock.serve.proxy.inspection import Seen, Watch
from wirelock.serve.proxy.origin_checks import is_foreign, is_named, misdirected, not_shown
from wirelock.serve.proxy.results import Judged
from wirelock.traffic.secrets import without_secrets

PATH = "/__wirelock/"
MOST_SHOWN = 500
"""How many exchanges are kept to be shown."""
MOST_FINDINGS = 20
"""How many findings of one exchange are shown."""
MOST_VIEWERS = 16
MOST_BEHIND = 1000
"""How many messages a viewer may be behind; then its stream ends, and it comes back by itself."""
EVERY_SECONDS = 0.5
"""How often findings and coverage are shown anew, at most."""


@dataclass(frozen=True, slots=True)
class Faces:
    """What is shown: the live page, the parts of it that change by their ids, and the page of the whole report."""

    page: str
    state: Callable[[Report], Mapping[str, str]]
    report: Callable[[Report], str]


class Screen:
    """Shows what passes to those who look."""

    def __init__(self, faces: Faces, watch: Watch) -> None:
        self._faces = faces
        self._watch = watch
        self._rows: OrderedDict[int, str] = OrderedDict()
        self._judged: dict[int, Judged | None] = {}
        self._viewers: set[asyncio.Queue[str | None]] = set()
        self._told: Mapping[str, str] = {}
        self._changed = asyncio.Event()
        self._refreshing: asyncio.Task[None] | None = None
        watch.seen = self.see

    def add_to(self, application: web.Application, ours: str) -> None:
        """Add the page to an application; `ours` is the name that is listened on."""
        routes = {"": self._page, "events": self._events, "report": self._report}
        for name, answer in routes.items():
            application.router.add_get(PATH + name, _guarded(answer, ours))
        application.on_startup.append(self._start)
        application.on_shutdown.append(self._stop)

    def see(self, seen: Seen) -> None:
        """Show an exchange, or show it again with what is known by now."""
        self._judged[seen.passed.index] = judged = _together(self._judged.get(seen.passed.index), seen.judged)
        row = _message("exchange", _row(replace(seen, judged=judged)))
        self._rows[seen.passed.index] = row
        if len(self._rows) > MOST_SHOWN:
            self._judged.pop(self._rows.popitem(last=False)[0])
        self._tell(row)
        self._changed.set()

    def _tell(self, message: str) -> None:
        for viewer in list(self._viewers):
            if viewer.qsize() >= MOST_BEHIND:
                self._viewers.discard(viewer)
                viewer.put_nowait(None)
            else:
                viewer.put_nowait(message)

    async def _start(self, application: web.Application) -> None:
        self._refreshing = asyncio.get_running_loop().create_task(self._refresh())

    async def _stop(self, application: web.Application) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
        for viewer in self._viewers:
            viewer.put_nowait(None)

    async def _refresh(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._viewers:
                state = await self._watch.shown(self._faces.state)
                news = {name: part for name, part in state.items() if self._told.get(name) != part}
                self._told = state
                self._tell(_message("state", news))
            await asyncio.sleep(EVERY_SECONDS)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return _html(self._faces.page)

    async def _report(self, request: web.Request) -> web.StreamResponse:
        return _html(await self._watch.shown(self._faces.report))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if len(self._viewers) >= MOST_VIEWERS:
            return web.Response(status=503, text=f"{MOST_VIEWERS} are looking already\n")
        viewer: asyncio.Queue[str | None] = asyncio.Queue()
        response = web.StreamResponse(headers=_headers("text/event-stream"))
        await response.prepare(request)
        rows = "".join(self._rows.values())
        self._viewers.add(viewer)
        try:
            state = await self._watch.shown(self._faces.state)
            await response.write((rows + _message("state", state)).encode())
            while (message := await viewer.get()) is not None:
                await response.write(message.encode())
        finally:
            self._viewers.discard(viewer)
        return response


def _guarded(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]], ours: str
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def guarded(request: web.Request) -> web.StreamResponse:
        if not is_named(request, ours):
            return misdirected(request)
        return not_shown(request) if is_foreign(request) else await answer(request)

    return guarded


def _message(kind: str, value: Mapping[str, object]) -> str:
    return f"event: {kind}\ndata: {json.dumps(value)}\n\n"


def _html(text: str) -> web.Response:
    return web.Response(body=text.encode(), headers=_headers("text/html; charset=utf-8"))


def _headers(media_type: str) -> dict[str, str]:
    """What no page can say of itself; what may run and be loaded, each page says in its own policy."""
    return {
        "Content-Type": media_type,
        "Content-Security-Policy": "frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _together(before: Judged | None, judged: Judged | None) -> Judged | None:
    """What is known of an exchange by now: a stream is judged event by event, each kind of finding shown once."""
    if before is None or judged is None:
        return judged or before
    kinds = {(one.code.id, one.where.pointer, one.message): one for one in (*before.found, *judged.found)}
    worst_first = sorted(kinds.values(), key=lambda one: not one.fails)
    return Judged(before.outcome, before.rpc or judged.rpc, tuple(worst_first[:MOST_FINDINGS]))


def _row(seen: Seen) -> dict[str, Any]:
    """One exchange as it is listed; whatever is in it is text, and the page shows it as such."""
    passed, judged = seen.passed, seen.judged
    found = judged.found if judged else ()
    return {
        "index": passed.index,
        "time": passed.begun.strftime("%H:%M:%S"),
        "method": passed.method,
        "url": "/" + without_secrets(passed.url).partition("//")[2].partition("/")[2],
        "status": passed.status,
        "milliseconds": round(passed.seconds * 1000),
        "bytes": passed.response.size,
        "outcome": (seen.failure and "failed") or (judged.outcome if judged else ""),
        "rpc": judged.rpc if judged else "",
        "findings": [
            {"level": one.level.value, "code": one.code.id, "message": one.message} for one in found[:MOST_FINDINGS]
        ],
    }
