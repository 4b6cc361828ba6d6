"""What was found, counted and exercised in some of the traffic, as a value that adds up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wirelock.diagnostics import Case, Diagnostic, Exhibit
from wirelock.ir import TypeId


@dataclass(frozen=True, slots=True)
class Tally:
    """The facts of a check.

    `outcomes` and `round_trips` are counts by name, `described` those of described exchanges by whether they were
    answered, `exercised` names by kind, `types` those that bare documents were held against.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict[str, int])
    round_trips: Mapping[str, int] = field(default_factory=dict[str, int])
    bodies: int = 0
    answers: int = 0
    described: Mapping[str, int] = field(default_factory=dict[str, int])
    exercised: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    types: tuple[TypeId, ...] = ()
    cases: tuple[Case, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
