"""What was found so far in memory that does not grow: each kind of finding once, with a count and its first place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from wirelock.diagnostics import Case, Code, Diagnostic, Location, Report, Severity, group_key, in_order
from wirelock.traffic.check import Check
from wirelock.traffic.codes import NOTHING_CHECKED
from wirelock.traffic.exchange import Exchange

UPSTREAM_FAILED = Code("UPSTREAM_FAILED", Severity.ERROR)
MOST_KINDS = 1000
"""How many kinds of findings are kept; those of further kinds are only counted."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one exchange: how it counts, and what was found in it."""

    outcome: str
    rpc: str
    found: tuple[Diagnostic, ...]


class Tally:
    """A check that goes on for weeks; it is used by one thread at a time."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._first: dict[object, Diagnostic] = {}
        self._times: Counter[object] = Counter()
        self._cases: dict[tuple[str, str], Case] = {}
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._left_out = 0

    def is_warm(self, exchange: Exchange) -> bool:
        """Whether all that an exchange may be held against is made."""
        return self._check.is_warm(exchange)

    def exchange(self, exchange: Exchange) -> Judged:
        """Check an exchange."""
        self._check.warm(exchange)
        self._check.exchange(exchange)
        return self._taken()

    def more(self, exchange: Exchange, first: int) -> Judged:
        """Check further events of a stream, of which `first` were checked before."""
        self._check.warm(exchange)
        self._check.more(exchange, first)
        return self._taken()

    def failed(self, words: str, exchange: Exchange) -> None:
        """Count an exchange that the server did not answer as HTTP wants it."""
        hint = "is the server running, and does it speak HTTP/1.1?"
        where = Location(exchange.recording)
        self._add((Diagnostic(UPSTREAM_FAILED, where, words, hint),))

    def report(self, counts: dict[str, int | str]) -> Report:
        """Everything so far; `counts` are those of what passed."""
        report = self._check.report()
        found = [replace(one, times=self._times[key]) for key, one in self._first.items()]
        more: dict[str, int | str] = {"findings left out": self._left_out} if self._left_out else {}
        return replace(
            report,
            diagnostics=in_order((*found, *self._nothing(counts))),
            summary={"proxy": counts | more, **report.summary},
            cases=tuple(replace(case, times=self._outcomes[key]) for key, case in self._cases.items()),
        )

    def _nothing(self, counts: dict[str, int | str]) -> tuple[Diagnostic, ...]:
        if self._check.bodies:
            return ()
        words = (
            f"nothing was checked: {counts['requests']} requests came, and no body of them is described by a service"
        )
        hint = "send the client's requests here instead of to the server, and check that the schemas are of this API"
        return (Diagnostic(NOTHING_CHECKED, Location(), words, hint),)

    def _taken(self) -> Judged:
        found, cases = self._check.take()
        self._add(found)
        for case in cases:
            key = (case.rpc, case.outcome)
            self._cases.setdefault(key, case)
            self._outcomes[key] += 1
        outcome, rpc = (cases[0].outcome, cases[0].rpc) if cases else ("stream", "")
        return Judged(outcome, rpc, found)

    def _add(self, found: Iterable[Diagnostic]) -> None:
        for one in found:
            key = group_key(one)
            if key not in self._first and len(self._first) >= MOST_KINDS:
                self._left_out += 1
                continue
            self._first.setdefault(key, one)
            self._times[key] += 1
