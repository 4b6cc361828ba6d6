"""serve: a gRPC service in front of a JSON API, until it is told to end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from wirelock.api.emitting import emitted
from wirelock.api.progress import silent
from wirelock.artifacts import load
from wirelock.build import build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, Report
from wirelock.serve.extras import LIVE, missing
from wirelock.serve.tls import NO_TLS, TlsFiles


def serve(
    config: Config, upstream: str, listen: str, upstream_tls: TlsFiles = NO_TLS, listen_tls: TlsFiles = NO_TLS
) -> Report:
    """Serve a project's services over gRPC in front of the server at an address, until SIGTERM or SIGINT.

    Credentials for the server come from the environment; what happens goes to the logger `wirelock.serve`. The report
    says why it could not run, and is empty otherwise.
    """
    run = missing("live", LIVE) or _prepared(config, upstream, listen, upstream_tls, listen_tls)
    trouble = run if isinstance(run, Diagnostic | tuple) else run()
    if trouble is None:
        return Report()
    return Report((trouble,) if isinstance(trouble, Diagnostic) else trouble)


def _prepared(
    config: Config, upstream: str, listen: str, upstream_tls: TlsFiles, listen_tls: TlsFiles
) -> Callable[[], Diagnostic | None] | tuple[Diagnostic, ...] | Diagnostic:
    """What serves, or why nothing can."""
    from wirelock.serve.bridge.journal import Journal  # these need the optional packages
    from wirelock.serve.bridge.listening import listen as at
    from wirelock.serve.bridge.server import Bridge, serve
    from wirelock.serve.upstream import upstream as server_at

    server, where = server_at(upstream, os.environ, upstream_tls), at(listen, listen_tls)
    if isinstance(server, Diagnostic):
        return server
    if isinstance(where, Diagnostic):
        return where
    built = build(config)
    output = emitted(built, silent)
    if not output.sound:
        return output.diagnostics
    bridge = Bridge(built, load(built, output.artifacts), server, where, Journal())
    return lambda: asyncio.run(serve(bridge))
