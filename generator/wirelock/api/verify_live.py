"""verify --live: check a running server against validator, model and codec."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from wirelock.api.emit import emit_all
from wirelock.api.project import Project
from wirelock.build import build
from wirelock.diagnostics import Diagnostic, Location, Report, sort_unique
from wirelock.loader import load_artifacts
from wirelock.progress import ProgressCallback, StatusCallback, noop_progress, noop_status
from wirelock.serve.net.extras import check_extra
from wirelock.serve.net.tls import NO_TLS, TlsFiles
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.conformance.codes import NOTHING_CHECKED
from wirelock.traffic.conformance.expectations import mark_expected
from wirelock.traffic.redaction import reports


def verify_live(
    project: Project,
    address: str,
    environment: Mapping[str, str],
    progress: ProgressCallback = noop_progress,
    *,
    lifecycle: bool = False,
    events: int | None = None,
    seconds: float | None = None,
    notify: StatusCallback = noop_status,
    tls: TlsFiles = NO_TLS,
) -> Report:
    """Call a running server and check its responses.

    Only GET is used and streams are skipped by default. `lifecycle` creates, changes and deletes test resources.
    `events` or `seconds` follow event streams (default for the other one: 10,000 events, 10 seconds). Credentials come
    from `environment`. `notify` receives a notice when an interrupted check waits for cleanup.
    """
    config = project.config
    if absent := check_extra("live", ("aiohttp",)):
        return Report((absent,))
    from wirelock.serve.live.check import LiveOptions, check_server
    from wirelock.serve.live.streams import DEFAULT_EVENTS, DEFAULT_SECONDS, StreamLimits
    from wirelock.serve.net.upstream import resolve_upstream

    server = resolve_upstream(address, environment, tls)
    if isinstance(server, Diagnostic):
        return Report((server,))
    built = build(config)
    output = emit_all(built, progress)
    if not output.is_sound:
        return Report(output.diagnostics)
    contracts = load_artifacts(built, output.artifacts).get_contract
    check = ConformanceCheck(built.graph, contracts)
    limits = StreamLimits(events or DEFAULT_EVENTS, seconds or DEFAULT_SECONDS) if events or seconds else None
    state = asyncio.run(
        check_server(server, built.graph, check, contracts, LiveOptions(notify, limits, lifecycle), progress)
    )
    stopped = any(diagnostic.code.fatal for diagnostic in state.diagnostics)
    nothing = () if check.answers or stopped else (_report_nothing_checked(state.called),)
    conformance = check.to_report()
    findings = mark_expected((*conformance.diagnostics, *state.diagnostics, *state.not_called), config.expect, ())
    report = reports.redact_report(replace(conformance, diagnostics=findings), server.known_credentials)
    counts: dict[str, int | str] = {
        "address": server.url,
        "called": state.called,
        "not called": len(state.not_called),
        "not served": state.not_served,
    }
    diagnostics = sort_unique((*output.diagnostics, *nothing, *report.diagnostics))
    return replace(report, diagnostics=diagnostics, summary={"server": counts, **report.summary})


def _report_nothing_checked(called: int) -> Diagnostic:
    message = f"nothing was checked: none of {called} calls got a response that a service describes"
    hint = "check the address and the services of the project"
    return Diagnostic(NOTHING_CHECKED, Location(), message, hint)
