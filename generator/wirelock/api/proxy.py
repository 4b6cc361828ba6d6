"""proxy: forward traffic to a server and check it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from wirelock.api.emit import EmittedFiles, emit_all
from wirelock.api.excerpts import add_excerpts
from wirelock.api.project import Project
from wirelock.build import Build, build
from wirelock.diagnostics import Diagnostic, Report, sort_unique
from wirelock.loader import load_artifacts
from wirelock.progress import ProgressCallback, StatusCallback, noop_progress, noop_status
from wirelock.report import html, live
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.serve.net.extras import check_extra
from wirelock.serve.net.gc_freeze import frozen_gc
from wirelock.serve.net.tls import NO_TLS_CONFIG, TlsConfig
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.conformance.expectations import mark_expected
from wirelock.traffic.recordings.recorder import OnWarning, Recorder, make_recorder

if TYPE_CHECKING:
    from wirelock.serve.net.listen import ListenAddress
    from wirelock.serve.net.upstream import Upstream
    from wirelock.serve.proxy.server import Proxy

REQUIRED_PACKAGES = ("aiohttp",)
DEFAULT_LISTEN = "127.0.0.1:4097"
"""Default listen address."""
Mode = Literal["report", "enforce"]
OnListening = Callable[[str], None]
"""A callback for the proxy's address once it listens."""
Endpoints = tuple["Upstream", "ListenAddress"]


def proxy(
    project: Project,
    upstream: str,
    on_listening: OnListening,
    listen: str = DEFAULT_LISTEN,
    mode: Mode = "report",
    record: str = "",
    progress: ProgressCallback = noop_progress,
    *,
    notify: StatusCallback = noop_status,
    tls: TlsConfig = NO_TLS_CONFIG,
) -> Report:
    """Forward traffic to `upstream` until SIGINT or SIGTERM, and check it.

    Mode "enforce" blocks violating traffic. `record` names a file to record into (.har, .ndjson). Credentials for the
    server come from the environment. `notify` receives notices: what shutdown waits for, a recording that stopped, and
    a listener without access control.
    """
    config = project.config
    absent = check_extra("live", REQUIRED_PACKAGES)
    if absent is not None:
        return Report((absent,))
    built = build(config)
    output = emit_all(built, progress)
    if not output.is_sound:
        return Report(output.diagnostics)
    endpoints = resolve_endpoints(upstream, listen, tls)
    if isinstance(endpoints, Diagnostic):
        return Report((endpoints,))
    recorder = (
        make_recorder(record, config.redact, endpoints[0].authorization, warn_of_lost_recording(notify))
        if record
        else None
    )
    if isinstance(recorder, Diagnostic):
        return Report((recorder,))
    progress("building validators", 0, 1)
    server = build_proxy(built, output, endpoints, mode, recorder)
    with frozen_gc():
        report = run_proxy(server, on_listening, notify, recorder)
    diagnostics = mark_expected(report.diagnostics, config.expect, ())
    return replace(report, diagnostics=sort_unique((*output.diagnostics, *diagnostics)))


def warn_of_lost_recording(notify: StatusCallback) -> OnWarning:
    """Return a callback that reports a stopped recording or a skipped exchange at once."""

    def warn(lost: Diagnostic) -> None:
        further = "traffic continues unrecorded" if lost.code.fatal else "recording continues"
        notify(f"{lost.code.id}: {escape_unprintable(lost.location.file)} {lost.message}; {further}")

    return warn


def build_proxy(
    built: Build, output: EmittedFiles, endpoints: Endpoints, mode: Mode, recorder: Recorder | None
) -> Proxy:
    """Build a proxy that checks traffic."""
    from wirelock.serve.proxy.inspection import Inspector
    from wirelock.serve.proxy.live_page import LivePage, PageRenderers
    from wirelock.serve.proxy.results import ContinuousCheck
    from wirelock.serve.proxy.server import Proxy

    loaded = load_artifacts(built, output.artifacts)
    loaded.prepare()
    gate = ConformanceCheck(built.graph, loaded.get_contract) if mode == "enforce" else None
    credentials = endpoints[0].known_credentials
    check = ContinuousCheck(ConformanceCheck(built.graph, loaded.get_contract), credentials)
    inspector = Inspector(check, gate, recorder, lambda key: loaded.get_contract(key).build_steps(), credentials)

    def prepare_report(report: Report) -> Report:
        diagnostics = mark_expected(report.diagnostics, built.config.expect, ())
        return add_excerpts(built.config, replace(report, diagnostics=diagnostics))

    renderers = PageRenderers(
        live.render_page(),
        lambda report: live.render_parts(prepare_report(report)),
        lambda report: html.render(prepare_report(report)),
    )
    return Proxy(*endpoints, inspector, mode, LivePage(renderers, inspector))


def resolve_endpoints(upstream: str, listen: str, tls: TlsConfig = NO_TLS_CONFIG) -> Endpoints | Diagnostic:
    """Resolve both endpoints of a proxy: the upstream with credentials of the environment, and the listen address.

    The proxy adds the credentials only for local clients and for clients with a certificate.
    """
    from wirelock.serve.net.credential_policy import check_credential_policy
    from wirelock.serve.net.listen import parse_listen_address
    from wirelock.serve.net.upstream import resolve_upstream

    server = resolve_upstream(upstream, os.environ, tls.upstream)
    if isinstance(server, Diagnostic):
        return server
    address = parse_listen_address(listen, tls.listen)
    if isinstance(address, Diagnostic):
        return address
    return check_credential_policy(server, address, "remove our credentials, so that clients send their own") or (
        server,
        address,
    )


def run_proxy(proxy: Proxy, on_listening: OnListening, notify: StatusCallback, recorder: Recorder | None) -> Report:
    """Run a proxy until SIGINT or SIGTERM; return its findings and recording counts."""
    from wirelock.serve.proxy.server import serve_until_signal

    if not proxy.listen.is_loopback and proxy.listen.tls is None:
        notify(f"warning: no TLS; everyone who reaches {proxy.listen} can call the server")
    report = asyncio.run(serve_until_signal(proxy, on_listening, notify))
    if recorder is None:
        return report
    recorder.close()
    summary = {**report.summary, "recording": recorder.counts}
    return replace(report, diagnostics=sort_unique((*report.diagnostics, *recorder.findings)), summary=summary)
