"""record: pass traffic on to a server, and record it without its secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wirelock.api.proxy import LISTEN, NEEDED, Told, between, ran, unrecorded
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, in_order
from wirelock.progress import Noted, unheard
from wirelock.serve.net.extras import missing
from wirelock.serve.net.tls import PLAIN, TlsEnds
from wirelock.traffic.recordings.recorder import recorder

NOTHING_RECORDED = Code("NOTHING_RECORDED", Severity.ERROR, fatal=True)


def record(
    upstream: str,
    output: str,
    told: Told,
    listen: str = LISTEN,
    redact: Sequence[str] = (),
    *,
    noted: Noted = unheard,
    tls: TlsEnds = PLAIN,
) -> Report:
    """Pass traffic on to the server at `upstream` until the process is asked to end, and record it into `output`.

    The file is a HAR or NDJSON, by its ending. `redact` are JSONPaths (RFC 9535) of what is secret in documents,
    besides what is known to be: credentials in header fields, queries, forms and documents. `noted` is told what is
    waited for at the end, that recording had to stop, and who can reach the proxy if that may be anybody.
    """
    absent = missing("live", NEEDED)
    if absent is not None:
        return Report((absent,))
    ends = between(upstream, listen, tls)
    if isinstance(ends, Diagnostic):
        return Report((ends,))
    writing = recorder(output, redact, ends[0].authorization, unrecorded(noted))
    if isinstance(writing, Diagnostic):
        return Report((writing,))
    from wirelock.serve.proxy.inspection import Watch
    from wirelock.serve.proxy.server import Proxy

    report = ran(Proxy(*ends, Watch(None, None, writing)), told, noted, writing)
    if writing.counts["exchanges"] or report.exit_code:
        return report
    hint = f"send the client's requests to http://{ends[1]} instead of to the server"
    nothing = Diagnostic(NOTHING_RECORDED, Location(output), "nothing was recorded: no request came", hint)
    return replace(report, diagnostics=in_order((*report.diagnostics, nothing)))
