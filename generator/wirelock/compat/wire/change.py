"""What a rule of the wire verdict finds, and what a rule of it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.compat.rule import Category, Rule
from wirelock.compat.wire.differences import Differences


@dataclass(frozen=True, slots=True, order=True)
class WireChange:
    """One rule that one element breaks.

    `element` is the full proto name, in the new set if it is still there, else in the old one; for a rule about files
    the path, about packages the package. A value is named below its enum, and what protoc makes for a map is named as
    the map's field. `within` is the nearest message, enum, service or file around it in the new set, empty without any.
    """

    element: str
    rule: str
    categories: tuple[Category, ...]
    within: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A change as its rule finds it: the element, what changed there, and what to do."""

    element: str
    message: str
    hint: str


WireRule = Rule[[Differences], Iterator[Fault]]
