"""verify --live: hold a running server against everything that the schemas generate."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from wirelock.api.emit import emitted
from wirelock.build import build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, Location, Report, in_order
from wirelock.loader import load
from wirelock.progress import Noted, Progress, silent, unheard
from wirelock.serve.net.extras import missing
from wirelock.serve.net.tls import NO_TLS, TlsFiles
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.conformance.codes import NOTHING_CHECKED
from wirelock.traffic.conformance.expectations import expected
from wirelock.traffic.redaction import reports


def verify_live(
    config: Config,
    address: str,
    environment: Mapping[str, str],
    progress: Progress = silent,
    *,
    lifecycle: bool = False,
    events: int | None = None,
    seconds: float | None = None,
    noted: Noted = unheard,
    tls: TlsFiles = NO_TLS,
) -> Report:
    """Ask a running server what the services describe, and hold its answers against them.

    Only GET is used, and streams are left alone, unless `lifecycle` lets it make and delete things of its own, or
    `events` or `seconds` (10,000 and 10 where only the other is given) have streams followed. Credentials come from
    `environment`. `noted` is told what is waited for when the check is interrupted.
    """
    if absent := missing("live", ("aiohttp",)):
        return Report((absent,))
    from wirelock.serve.live.check import Asked, checked
    from wirelock.serve.live.streams import EVENTS, SECONDS, Following
    from wirelock.serve.net.upstream import upstream

    server = upstream(address, environment, tls)
    if isinstance(server, Diagnostic):
        return Report((server,))
    built = build(config)
    output = emitted(built, progress)
    if not output.sound:
        return Report(output.diagnostics)
    contracts = load(built, output.artifacts).contract
    check = Check(built.graph, contracts)
    limits = Following(events or EVENTS, seconds or SECONDS) if events or seconds else None
    run = asyncio.run(checked(server, built.graph, check, contracts, Asked(noted, limits, lifecycle), progress))
    stopped = any(diagnostic.code.fatal for diagnostic in run.diagnostics)
    nothing = () if check.answers or stopped else (_nothing(run.called),)
    made = check.report()
    found = expected((*made.diagnostics, *run.diagnostics, *run.not_called), config.expect, ())
    report = reports.report(replace(made, diagnostics=found), server.known)
    asked: dict[str, int | str] = {
        "address": server.url,
        "called": run.called,
        "not called": len(run.not_called),
        "not served": run.not_served,
    }
    diagnostics = in_order((*output.diagnostics, *nothing, *report.diagnostics))
    return replace(report, diagnostics=diagnostics, summary={"server": asked, **report.summary})


def _nothing(called: int) -> Diagnostic:
    words = f"nothing was checked: of {called} calls, none was answered with something that a service describes"
    hint = "check the address, and that the services describe this API"
    return Diagnostic(NOTHING_CHECKED, Location(), words, hint)
