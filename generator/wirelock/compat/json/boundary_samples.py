"""Values of one node that another is likely to refuse: those at its limits, just beyond them, and of other kinds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from wirelock.compat.json.pattern_samples import text_for
from wirelock.compat.json.samples import Samples
from wirelock.compat.json.views import View
from wirelock.ir import Anything, Array, Bounds, Choice, Constant, Integer, Node, Number, Record, Shape, Text, Tuple
from wirelock.runtime.json.text import Json

_LONGEST = 4096
_HALF = Fraction(1, 2)
_STRANGE = "another value"
_CHARACTERS = ("a", "A", "0", " ", "-", "é")


def contrasting(writer: Node, reader: Node, samples: Samples, view: View) -> Iterator[Json]:
    """Small values that the reader's node may refuse; whether they are of the writer's is not looked at."""
    yield from samples.of(writer)
    yield from _at_limits(view.follow(writer).shape, view.follow(reader).shape)
    match view.follow(writer).shape:
        case Record():
            yield from samples.around(writer, _names(reader.shape))
        case Array() | Tuple():
            yield from samples.lists(view.follow(writer))
        case _:
            return


def _names(shape: Shape) -> tuple[str, ...]:
    return tuple(prop.name for prop in shape.properties) if isinstance(shape, Record) else ()


def _at_limits(writer: Shape, reader: Shape) -> Iterator[Json]:
    """Scalars at the limits of either shape."""
    for shape in (writer, reader):
        match shape:
            case Text():
                yield from _texts(shape, writer)
            case Integer(bounds) | Number(bounds):
                yield from _numbers(bounds)
            case Choice(values):
                yield from (*values, _STRANGE)
            case Constant(values):
                yield from values
                yield from (_beyond(value) for value in values)
            case Anything():
                yield from (0, _STRANGE, None, False, [], {})
            case _:
                continue


def _beyond(value: Json) -> Json:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value + 1 if is_number and isinstance(value, int | float) else _STRANGE


def _texts(shape: Text, writer: Shape) -> Iterator[str]:
    limits = {shape.min_length, shape.min_length - 1, 0}
    limits |= {shape.max_length, shape.max_length + 1} if shape.max_length is not None else set()
    pattern = writer.pattern if isinstance(writer, Text) else None
    for length in sorted(limit for limit in limits if 0 <= limit <= _LONGEST):
        yield from (character * length for character in _CHARACTERS)
        found = text_for(pattern, length) if pattern is not None else None
        yield from (found,) if found is not None else ()
    found = text_for(shape.pattern) if shape.pattern is not None else None
    if found is not None:
        yield from (found, f"{found}!", found.upper(), found.lower(), found[:-1])
        yield from (one for char in _CHARACTERS for one in (found + char, char + found, char * len(found)))


def _numbers(bounds: Bounds) -> Iterator[int | float]:
    limits = (bounds.minimum, bounds.maximum, bounds.exclusive_minimum, bounds.exclusive_maximum)
    stated = [Fraction(repr(bounds.multiple_of))] if bounds.multiple_of else []
    steps = (Fraction(1), _HALF, *stated, *(step * _HALF for step in stated))
    for limit in (0, *(limit for limit in limits if limit is not None)):
        exact = Fraction(repr(limit))
        for value in (exact, *(exact + step for step in steps), *(exact - step for step in steps)):
            yield int(value) if value.denominator == 1 else float(value)
