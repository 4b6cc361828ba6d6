"""Results of wire rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.compat.rule import Category, Rule
from wirelock.compat.wire.differences import DescriptorComparison


@dataclass(frozen=True, slots=True, order=True)
class WireChange:
    """One rule that one element violates.

    `element` is the full proto name, a path for rules about files, a package for rules about packages. Enum values are
    named below their enum, and entries of a map are named as the map field. `enclosing` is the nearest message, enum,
    service or file around the element in the new set; "" if there is none.
    """

    element: str
    rule: str
    categories: tuple[Category, ...]
    enclosing: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class RuleViolation:
    """A violation as reported by its rule: the element, a message, and a hint."""

    element: str
    message: str
    hint: str


WireRule = Rule[[DescriptorComparison], Iterator[RuleViolation]]
