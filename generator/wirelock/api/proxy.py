"""proxy: pass traffic on to a server, and hold what passes against everything that the schemas generate."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from wirelock.api.emit import Output, emitted
from wirelock.api.excerpts import illustrated
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, Report, in_order
from wirelock.loader import load
from wirelock.progress import Noted, Progress, silent, unheard
from wirelock.report import html, live
from wirelock.runtime.json.formatting import visible
from wirelock.serve.net.extras import missing
from wirelock.serve.net.gc_freeze import undisturbed
from wirelock.serve.net.tls import PLAIN, TlsEnds
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.conformance.expectations import expected
from wirelock.traffic.recordings.recorder import Recorder, Warned, recorder

if TYPE_CHECKING:
    from wirelock.serve.net.listen import Listen
    from wirelock.serve.net.upstream import Upstream
    from wirelock.serve.proxy.server import Proxy

NEEDED = ("aiohttp",)
LISTEN = "127.0.0.1:4097"
"""Where a proxy listens if nothing is said."""
Mode = Literal["report", "enforce"]
Told = Callable[[str], None]
"""Is told the address of the proxy when it listens."""
Ends = tuple["Upstream", "Listen"]


def proxy(
    config: Config,
    upstream: str,
    told: Told,
    listen: str = LISTEN,
    mode: Mode = "report",
    record: str = "",
    progress: Progress = silent,
    *,
    noted: Noted = unheard,
    tls: TlsEnds = PLAIN,
) -> Report:
    """Pass traffic on to the server at `upstream` until the process is asked to end, and check what passes.

    With the mode "enforce" nothing passes that is not as described. `record` is a file to record into (.har, .ndjson).
    Credentials for the server come from the environment. `noted` is told what is waited for at the end, that recording
    had to stop, and who can reach the proxy if that may be anybody.
    """
    absent = missing("live", NEEDED)
    if absent is not None:
        return Report((absent,))
    built = build(config)
    output = emitted(built, progress)
    if not output.sound:
        return Report(output.diagnostics)
    ends = between(upstream, listen, tls)
    if isinstance(ends, Diagnostic):
        return Report((ends,))
    writing = recorder(record, config.redact, ends[0].authorization, unrecorded(noted)) if record else None
    if isinstance(writing, Diagnostic):
        return Report((writing,))
    progress("making validators", 0, 1)
    made = checking(built, output, ends, mode, writing)
    with undisturbed():
        report = ran(made, told, noted, writing)
    found = expected(report.diagnostics, config.expect, ())
    return replace(report, diagnostics=in_order((*output.diagnostics, *found)))


def unrecorded(noted: Noted) -> Warned:
    """Tells at once, in words, that recording had to stop, or left out an exchange."""

    def told(lost: Diagnostic) -> None:
        further = "traffic goes on unrecorded" if lost.code.fatal else "recording goes on"
        noted(f"{lost.code.id}: {visible(lost.where.file)} {lost.message}; {further}")

    return told


def checking(built: Build, output: Output, ends: Ends, mode: Mode, writing: Recorder | None) -> Proxy:
    """A proxy that checks what passes."""
    from wirelock.serve.proxy.inspection import Watch
    from wirelock.serve.proxy.live_page import Faces, Screen
    from wirelock.serve.proxy.results import Tally
    from wirelock.serve.proxy.server import Proxy

    loaded = load(built, output.artifacts)
    loaded.prepare()
    gate = Check(built.graph, loaded.contract) if mode == "enforce" else None
    known = ends[0].known
    tally = Tally(Check(built.graph, loaded.contract), known)
    watch = Watch(tally, gate, writing, lambda key: loaded.contract(key).making(), known)

    def shown(report: Report) -> Report:
        found = expected(report.diagnostics, built.config.expect, ())
        return illustrated(built.config, replace(report, diagnostics=found))

    faces = Faces(live.page(), lambda report: live.state(shown(report)), lambda report: html.render(shown(report)))
    return Proxy(*ends, watch, mode, Screen(faces, watch))


def between(upstream: str, listen: str, tls: TlsEnds = PLAIN) -> Ends | Diagnostic:
    """Both ends of a proxy: the server that is dialled, with credentials of the environment, and where it listens.

    Credentials are lent to nobody but this machine, and those who show a certificate.
    """
    from wirelock.serve.net.credential_policy import lent
    from wirelock.serve.net.listen import listening
    from wirelock.serve.net.upstream import upstream as dialled

    server = dialled(upstream, os.environ, tls.upstream)
    if isinstance(server, Diagnostic):
        return server
    where = listening(listen, tls.listen)
    if isinstance(where, Diagnostic):
        return where
    return lent(server, where, "let clients bring credentials of their own") or (server, where)


def ran(proxy: Proxy, told: Told, noted: Noted, writing: Recorder | None) -> Report:
    """Run a proxy until this process is asked to end; gives what it found, and what was recorded."""
    from wirelock.serve.proxy.server import until_ended

    if not proxy.listen.is_loopback and proxy.listen.tls is None:
        noted(f"warning: without TLS, and whoever reaches {proxy.listen} can call the server")
    report = asyncio.run(until_ended(proxy, told, noted))
    if writing is None:
        return report
    writing.close()
    summary = {**report.summary, "recording": writing.counts}
    return replace(report, diagnostics=in_order((*report.diagnostics, *writing.findings)), summary=summary)
