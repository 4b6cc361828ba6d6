"""Diagnostics of a part of an exchange, from its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wirelock.diagnostics import Code, Diagnostic, ExchangeRef, Location, Severity
from wirelock.runtime.findings import Finding
from wirelock.traffic.conformance.codes import DISAGREEMENT, FINDINGS, ROUND_TRIP_MISMATCH
from wirelock.traffic.conformance.outcomes import BodyCheck
from wirelock.traffic.conformance.verdict import Verdict
from wirelock.traffic.http.exchange import Exchange, RecordedDocument
from wirelock.traffic.http.router import RouteMatch


@dataclass(frozen=True, slots=True)
class FindingContext:
    """The part of an exchange, or the document, of a diagnostic, with its RPC; `line` is 0 if unknown.

    If `is_rejected`, the server rejected the request too, so its faults are notes.
    """

    ref: ExchangeRef
    rpc: str = ""
    line: int = 0
    is_rejected: bool = False

    def for_event(self, index: int) -> FindingContext:
        """Return the context of one event of a stream."""
        return replace(self, ref=replace(self.ref, part="event", event=index))

    def make_diagnostic(self, code: Code, pointer: str, message: str, hint: str = "") -> Diagnostic:
        """Make a diagnostic in this context."""
        location = Location(self.ref.recording, self.line, 1 if self.line else 0, pointer)
        severity = Severity.NOTE if self.is_rejected else None
        return Diagnostic(code, location, message, hint, severity, self.ref, rpc=self.rpc)

    def list_diagnostics(self, verdict: Verdict, body_check: BodyCheck) -> Iterator[tuple[Diagnostic, str]]:
        """Yield the diagnostics of a verdict, which point into the HTTP body, and their pointers into the text."""
        for entry in verdict.findings:
            code = FINDINGS[entry.finding.code]
            yield self._from_finding(code, entry.finding, body_check, entry.found_by), entry.finding.pointer
        if verdict.disagreement:
            hint = "this is a bug in wirelock: please report it with the schema and the body"
            yield self.make_diagnostic(DISAGREEMENT, "", verdict.disagreement, hint), body_check.body_pointer
        if verdict.loss is not None:
            diagnostic = self._from_finding(ROUND_TRIP_MISMATCH, verdict.loss, body_check, ("codec",))
            yield diagnostic, verdict.loss.pointer

    def _from_finding(
        self, code: Code, finding: Finding, body_check: BodyCheck, found_by: tuple[str, ...]
    ) -> Diagnostic:
        diagnostic = self.make_diagnostic(code, body_check.to_body_pointer(finding.pointer), finding.message)
        severity = Severity.WARNING if finding.warning and not self.is_rejected else diagnostic.severity
        return replace(diagnostic, severity=severity, schema_location=finding.schema, raised_by=found_by)


def context_of_exchange(exchange: Exchange, part: str, match: RouteMatch | None = None) -> FindingContext:
    """Return the context of a part (request, response) of an exchange."""
    ref = ExchangeRef(exchange.recording, exchange.index, exchange.method, exchange.url, exchange.status, part)
    rpc = f"{match.route.service.name}.{match.route.method.name}" if match else ""
    return FindingContext(ref, rpc, is_rejected=part == "request" and exchange.status >= 400)


def context_of_document(document: RecordedDocument) -> FindingContext:
    """Return the context of a document."""
    return FindingContext(ExchangeRef(document.recording, document.index, "", "", 0, "document"), line=document.line)
