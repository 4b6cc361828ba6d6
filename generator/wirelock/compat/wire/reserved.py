"""Reservations that were dropped, of messages and of enums alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]
"""First and last number, both reserved."""


def lost_ranges(old: Iterable[Span], new: Iterable[Span]) -> Iterator[str]:
    """For each old range of which something is no longer reserved: those numbers, in words."""
    kept = sorted(new)
    for span in old:
        if missing := _missing(span, kept):
            yield ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in missing)


def lost_names(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """The names that are no longer reserved, sorted."""
    return sorted(set(old) - set(new))


def _missing(span: Span, kept: Sequence[Span]) -> list[Span]:
    """The parts of a range that no other range covers; `kept` is sorted."""
    missing: list[Span] = []
    first, last = span
    for start, end in kept:
        if start > last:
            break
        if first < start:
            missing.append((first, start - 1))
        first = max(first, end + 1)
    return [*missing, (first, last)] if first <= last else missing
