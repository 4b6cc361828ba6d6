"""The check of exchanges and documents against validator, model and codec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from wirelock.diagnostics import Case, Coverage, Diagnostic, Location, Outcome, Report, sort_unique
from wirelock.ir import Method, TypeGraph, TypeId
from wirelock.runtime.findings import Contract
from wirelock.runtime.json.formatting import format_count
from wirelock.runtime.json.text import parse
from wirelock.traffic.conformance.bodies import classify_request, classify_response, find_documented
from wirelock.traffic.conformance.codes import BODY_NOT_CHECKED, NOTHING_CHECKED, ROUTE_UNDOCUMENTED, SERVER_ERROR
from wirelock.traffic.conformance.coverage import CoverageRecorder
from wirelock.traffic.conformance.examples import ExampleCollector
from wirelock.traffic.conformance.locations import FindingContext, context_of_document, context_of_exchange
from wirelock.traffic.conformance.outcomes import BodyCheck, BodyClass, Conforming, EventStream, Mismatch, SkippedBody
from wirelock.traffic.conformance.results import CheckResult, NothingCheckedReason, find_nothing_checked_reason
from wirelock.traffic.conformance.verdict import RoundTrip, judge
from wirelock.traffic.http.exchange import Exchange, RecordedDocument
from wirelock.traffic.http.router import RouteMatch, Router

_HINTS = {
    NothingCheckedReason.NO_EXCHANGE: "check that the recordings contain exchanges",
    NothingCheckedReason.UNDOCUMENTED: "check that the recordings are of this API",
    NothingCheckedReason.NO_RESPONSE: "record again while the server responds",
    NothingCheckedReason.NO_BODY: "see the note of each response, and record again with bodies",
}


class ConformanceCheck:
    """Checks exchanges and documents one at a time; the attributes are the results so far.

    `contracts` returns the contract of a type. `bodies` counts checked bodies, `answers` checked responses, events and
    documents.
    """

    def __init__(self, graph: TypeGraph, contracts: Callable[[TypeId], Contract]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.outcomes: Counter[Outcome] = Counter()
        self.round_trips: Counter[RoundTrip] = Counter()
        self.bodies = 0
        self.answers = 0
        self._documented: Counter[str] = Counter()
        self._cases: list[Case] = []
        self._examples = ExampleCollector()
        self._graph = graph
        self._contracts = contracts
        self._router = Router(graph.services)
        self._coverage = CoverageRecorder(graph.definitions)
        self._documents: set[TypeId] = set()
        self._types = {key for service in graph.services for method in service.methods for key in _list_types(method)}

    def check_exchange(self, exchange: Exchange, *, must_serve: bool = False) -> None:
        """Check the request and the response of one exchange against its method.

        With `must_serve`, a server error (RFC 9110, 15.6) is a violation even if it is documented.
        """
        match = self._router.find(exchange)
        if match is None:
            self._count(context_of_exchange(exchange, ""), Outcome.UNMATCHED)
            context = context_of_exchange(exchange, "request")
            self.diagnostics.append(
                context.make_diagnostic(ROUTE_UNDOCUMENTED, "", self._router.explain_mismatch(exchange))
            )
            return
        self._coverage.record_method(match.route.service, match.route.method)
        self._documented["answered" if exchange.status else "unanswered"] += 1
        request = classify_request(exchange, match, self._graph.definitions)
        response = classify_response(exchange, match, self._graph.definitions)
        request_outcome = self._check_part(context_of_exchange(exchange, "request", match), request)
        bodies_before = self.bodies
        outcome = self._check_part(context_of_exchange(exchange, "response", match), response)
        self.answers += self.bodies - bodies_before
        if must_serve and exchange.status >= 500 and outcome in (Outcome.CONFORMING, Outcome.VIOLATING):
            outcome = self._report_server_error(context_of_exchange(exchange, "response", match), match)
        is_success = exchange.status < 400 and (outcome is Outcome.CONFORMING or not exchange.status)
        if is_success and request_outcome is Outcome.VIOLATING:
            outcome = Outcome.VIOLATING
        self._count(context_of_exchange(exchange, "", match), outcome)

    def count_unanswered(self) -> None:
        """Count an exchange without a response."""
        self._documented["unanswered"] += 1

    def check_further_events(self, exchange: Exchange, first: int) -> None:
        """Check further events of a stream, from the one numbered `first`; its exchange was checked before."""
        match = self._router.find(exchange)
        part = classify_response(exchange, match, self._graph.definitions) if match else None
        if match and isinstance(part, EventStream):
            self._check_events(context_of_exchange(exchange, "response", match), part.events, first)
            self.answers += len(part.events)

    def find_types(self, exchange: Exchange) -> frozenset[TypeId]:
        """Return the types that an exchange may use."""
        match = self._router.find(exchange)
        if match is None:
            return frozenset()
        bodies = find_documented(match.route.method.responses, exchange.status)
        return frozenset({match.route.method.request, *(body.type for body in bodies if body.type)})

    def take_findings(self) -> tuple[tuple[Diagnostic, ...], tuple[Case, ...]]:
        """Return and forget the findings and cases since the last call.

        For a check that runs for weeks; the services bound everything else that it keeps.
        """
        diagnostics, cases = tuple(self.diagnostics), tuple(self._cases)
        self.diagnostics.clear()
        self._cases.clear()
        return diagnostics, cases

    def check_document(self, document: RecordedDocument, key: TypeId) -> None:
        """Check one document against a type."""
        self._documents.add(key)
        context = context_of_document(document)
        self._count(context, self._check_part(context, BodyCheck(key, document.text)))
        self.answers += 1

    def to_result(self) -> CheckResult:
        """Return the results so far as a value."""
        return CheckResult(
            sort_unique(self.diagnostics),
            dict(self.outcomes),
            dict(self.round_trips),
            self.bodies,
            self.answers,
            dict(self._documented),
            {kind: tuple(sorted(names)) for kind, names in self._coverage.seen.items()},
            tuple(sorted(self._documents)),
            tuple(self._cases),
            tuple(self._examples.examples),
        )

    def add(self, result: CheckResult) -> None:
        """Add the results of another check of the same graph."""
        self.diagnostics += result.diagnostics
        self.outcomes.update(result.outcomes)
        self.round_trips.update(result.round_trips)
        self.bodies += result.bodies
        self.answers += result.answers
        self._documented.update(result.documented)
        for kind, names in result.exercised.items():
            self._coverage.seen[kind] |= {*names}
        self._documents |= {*result.types}
        self._cases += result.cases
        self._examples.merge(result.examples)

    @property
    def nothing_checked_reason(self) -> NothingCheckedReason | None:
        """The reason why no response was checked, or None if one was."""
        if self.answers:
            return None
        return find_nothing_checked_reason(
            self.outcomes.total(), self._documented["answered"], self._documented["unanswered"]
        )

    def report_nothing_checked(self) -> tuple[Diagnostic, ...]:
        """Return an error if no response was checked; nothing checked is not success, and requests do not count."""
        reason = self.nothing_checked_reason
        if reason is None:
            return ()
        message = f"nothing was checked: {format_count(self.outcomes.total(), 'exchange')} read, {reason.value}"
        return (Diagnostic(NOTHING_CHECKED, Location(), message, _HINTS[reason]),)

    def to_report(self) -> Report:
        """Return a report of findings and counts, and of coverage unless nothing was checked."""
        exchanges: dict[str, int | str] = {outcome.value: self.outcomes[outcome] for outcome in Outcome}
        trips: dict[str, int | str] = {result.value: self.round_trips[result] for result in RoundTrip}
        summary: dict[str, dict[str, int | str]] = {
            "exchanges": {"total": self.outcomes.total(), **exchanges},
            "round trips": {"total": self.round_trips.total(), **trips},
        }
        coverage: tuple[Coverage, ...] = ()
        if not self.nothing_checked_reason:
            coverage = self._coverage.to_coverage(self._graph.services, self._types | self._documents)
        cases, examples = tuple(self._cases), tuple(self._examples.examples)
        return Report(sort_unique(self.diagnostics), summary, coverage, cases=cases, examples=examples)

    def _count(self, context: FindingContext, outcome: Outcome) -> None:
        self.outcomes[outcome] += 1
        self._cases.append(Case(context.ref, context.rpc, outcome))

    def _report_server_error(self, context: FindingContext, match: RouteMatch) -> Outcome:
        message = f"{match.route.method.name} returned {context.ref.status}: the server failed"
        hint = "see the log of the server; a documented server error is still a failure"
        self.diagnostics.append(context.make_diagnostic(SERVER_ERROR, "", message, hint))
        return Outcome.VIOLATING

    def _check_part(self, context: FindingContext, part: BodyClass) -> Outcome:
        """Check one part and return the outcome of its exchange."""
        match part:
            case Conforming():
                self.bodies += 1
                return Outcome.CONFORMING
            case SkippedBody(reason, outcome):
                self.diagnostics.append(context.make_diagnostic(BODY_NOT_CHECKED, "", f"not checked: {reason}"))
                return outcome
            case Mismatch(code, message, hint, outcome):
                self.bodies += 1
                self.diagnostics.append(context.make_diagnostic(code, "", message, hint))
                return outcome
            case BodyCheck():
                return self._check_body(context, part)
            case EventStream(events):
                self._check_events(context, events, 0)
                return Outcome.STREAM

    def _check_events(self, context: FindingContext, events: Iterable[BodyCheck], first: int) -> None:
        for index, event in enumerate(events, first):
            self._check_body(context.for_event(index), event)

    def _check_body(self, context: FindingContext, body_check: BodyCheck) -> Outcome:
        self.bodies += 1
        verdict = judge(self._contracts(body_check.type), body_check.text)
        for diagnostic, pointer in context.list_diagnostics(verdict, body_check):
            self.diagnostics.append(diagnostic)
            self._examples.add(diagnostic, body_check, pointer)
        if verdict.round_trip is not None:
            self.round_trips[verdict.round_trip] += 1
        if verdict.is_valid:
            self._coverage.record_document(body_check.type, parse(body_check.text))
        return Outcome.CONFORMING if verdict.is_accepted else Outcome.VIOLATING


def _list_types(method: Method) -> Iterable[TypeId]:
    """List the types of a method's HTTP bodies."""
    if method.verb:
        yield method.request
        yield from (body.type for body in method.responses if body.type is not None)
