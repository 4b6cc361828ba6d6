"""Subtyping of scalars: bounds, lengths, patterns and formats."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from wirelock.ir import Boolean, Bounds, ConstSet, Integer, Null, Number, Shape, String, StringEnum
from wirelock.runtime.json.text import Json

Limit = tuple[Fraction, bool]
"""A bound, and True if it is exclusive."""


def enumerate_values(shape: Shape) -> tuple[Json, ...] | None:
    """Return all values of a shape; None if they cannot be listed."""
    match shape:
        case Null():
            return (None,)
        case Boolean():
            return (False, True)
        case StringEnum(values, extensible=False) | ConstSet(values):
            return values
        case _:
            return None


def is_string_subtype(writer: String, reader: String, *, formats: bool) -> bool:
    """Return True if each string of the writer fits the reader."""
    is_short_enough = reader.max_length is None or (
        writer.max_length is not None and writer.max_length <= reader.max_length
    )
    return (
        reader.min_length <= writer.min_length
        and is_short_enough
        and (
            reader.pattern is None
            or (
                writer.pattern is not None
                and _strip_trailing_wildcard(reader.pattern) == _strip_trailing_wildcard(writer.pattern)
            )
        )
        and (not formats or reader.format in ("", writer.format))
    )


def _strip_trailing_wildcard(pattern: str) -> str:
    """Return a pattern without a trailing `.*`, which never changes a match."""
    return pattern[:-2] if re.search(r"(?<!\\)\.\*$", pattern) else pattern


def is_number_subtype(writer: Integer | Number, reader: Integer | Number) -> bool:
    """Return True if each number of the writer fits the reader."""
    is_integral = isinstance(writer, Integer) or _is_integral(writer.bounds.multiple_of)
    if isinstance(reader, Integer) and not is_integral:
        return False
    low, high = (
        _get_lower_limit(writer.bounds, integral=is_integral),
        _get_upper_limit(writer.bounds, integral=is_integral),
    )
    reader_low, reader_high = (
        _get_lower_limit(reader.bounds, integral=is_integral),
        _get_upper_limit(reader.bounds, integral=is_integral),
    )
    is_above = reader_low is None or (
        low is not None and (low[0] > reader_low[0] or (low[0] == reader_low[0] and low[1] >= reader_low[1]))
    )
    is_below = reader_high is None or (
        high is not None and (high[0] < reader_high[0] or (high[0] == reader_high[0] and high[1] >= reader_high[1]))
    )
    return is_above and is_below and _is_multiple_subtype(writer.bounds, reader.bounds, integral=is_integral)


def _is_multiple_subtype(writer: Bounds, reader: Bounds, *, integral: bool) -> bool:
    if reader.multiple_of is None:
        return True
    step = writer.multiple_of if writer.multiple_of is not None else 1 if integral else None
    return step is not None and (_to_fraction(step) / _to_fraction(reader.multiple_of)).denominator == 1


def _is_integral(step: int | float | None) -> bool:
    return step is not None and _to_fraction(step).denominator == 1


def _get_lower_limit(bounds: Bounds, *, integral: bool) -> Limit | None:
    limits = _build_limits((bounds.minimum, False), (bounds.exclusive_minimum, True))
    if integral:
        limits = [(Fraction(math.floor(x) + 1 if is_exclusive else math.ceil(x)), False) for x, is_exclusive in limits]
    return max(limits, default=None)


def _get_upper_limit(bounds: Bounds, *, integral: bool) -> Limit | None:
    limits = _build_limits((bounds.maximum, False), (bounds.exclusive_maximum, True))
    if integral:
        limits = [(Fraction(math.ceil(x) - 1 if is_exclusive else math.floor(x)), False) for x, is_exclusive in limits]
    return min(limits, key=lambda limit: (limit[0], not limit[1]), default=None)


def _build_limits(*bounds: tuple[int | float | None, bool]) -> list[Limit]:
    return [(_to_fraction(bound), is_exclusive) for bound, is_exclusive in bounds if bound is not None]


def _to_fraction(number: int | float) -> Fraction:
    return Fraction(repr(number))
