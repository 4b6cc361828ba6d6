"""Which scalars include which: bounds, lengths, patterns and formats."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from wirelock.ir import Boolean, Bounds, Choice, Constant, Integer, Null, Number, Shape, Text
from wirelock.runtime.json.text import Json

Limit = tuple[Fraction, bool]
"""A bound, and whether it is excluded itself."""


def finite(shape: Shape) -> tuple[Json, ...] | None:
    """The only values of a shape, where they can be listed."""
    match shape:
        case Null():
            return (None,)
        case Boolean():
            return (False, True)
        case Choice(values, extensible=False) | Constant(values):
            return values
        case _:
            return None


def text_includes(writer: Text, reader: Text, *, formats: bool) -> bool:
    """Whether every text of the one shape is of the other."""
    shorter = reader.max_length is None or (writer.max_length is not None and writer.max_length <= reader.max_length)
    return (
        reader.min_length <= writer.min_length
        and shorter
        and (reader.pattern is None or (writer.pattern is not None and _core(reader.pattern) == _core(writer.pattern)))
        and (not formats or reader.format in ("", writer.format))
    )


def _core(pattern: str) -> str:
    """A pattern without a trailing `.*`, which changes nothing as it need not reach the end of the text."""
    return pattern[:-2] if re.search(r"(?<!\\)\.\*$", pattern) else pattern


def number_includes(writer: Integer | Number, reader: Integer | Number) -> bool:
    """Whether every number of the one shape is of the other."""
    integral = isinstance(writer, Integer) or _is_whole(writer.bounds.multiple_of)
    if isinstance(reader, Integer) and not integral:
        return False
    low, high = _low(writer.bounds, integral=integral), _high(writer.bounds, integral=integral)
    least, most = _low(reader.bounds, integral=integral), _high(reader.bounds, integral=integral)
    above = least is None or (low is not None and (low[0] > least[0] or (low[0] == least[0] and low[1] >= least[1])))
    below = most is None or (high is not None and (high[0] < most[0] or (high[0] == most[0] and high[1] >= most[1])))
    return above and below and _steps(writer.bounds, reader.bounds, integral=integral)


def _steps(writer: Bounds, reader: Bounds, *, integral: bool) -> bool:
    if reader.multiple_of is None:
        return True
    step = writer.multiple_of if writer.multiple_of is not None else 1 if integral else None
    return step is not None and (_exact(step) / _exact(reader.multiple_of)).denominator == 1


def _is_whole(step: int | float | None) -> bool:
    return step is not None and _exact(step).denominator == 1


def _low(bounds: Bounds, *, integral: bool) -> Limit | None:
    limits = _limits((bounds.minimum, False), (bounds.exclusive_minimum, True))
    if integral:
        limits = [(Fraction(math.floor(x) + 1 if out else math.ceil(x)), False) for x, out in limits]
    return max(limits, default=None)


def _high(bounds: Bounds, *, integral: bool) -> Limit | None:
    limits = _limits((bounds.maximum, False), (bounds.exclusive_maximum, True))
    if integral:
        limits = [(Fraction(math.ceil(x) - 1 if out else math.floor(x)), False) for x, out in limits]
    return min(limits, key=lambda limit: (limit[0], not limit[1]), default=None)


def _limits(*stated: tuple[int | float | None, bool]) -> list[Limit]:
    return [(_exact(bound), out) for bound, out in stated if bound is not None]


def _exact(number: int | float) -> Fraction:
    return Fraction(repr(number))
