"""What holding one value against one schema gives: faults, and what was declared of the value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..json.pointers import pointer_of
from ..json.text import Json
from .documents import MISSING, Site, value_at


class At:
    """A value at its place in a document; one place has one At."""

    __slots__ = ("_below", "depth", "holder", "is_name", "known", "name", "value")

    def __init__(self, value: Json, holder: At | None = None, name: str | int = "") -> None:
        self.value = value
        self.holder = holder
        self.name = name
        self.depth: int = 0 if holder is None else holder.depth + 1
        self.is_name = False
        self.known: dict[object, Outcome] = {}
        """The outcome of every schema that this value was held against, so that none is tried twice."""
        self._below: dict[str | int, At] = {}

    def below(self, name: str | int) -> At:
        """A member or item, or the place where one is missing."""
        found = self._below.get(name)
        if found is None:
            found = self._below[name] = At(value_at(self.value, (name,)), self, name)
        return found

    def named(self, name: str) -> At:
        """The name of a member, as a value of its own (`propertyNames`)."""
        place = At(name, self, name)
        place.is_name = True
        return place

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the place."""
        names: list[str | int] = []
        place = self
        while place.holder is not None:
            names.append(place.name)
            place = place.holder
        return pointer_of(reversed(names))


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One keyword that one value breaks; `detail` is what only the check knew.

    `keyword` is empty where the schema is `false`.
    """

    at: At
    site: Site
    keyword: str
    detail: Any = None

    @property
    def depth(self) -> int:
        """How deep in the document the decision was taken: what is missing or unwanted is a fault of its holder."""
        return self.at.depth - (self.at.value is MISSING or not self.keyword)


@dataclass(slots=True, eq=False)
class Outcome:
    """One value held against one schema.

    `names`, `upto` and `picked` are the members and items that the schema speaks of (JSON Schema core, section 11);
    they are kept in failure too, so that one fault does not make everything else unexpected. `parts` are the
    outcomes that took part: not those of branches that did not match. `free_form`: a branch that matched takes any
    object.
    """

    at: At
    site: Site
    faults: dict[Fault, None] = field(default_factory=dict[Fault, None])
    names: set[str] = field(default_factory=set[str])
    upto: int = 0
    picked: set[int] = field(default_factory=set[int])
    parts: list[Outcome] = field(default_factory=list["Outcome"])
    free_form: bool = False

    def fail(self, keyword: str, detail: Any = None, at: At | None = None) -> None:
        """Note a fault of this schema."""
        self.faults[Fault(at or self.at, self.site, keyword, detail)] = None

    def take(self, outcomes: Iterable[Outcome]) -> None:
        """Make the faults of outcomes for a member or item, or of other schemas for this value, those of this one."""
        for outcome in outcomes:
            self.faults.update(outcome.faults)
            self.agree([outcome])

    def agree(self, outcomes: Iterable[Outcome]) -> None:
        """Take over what other outcomes declare, not their faults."""
        for outcome in outcomes:
            self.parts.append(outcome)
            if outcome.at is self.at:
                self.names |= outcome.names
                self.upto = max(self.upto, outcome.upto)
                self.picked |= outcome.picked
