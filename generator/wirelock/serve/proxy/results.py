"""What was found so far in memory that does not grow: each kind of finding once, with a count and its first place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from wirelock.diagnostics import Case, Diagnostic, Location, Report, in_order
from wirelock.ir import TypeId
from wirelock.runtime.json.formatting import counted
from wirelock.serve.proxy.finding_groups import Kinds, upstream_failed
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.conformance.codes import NOTHING_CHECKED
from wirelock.traffic.conformance.nothing_checked import Unheld
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.redaction import reports
from wirelock.traffic.redaction.credentials import UNKNOWN, Echoes

_HINTS = {
    Unheld.UNSEEN: "the counts say what became of them",
    Unheld.UNDESCRIBED: "check that the schemas are of this API",
    Unheld.UNANSWERED: "check that the server runs, and that --upstream is its address",
    Unheld.UNKEPT: "see why at each answer",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one exchange: how it counts, and what was found in it."""

    outcome: str
    rpc: str
    found: tuple[Diagnostic, ...]


class Tally:
    """A check that goes on for weeks; it is used by one thread at a time.

    `known` are our credentials for the server: what is found is told without them.
    """

    def __init__(self, check: Check, known: Echoes = UNKNOWN) -> None:
        self._check = check
        self._known = known
        self._kinds = Kinds()
        self._cases: dict[tuple[str, str], Case] = {}
        self._outcomes: Counter[tuple[str, str]] = Counter()

    def types(self, exchange: Exchange) -> frozenset[TypeId]:
        """The types that an exchange may be held against."""
        return self._check.types(exchange)

    def exchange(self, exchange: Exchange) -> Judged:
        """Check an exchange."""
        self._check.exchange(exchange)
        return self._taken()

    def more(self, exchange: Exchange, first: int) -> Judged:
        """Check further events of a stream, of which `first` were checked before."""
        self._check.more(exchange, first)
        return self._taken()

    def failed(self, words: str, exchange: Exchange) -> None:
        """Count an exchange that the server did not answer as HTTP wants it."""
        self._kinds.add((upstream_failed(words, exchange.recording),))
        if not exchange.status:
            self._check.unanswered()

    def report(self, counts: dict[str, int | str]) -> Report:
        """Everything so far; `counts` are those of what passed."""
        report = reports.report(replace(self._check.report(), cases=self._counted()), self._known)
        left_out = self._kinds.left_out
        more: dict[str, int | str] = {"findings left out": left_out} if left_out else {}
        return replace(
            report,
            diagnostics=in_order((*self._kinds.found(), *self._nothing(counts))),
            summary={"proxy": counts | more, **report.summary},
        )

    def _counted(self) -> tuple[Case, ...]:
        return tuple(replace(case, times=self._outcomes[key]) for key, case in self._cases.items())

    def _nothing(self, counts: dict[str, int | str]) -> tuple[Diagnostic, ...]:
        unheld = self._check.unheld
        if unheld is None:
            return ()
        came = counts["requests"]
        words, hint = "no request came", "send the client's requests here instead of to the server"
        if isinstance(came, int) and came:
            words, hint = f"{counted(came, 'request')} came, {unheld.value}", _HINTS[unheld]
        words = f"nothing was checked: {words}"
        return (Diagnostic(NOTHING_CHECKED, Location(), words, hint),)

    def _taken(self) -> Judged:
        taken, cases = self._check.take()
        found = reports.diagnostics(taken, self._known)
        self._kinds.add(found)
        for case in cases:
            key = (case.rpc, case.outcome)
            self._cases.setdefault(key, case)
            self._outcomes[key] += 1
        outcome, rpc = (cases[0].outcome, cases[0].rpc) if cases else ("stream", "")
        return Judged(outcome, rpc, found)
