"""Stacked bars: counts as parts of a hundred, each with its colour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_LOOKS = {
    "good": ("conforming", "equal", "unchanged", "valid", "exercised"),
    "bad": ("violating", "failed", "deleted"),
    "odd": ("lossy", "undocumented status", "undocumented media type", "changed"),
    "info": ("stream", "added"),
}
_LOOK = {name: look for look, names in _LOOKS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a bar; `look` is a class of the style sheet, `start` and `width` are hundredths of the bar."""

    name: str
    count: int
    look: str
    start: float
    width: float


def stacked(counts: Iterable[tuple[str, int]], whole: int) -> tuple[Segment, ...]:
    """The counts that are not 0, one behind the other, as parts of a whole."""
    found: list[Segment] = []
    start = 0.0
    for stated, count in counts:
        if count and whole:
            name = stated.replace("_", " ")
            width = 100 * count / whole
            found.append(Segment(name, count, _LOOK.get(name, "none"), round(start, 2), round(width, 2)))
            start += width
    return tuple(found)
