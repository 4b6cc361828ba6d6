"""Stacked bars: counts as percentages, each with a color."""

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
    """One segment of a bar; `look` is a CSS class, `start` and `width` are percentages."""

    name: str
    count: int
    look: str
    start: float
    width: float


def stack(counts: Iterable[tuple[str, int]], total: int) -> tuple[Segment, ...]:
    """Return the non-zero counts as consecutive segments of a bar."""
    segments: list[Segment] = []
    start = 0.0
    for key, count in counts:
        if count and total:
            name = key.replace("_", " ")
            width = 100 * count / total
            segments.append(Segment(name, count, _LOOK.get(name, "none"), round(start, 2), round(width, 2)))
            start += width
    return tuple(segments)
