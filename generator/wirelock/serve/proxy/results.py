"""Results of a check of unbounded traffic in bounded memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from wirelock.diagnostics import Case, Diagnostic, Location, Outcome, Report, sort_unique
from wirelock.ir import TypeId
from wirelock.runtime.json.formatting import format_count
from wirelock.serve.proxy.finding_groups import FindingGroups, build_upstream_failure
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.conformance.codes import NOTHING_CHECKED
from wirelock.traffic.conformance.results import NothingCheckedReason
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.redaction import reports
from wirelock.traffic.redaction.credentials import NO_CREDENTIALS, KnownCredentials

_HINTS = {
    NothingCheckedReason.NO_EXCHANGE: "see the counts of the proxy for the reasons",
    NothingCheckedReason.UNDOCUMENTED: "check that the schemas describe this API",
    NothingCheckedReason.NO_RESPONSE: "check that the server is running, and that --upstream is its address",
    NothingCheckedReason.NO_BODY: "see the note at each response for the reason",
}


@dataclass(frozen=True, slots=True)
class ExchangeResult:
    """The outcome of one exchange, as reports count it, and its findings."""

    outcome: Outcome
    rpc: str
    diagnostics: tuple[Diagnostic, ...]


class ContinuousCheck:
    """A check that may run for weeks; only one thread may use it at a time.

    Findings are redacted: they do not contain `credentials`, those of the proxy for the server.
    """

    def __init__(self, check: ConformanceCheck, credentials: KnownCredentials = NO_CREDENTIALS) -> None:
        self._check = check
        self._credentials = credentials
        self._groups = FindingGroups()
        self._cases: dict[tuple[str, Outcome], Case] = {}
        self._outcomes: Counter[tuple[str, Outcome]] = Counter()

    def find_types(self, exchange: Exchange) -> frozenset[TypeId]:
        """Return the types that the check of an exchange may need."""
        return self._check.find_types(exchange)

    def add_exchange(self, exchange: Exchange) -> ExchangeResult:
        """Check an exchange."""
        self._check.check_exchange(exchange)
        return self._take_result()

    def add_events(self, exchange: Exchange, first: int) -> ExchangeResult:
        """Check further events of a stream; `first` is the 0-based index of the first of them."""
        self._check.check_further_events(exchange, first)
        return self._take_result()

    def add_failure(self, message: str, exchange: Exchange) -> None:
        """Count an exchange without a valid response of the server."""
        self._groups.add((build_upstream_failure(message, exchange.recording),))
        if not exchange.status:
            self._check.count_unanswered()

    def build_report(self, counts: dict[str, int | str]) -> Report:
        """Return the report of the results so far; `counts` are those of the proxy."""
        report = reports.redact_report(replace(self._check.to_report(), cases=self._count_cases()), self._credentials)
        dropped = self._groups.dropped
        further: dict[str, int | str] = {"findings left out": dropped} if dropped else {}
        return replace(
            report,
            diagnostics=sort_unique((*self._groups.to_diagnostics(), *self._report_nothing_checked(counts))),
            summary={"proxy": counts | further, **report.summary},
        )

    def _count_cases(self) -> tuple[Case, ...]:
        return tuple(replace(case, occurrences=self._outcomes[key]) for key, case in self._cases.items())

    def _report_nothing_checked(self, counts: dict[str, int | str]) -> tuple[Diagnostic, ...]:
        reason = self._check.nothing_checked_reason
        if reason is None:
            return ()
        requests = counts["requests"]
        received, hint = "received no requests", "send the requests of the client to the proxy instead of to the server"
        if isinstance(requests, int) and requests:
            received, hint = f"received {format_count(requests, 'request')}, {reason.value}", _HINTS[reason]
        return (Diagnostic(NOTHING_CHECKED, Location(), f"nothing was checked: {received}", hint),)

    def _take_result(self) -> ExchangeResult:
        taken, cases = self._check.take_findings()
        diagnostics = reports.redact_diagnostics(taken, self._credentials)
        self._groups.add(diagnostics)
        for case in cases:
            key = (case.rpc, case.outcome)
            self._cases.setdefault(key, case)
            self._outcomes[key] += 1
        outcome, rpc = (cases[0].outcome, cases[0].rpc) if cases else (Outcome.STREAM, "")
        return ExchangeResult(outcome, rpc, diagnostics)
