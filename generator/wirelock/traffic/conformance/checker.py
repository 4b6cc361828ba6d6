"""Recorded exchanges and documents held against everything generated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from wirelock.diagnostics import Case, Diagnostic, Location, Report, in_order
from wirelock.ir import Method, TypeGraph, TypeId
from wirelock.runtime.findings import Contract
from wirelock.runtime.json.formatting import counted
from wirelock.runtime.json.text import parse
from wirelock.traffic.conformance.bodies import request_part, response_part, stated
from wirelock.traffic.conformance.codes import BODY_NOT_CHECKED, NOTHING_CHECKED, ROUTE_UNDOCUMENTED, SERVER_ERROR
from wirelock.traffic.conformance.coverage import Exercised
from wirelock.traffic.conformance.examples import Exhibits
from wirelock.traffic.conformance.locations import Subject, of_document, of_exchange
from wirelock.traffic.conformance.nothing_checked import Unheld, reason
from wirelock.traffic.conformance.outcomes import Checked, Fault, Held, Part, Skipped, Streamed
from wirelock.traffic.conformance.results import Tally
from wirelock.traffic.conformance.verdict import judge
from wirelock.traffic.http.exchange import Document, Exchange
from wirelock.traffic.http.router import Match, Routes

OUTCOMES = (
    "conforming",
    "violating",
    "undocumented_status",
    "undocumented_media_type",
    "unmatched",
    "no_body",
    "stream",
)
ROUND_TRIPS = ("equal", "lossy", "failed")
_HINTS = {
    Unheld.UNSEEN: "check that the recordings hold exchanges",
    Unheld.UNDESCRIBED: "check that the recordings are of this API",
    Unheld.UNANSWERED: "record it again while the server answers",
    Unheld.UNKEPT: "see why at each answer, and record it again with its body",
}


class Check:
    """Takes exchanges and documents one at a time; the attributes are what is known so far.

    `contracts` gives what was generated for a type. `bodies` counts what was held, `answers` the answers, events and
    documents among them.
    """

    def __init__(self, graph: TypeGraph, contracts: Callable[[TypeId], Contract]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.outcomes: Counter[str] = Counter()
        self.round_trips: Counter[str] = Counter()
        self.bodies = 0
        self.answers = 0
        self._described: Counter[str] = Counter()
        self._cases: list[Case] = []
        self._exhibits = Exhibits()
        self._graph = graph
        self._contracts = contracts
        self._routes = Routes(graph.services)
        self._exercised = Exercised(graph.definitions)
        self._documents: set[TypeId] = set()
        self._types = {key for service in graph.services for method in service.methods for key in _types(method)}

    def exchange(self, exchange: Exchange, *, must_serve: bool = False) -> None:
        """Hold the request and the response of one exchange against its method.

        With `must_serve` a server error (RFC 9110, 15.6) is a violation, though it is described.
        """
        match = self._routes.find(exchange)
        if match is None:
            self._count(of_exchange(exchange, ""), "unmatched")
            subject = of_exchange(exchange, "request")
            self.diagnostics.append(subject.diagnostic(ROUTE_UNDOCUMENTED, "", self._routes.reason(exchange)))
            return
        self._exercised.method(match.route.service, match.route.method)
        self._described["answered" if exchange.status else "unanswered"] += 1
        request = request_part(exchange, match, self._graph.definitions)
        response = response_part(exchange, match, self._graph.definitions)
        asked = self._part(of_exchange(exchange, "request", match), request)
        before = self.bodies
        answered = self._part(of_exchange(exchange, "response", match), response)
        self.answers += self.bodies - before
        if must_serve and exchange.status >= 500 and answered in ("conforming", "violating"):
            answered = self._failed(of_exchange(exchange, "response", match), match)
        went_well = exchange.status < 400 and (answered == "conforming" or not exchange.status)
        at_fault = asked == "violating" and went_well
        self._count(of_exchange(exchange, "", match), "violating" if at_fault else answered)

    def unanswered(self) -> None:
        """Note an exchange that came to no answer, and is held against nothing."""
        self._described["unanswered"] += 1

    def more(self, exchange: Exchange, first: int) -> None:
        """Hold further events of a stream; its exchange was held before, with those before the one numbered `first`."""
        match = self._routes.find(exchange)
        part = response_part(exchange, match, self._graph.definitions) if match else None
        if match and isinstance(part, Streamed):
            self._events(of_exchange(exchange, "response", match), part.events, first)
            self.answers += len(part.events)

    def types(self, exchange: Exchange) -> frozenset[TypeId]:
        """The types that an exchange may be held against."""
        match = self._routes.find(exchange)
        if match is None:
            return frozenset()
        bodies = stated(match.route.method.responses, exchange.status)
        return frozenset({match.route.method.request, *(body.type for body in bodies if body.type)})

    def take(self) -> tuple[tuple[Diagnostic, ...], tuple[Case, ...]]:
        """What was found, and the cases, since this was last called; they are not kept here any longer.

        For a check that goes on for weeks; everything else that it keeps is bounded by the services.
        """
        found, cases = tuple(self.diagnostics), tuple(self._cases)
        self.diagnostics.clear()
        self._cases.clear()
        return found, cases

    def document(self, document: Document, key: TypeId) -> None:
        """Hold one bare document against a type."""
        self._documents.add(key)
        subject = of_document(document)
        self._count(subject, self._part(subject, Held(key, document.text)))
        self.answers += 1

    def tally(self) -> Tally:
        """What is known so far as a value."""
        return Tally(
            in_order(self.diagnostics),
            dict(self.outcomes),
            dict(self.round_trips),
            self.bodies,
            self.answers,
            dict(self._described),
            {kind: tuple(sorted(names)) for kind, names in self._exercised.seen.items()},
            tuple(sorted(self._documents)),
            tuple(self._cases),
            tuple(self._exhibits.found),
        )

    def add(self, tally: Tally) -> None:
        """Take over what another check of the same graph came to know."""
        self.diagnostics += tally.diagnostics
        self.outcomes.update(tally.outcomes)
        self.round_trips.update(tally.round_trips)
        self.bodies += tally.bodies
        self.answers += tally.answers
        self._described.update(tally.described)
        for kind, names in tally.exercised.items():
            self._exercised.seen[kind] |= {*names}
        self._documents |= {*tally.types}
        self._cases += tally.cases
        self._exhibits.take(tally.exhibits)

    @property
    def unheld(self) -> Unheld | None:
        """Why no answer was checked; None where one was."""
        if self.answers:
            return None
        return reason(self.outcomes.total(), self._described["answered"], self._described["unanswered"])

    def nothing_checked(self) -> tuple[Diagnostic, ...]:
        """The one error if no answer was checked at all: zero checked is not success, nor are requests alone."""
        unheld = self.unheld
        if unheld is None:
            return ()
        words = f"nothing was checked: {counted(self.outcomes.total(), 'exchange')} read, {unheld.value}"
        return (Diagnostic(NOTHING_CHECKED, Location(), words, _HINTS[unheld]),)

    def report(self) -> Report:
        """Everything found and counted, and what was covered, unless nothing was checked."""
        exchanges = {name: self.outcomes[name] for name in OUTCOMES}
        trips = {name: self.round_trips[name] for name in ROUND_TRIPS}
        summary: dict[str, dict[str, int | str]] = {
            "exchanges": {"total": self.outcomes.total(), **exchanges},
            "round trips": {"total": self.round_trips.total(), **trips},
        }
        held = self._exercised.result(self._graph.services, self._types | self._documents)
        coverage = () if self.unheld else held
        cases, exhibits = tuple(self._cases), tuple(self._exhibits.found)
        return Report(in_order(self.diagnostics), summary, coverage, cases=cases, exhibits=exhibits)

    def _count(self, subject: Subject, outcome: str) -> None:
        self.outcomes[outcome] += 1
        self._cases.append(Case(subject.ref, subject.rpc, outcome))

    def _failed(self, subject: Subject, match: Match) -> str:
        words = f"{match.route.method.name} is answered {subject.ref.status}: the server failed"
        hint = "see what the server logs; that the answer is described makes it no service"
        self.diagnostics.append(subject.diagnostic(SERVER_ERROR, "", words, hint))
        return "violating"

    def _part(self, subject: Subject, part: Part) -> str:
        """Check one part; gives how its exchange counts."""
        match part:
            case Checked():
                self.bodies += 1
                return "conforming"
            case Skipped(reason, outcome):
                self.diagnostics.append(subject.diagnostic(BODY_NOT_CHECKED, "", f"not checked: {reason}"))
                return outcome
            case Fault(code, message, hint, outcome):
                self.bodies += 1
                self.diagnostics.append(subject.diagnostic(code, "", message, hint))
                return outcome
            case Held():
                return self._held(subject, part)
            case Streamed(events):
                self._events(subject, events, 0)
                return "stream"

    def _events(self, subject: Subject, events: Iterable[Held], first: int) -> None:
        for index, event in enumerate(events, first):
            self._held(subject.of_event(index), event)

    def _held(self, subject: Subject, held: Held) -> str:
        self.bodies += 1
        verdict = judge(self._contracts(held.type), held.text)
        for diagnostic in subject.of_verdict(verdict, held):
            self.diagnostics.append(diagnostic)
            self._exhibits.add(diagnostic, held)
        if verdict.round_trip is not None:
            self.round_trips[verdict.round_trip] += 1
        if verdict.valid:
            self._exercised.document(held.type, parse(held.text))
        return "conforming" if verdict.accepted else "violating"


def _types(method: Method) -> Iterable[TypeId]:
    """The types of what is exchanged over HTTP."""
    if method.verb:
        yield method.request
        yield from (body.type for body in method.responses if body.type is not None)
