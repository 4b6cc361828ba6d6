"""From verdicts on one part of one exchange to diagnostics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wirelock.diagnostics import Code, Diagnostic, ExchangeRef, Location, Severity
from wirelock.runtime.findings import Finding
from wirelock.traffic.conformance.codes import DISAGREEMENT, FINDINGS, ROUND_TRIP_MISMATCH
from wirelock.traffic.conformance.outcomes import Held
from wirelock.traffic.conformance.verdict import Verdict
from wirelock.traffic.http.exchange import Document, Exchange
from wirelock.traffic.http.router import Match


@dataclass(frozen=True, slots=True)
class Subject:
    """What diagnostics are about: a part of an exchange or a document, and the RPC; `line` is 0 where it is not known.

    With `refused`, the server did not take the request either: what is wrong with it is a note.
    """

    ref: ExchangeRef
    rpc: str = ""
    line: int = 0
    refused: bool = False

    def of_event(self, index: int) -> Subject:
        """One event of the stream that this subject is."""
        return replace(self, ref=replace(self.ref, part="event", event=index))

    def diagnostic(self, code: Code, pointer: str, message: str, hint: str = "") -> Diagnostic:
        """A diagnostic about this subject."""
        where = Location(self.ref.recording, self.line, 1 if self.line else 0, pointer)
        severity = Severity.NOTE if self.refused else None
        return Diagnostic(code, where, message, hint, severity, self.ref, rpc=self.rpc)

    def of_verdict(self, verdict: Verdict, held: Held) -> Iterator[Diagnostic]:
        """Everything that a verdict says, with pointers into the HTTP body."""
        for raised in verdict.raised:
            yield self._of_finding(FINDINGS[raised.finding.code], raised.finding, held, raised.by)
        if verdict.disagreement:
            hint = "this is a fault of wirelock: please report it, with the schema and the body"
            yield self.diagnostic(DISAGREEMENT, held.inside, verdict.disagreement, hint)
        if verdict.loss is not None:
            yield self._of_finding(ROUND_TRIP_MISMATCH, verdict.loss, held, ("codec",))

    def _of_finding(self, code: Code, finding: Finding, held: Held, by: tuple[str, ...]) -> Diagnostic:
        plain = self.diagnostic(code, held.shown(finding.pointer), finding.message)
        severity = Severity.WARNING if finding.warning and not self.refused else plain.severity
        return replace(plain, severity=severity, schema=finding.schema, raised_by=by)


def of_exchange(exchange: Exchange, part: str, match: Match | None = None) -> Subject:
    """One part (request, response) of an exchange."""
    ref = ExchangeRef(exchange.recording, exchange.index, exchange.method, exchange.url, exchange.status, part)
    rpc = f"{match.route.service.name}.{match.route.method.name}" if match else ""
    return Subject(ref, rpc, refused=part == "request" and exchange.status >= 400)


def of_document(document: Document) -> Subject:
    """A bare document."""
    return Subject(ExchangeRef(document.recording, document.index, "", "", 0, "document"), line=document.line)
