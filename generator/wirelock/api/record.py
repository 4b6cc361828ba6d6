"""record: forward traffic to a server and record it without secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wirelock.api.proxy import (
    DEFAULT_LISTEN,
    REQUIRED_PACKAGES,
    OnListening,
    resolve_endpoints,
    run_proxy,
    warn_of_lost_recording,
)
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, sort_unique
from wirelock.progress import StatusCallback, noop_status
from wirelock.serve.net.extras import check_extra
from wirelock.serve.net.tls import NO_TLS_CONFIG, TlsConfig
from wirelock.traffic.recordings.recorder import make_recorder

NOTHING_RECORDED = Code("NOTHING_RECORDED", Severity.ERROR, fatal=True)


def record(
    upstream: str,
    output: str,
    on_listening: OnListening,
    listen: str = DEFAULT_LISTEN,
    redact: Sequence[str] = (),
    *,
    notify: StatusCallback = noop_status,
    tls: TlsConfig = NO_TLS_CONFIG,
) -> Report:
    """Forward traffic to `upstream` until SIGINT or SIGTERM, and record it into `output` (.har or .ndjson).

    `redact` lists JSONPaths (RFC 9535) of secrets in documents; credentials in headers, queries, forms and documents
    are redacted anyway. `notify` receives notices: what shutdown waits for, a recording that stopped, and a listener
    without access control.
    """
    absent = check_extra("live", REQUIRED_PACKAGES)
    if absent is not None:
        return Report((absent,))
    endpoints = resolve_endpoints(upstream, listen, tls)
    if isinstance(endpoints, Diagnostic):
        return Report((endpoints,))
    recorder = make_recorder(output, redact, endpoints[0].authorization, warn_of_lost_recording(notify))
    if isinstance(recorder, Diagnostic):
        return Report((recorder,))
    from wirelock.serve.proxy.inspection import Inspector
    from wirelock.serve.proxy.server import Proxy

    report = run_proxy(Proxy(*endpoints, Inspector(None, None, recorder)), on_listening, notify, recorder)
    if recorder.counts["exchanges"] or report.exit_code:
        return report
    hint = f"send the client's requests to http://{endpoints[1]} instead of to the server"
    nothing = Diagnostic(NOTHING_RECORDED, Location(output), "nothing was recorded: received no requests", hint)
    return replace(report, diagnostics=sort_unique((*report.diagnostics, nothing)))
