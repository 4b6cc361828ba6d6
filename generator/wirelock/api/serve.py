"""serve: a gRPC service in front of a JSON API."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from wirelock.api.emit import emit_all
from wirelock.api.project import Project
from wirelock.build import build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, Report
from wirelock.loader import load_artifacts
from wirelock.progress import noop_progress
from wirelock.serve.net.event_loop import run
from wirelock.serve.net.extras import LIVE_PACKAGES, check_extra
from wirelock.serve.net.gc_freeze import frozen_gc
from wirelock.serve.net.tls import NO_TLS, TlsFiles

if TYPE_CHECKING:
    from wirelock.serve.bridge.listen import GrpcListenAddress
    from wirelock.serve.bridge.server import Bridge
    from wirelock.serve.net.upstream import Upstream

OnViolation = Literal["refuse", "warn"]
Endpoints = tuple["Upstream", "GrpcListenAddress"]


def serve(
    project: Project,
    upstream: str,
    listen: str,
    violations: OnViolation = "refuse",
    upstream_tls: TlsFiles = NO_TLS,
    listen_tls: TlsFiles = NO_TLS,
    *,
    metrics: str = "",
    traces: bool = False,
) -> Report:
    """Serve a project's services over gRPC in front of an HTTP server, until SIGTERM or SIGINT.

    A response that violates its schema fails the call; with `violations` "warn" it passes if its message can hold it.
    `metrics` is the HTTP address for metrics, or "". `traces` sends traces to the collector that the `OTEL_*` variables
    name; these variables alone enable traces too. Credentials for the server come from the environment. Events go to
    the logger `wirelock.serve`. The report is empty unless the bridge could not run.
    """
    config = project.config
    absent = check_extra("live", LIVE_PACKAGES)
    if absent is not None:
        return Report((absent,))
    bridge = _build_bridge(config, upstream, listen, violations, upstream_tls, listen_tls)
    if isinstance(bridge, tuple):
        return Report(bridge)
    with frozen_gc():
        trouble = run(_serve_with_telemetry(bridge, metrics, traces=traces))
    return Report() if trouble is None else Report((trouble,))


async def _serve_with_telemetry(bridge: Bridge, metrics: str, *, traces: bool) -> Diagnostic | None:
    """Serve with telemetry; return a diagnostic if the bridge cannot run."""
    from wirelock.serve.bridge.server import serve
    from wirelock.serve.bridge.telemetry.setup import TelemetryOptions, start_telemetry

    async with start_telemetry(TelemetryOptions(metrics, traces), os.environ) as telemetry:
        if isinstance(telemetry, Diagnostic):
            return telemetry
        return await serve(replace(bridge, instrumentation=telemetry))


def _build_bridge(
    config: Config, upstream: str, listen: str, violations: OnViolation, upstream_tls: TlsFiles, listen_tls: TlsFiles
) -> Bridge | tuple[Diagnostic, ...]:
    """Build the bridge, or return the reasons why it cannot run."""
    from wirelock.serve.bridge.hooks import CombinedHooks
    from wirelock.serve.bridge.logging import BridgeLogger  # these modules need the optional packages
    from wirelock.serve.bridge.server import Bridge
    from wirelock.serve.bridge.telemetry.notes import NotesHook

    endpoints = resolve_endpoints(upstream, listen, upstream_tls, listen_tls)
    if isinstance(endpoints, Diagnostic):
        return (endpoints,)
    built = build(config)
    output = emit_all(built, noop_progress)
    if not output.is_sound:
        return output.diagnostics
    return Bridge(
        built,
        load_artifacts(built, output.artifacts),
        *endpoints,
        CombinedHooks((BridgeLogger(), NotesHook())),
        violations,
    )


def resolve_endpoints(
    upstream: str, listen: str, upstream_tls: TlsFiles = NO_TLS, listen_tls: TlsFiles = NO_TLS
) -> Endpoints | Diagnostic:
    """Resolve both endpoints of a bridge: the upstream with credentials of the environment, and the listen address.

    The bridge adds the credentials only for local clients and for clients with a certificate; clients cannot bring
    their own.
    """
    from wirelock.serve.bridge.listen import parse_grpc_listen_address
    from wirelock.serve.net.credential_policy import check_credential_policy
    from wirelock.serve.net.upstream import resolve_upstream

    server = resolve_upstream(upstream, os.environ, upstream_tls)
    address = parse_grpc_listen_address(listen, listen_tls)
    if isinstance(server, Diagnostic):
        return server
    if isinstance(address, Diagnostic):
        return address
    return check_credential_policy(server, address.address) or (server, address)
