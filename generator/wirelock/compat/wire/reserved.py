"""Reservations of messages and enums that were removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

NumberRange = tuple[int, int]
"""First and last number, inclusive."""


def find_lost_ranges(old: Iterable[NumberRange], new: Iterable[NumberRange]) -> Iterator[str]:
    """Yield, for each old range that is no longer fully reserved, the lost numbers as text."""
    remaining = sorted(new)
    for number_range in old:
        if missing := _subtract_ranges(number_range, remaining):
            yield ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in missing)


def find_lost_names(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Return the sorted names that are no longer reserved."""
    return sorted(set(old) - set(new))


def _subtract_ranges(number_range: NumberRange, remaining: Sequence[NumberRange]) -> list[NumberRange]:
    """Return the parts of a range that no other range covers; `remaining` is sorted."""
    missing: list[NumberRange] = []
    first, last = number_range
    for start, end in remaining:
        if start > last:
            break
        if first < start:
            missing.append((first, start - 1))
        first = max(first, end + 1)
    return [*missing, (first, last)] if first <= last else missing
