"""serve: a gRPC service in front of a JSON API, until it is told to end."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from wirelock.api.emit import emitted
from wirelock.build import build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, Report
from wirelock.loader import load
from wirelock.progress import silent
from wirelock.serve.net.event_loop import run
from wirelock.serve.net.extras import LIVE, missing
from wirelock.serve.net.gc_freeze import undisturbed
from wirelock.serve.net.tls import NO_TLS, TlsFiles

if TYPE_CHECKING:
    from wirelock.serve.bridge.listen import Listen
    from wirelock.serve.bridge.server import Bridge
    from wirelock.serve.net.upstream import Upstream

Violations = Literal["refuse", "warn"]
Ends = tuple["Upstream", "Listen"]


def serve(
    config: Config,
    upstream: str,
    listen: str,
    violations: Violations = "refuse",
    upstream_tls: TlsFiles = NO_TLS,
    listen_tls: TlsFiles = NO_TLS,
    *,
    metrics: str = "",
    traces: bool = False,
) -> Report:
    """Serve a project's services over gRPC in front of the server at an address, until SIGTERM or SIGINT.

    An answer that breaks its schema fails the call, or with `violations` "warn" goes on where its message can hold it.
    `metrics` is the address where they are served over HTTP, "" for nowhere; `traces` go where the variables `OTEL_*`
    say, which may ask for them too. Credentials for the server come from the environment; what happens goes to the
    logger `wirelock.serve`. The report says why it could not run, and is empty otherwise.
    """
    absent = missing("live", LIVE)
    if absent is not None:
        return Report((absent,))
    bridge = _bridge(config, upstream, listen, violations, upstream_tls, listen_tls)
    if isinstance(bridge, tuple):
        return Report(bridge)
    with undisturbed():
        trouble = run(_observed(bridge, metrics, traces=traces))
    return Report() if trouble is None else Report((trouble,))


async def _observed(bridge: Bridge, metrics: str, *, traces: bool) -> Diagnostic | None:
    """Serve with what observes; gives why it cannot."""
    from wirelock.serve.bridge.server import serve
    from wirelock.serve.bridge.telemetry.setup import Wishes, observation

    async with observation(Wishes(metrics, traces), os.environ) as seen:
        if isinstance(seen, Diagnostic):
            return seen
        return await serve(replace(bridge, watch=seen))


def _bridge(
    config: Config, upstream: str, listen: str, violations: Violations, upstream_tls: TlsFiles, listen_tls: TlsFiles
) -> Bridge | tuple[Diagnostic, ...]:
    """What serves, or why nothing can."""
    from wirelock.serve.bridge.hooks import Observers
    from wirelock.serve.bridge.logging import Journal  # these need the optional packages
    from wirelock.serve.bridge.server import Bridge
    from wirelock.serve.bridge.telemetry.notes import PassedOn

    ends = between(upstream, listen, upstream_tls, listen_tls)
    if isinstance(ends, Diagnostic):
        return (ends,)
    built = build(config)
    output = emitted(built, silent)
    if not output.sound:
        return output.diagnostics
    return Bridge(built, load(built, output.artifacts), *ends, Observers((Journal(), PassedOn())), violations)


def between(
    upstream: str, listen: str, upstream_tls: TlsFiles = NO_TLS, listen_tls: TlsFiles = NO_TLS
) -> Ends | Diagnostic:
    """Both ends of a bridge: the server that is called, with credentials of the environment, and where it listens.

    Credentials are lent to nobody but this machine, and those who show a certificate: a caller cannot bring any.
    """
    from wirelock.serve.bridge.listen import listen as listening
    from wirelock.serve.net.credential_policy import lent
    from wirelock.serve.net.upstream import upstream as called

    server, where = called(upstream, os.environ, upstream_tls), listening(listen, listen_tls)
    if isinstance(server, Diagnostic):
        return server
    if isinstance(where, Diagnostic):
        return where
    return lent(server, where.address) or (server, where)
