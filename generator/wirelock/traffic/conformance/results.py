"""Results of a check as a value that can be added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from wirelock.diagnostics import Case, Diagnostic, Example, Outcome
from wirelock.ir import TypeId
from wirelock.traffic.conformance.verdict import RoundTrip


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The results of a check.

    `outcomes` and `round_trips` are counts by name, `documented` counts documented exchanges by response or none,
    `exercised` has names by kind, `types` lists the types of checked documents.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    outcomes: Mapping[Outcome, int] = field(default_factory=dict[Outcome, int])
    round_trips: Mapping[RoundTrip, int] = field(default_factory=dict[RoundTrip, int])
    bodies: int = 0
    answers: int = 0
    documented: Mapping[str, int] = field(default_factory=dict[str, int])
    exercised: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    types: tuple[TypeId, ...] = ()
    cases: tuple[Case, ...] = ()
    examples: tuple[Example, ...] = ()


class NothingCheckedReason(Enum):
    """Reasons, as texts that follow a count of exchanges; the last true one counts."""

    NO_EXCHANGE = "none of them was checked"
    UNDOCUMENTED = "no service documents any of them"
    NO_RESPONSE = "none of the documented ones has a response"
    NO_BODY = "no response to them could be checked"


def find_nothing_checked_reason(exchanges: int, with_response: int, without_response: int) -> NothingCheckedReason:
    """Return the reason, from counts of all exchanges and of documented ones with and without a response."""
    if with_response:
        return NothingCheckedReason.NO_BODY
    if without_response:
        return NothingCheckedReason.NO_RESPONSE
    return NothingCheckedReason.UNDOCUMENTED if exchanges else NothingCheckedReason.NO_EXCHANGE
