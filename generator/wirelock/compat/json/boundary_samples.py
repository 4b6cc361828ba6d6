"""Values of one node that another node is likely to reject: at its limits, just beyond them, and of other kinds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from wirelock.compat.json.pattern_samples import build_matching_string
from wirelock.compat.json.samples import Samples
from wirelock.compat.json.views import View
from wirelock.ir import (
    AnyValue,
    Array,
    Bounds,
    ConstSet,
    Integer,
    Node,
    Number,
    Object,
    Shape,
    String,
    StringEnum,
    Tuple,
)
from wirelock.runtime.json.text import Json

_MAX_LENGTH = 4096
_HALF = Fraction(1, 2)
_OTHER_STRING = "another value"
_CHARACTERS = ("a", "A", "0", " ", "-", "é")


def generate_boundary_values(writer: Node, reader: Node, samples: Samples, view: View) -> Iterator[Json]:
    """Yield small values that the reader's node may reject. Values that are not the writer's are included."""
    yield from samples.sample(writer)
    yield from _generate_scalars(view.resolve(writer).shape, view.resolve(reader).shape)
    match view.resolve(writer).shape:
        case Object():
            yield from samples.sample_variants(writer, _get_property_names(reader.shape))
        case Array() | Tuple():
            yield from samples.sample_arrays(view.resolve(writer))
        case _:
            return


def _get_property_names(shape: Shape) -> tuple[str, ...]:
    return tuple(prop.name for prop in shape.properties) if isinstance(shape, Object) else ()


def _generate_scalars(writer: Shape, reader: Shape) -> Iterator[Json]:
    """Yield scalars at the limits of either shape."""
    for shape in (writer, reader):
        match shape:
            case String():
                yield from _generate_strings(shape, writer)
            case Integer(bounds) | Number(bounds):
                yield from _generate_numbers(bounds)
            case StringEnum(values):
                yield from (*values, _OTHER_STRING)
            case ConstSet(values):
                yield from values
                yield from (_get_other_value(value) for value in values)
            case AnyValue():
                yield from (0, _OTHER_STRING, None, False, [], {})
            case _:
                continue


def _get_other_value(value: Json) -> Json:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value + 1 if is_number and isinstance(value, int | float) else _OTHER_STRING


def _generate_strings(shape: String, writer: Shape) -> Iterator[str]:
    limits = {shape.min_length, shape.min_length - 1, 0}
    limits |= {shape.max_length, shape.max_length + 1} if shape.max_length is not None else set()
    pattern = writer.pattern if isinstance(writer, String) else None
    for length in sorted(limit for limit in limits if 0 <= limit <= _MAX_LENGTH):
        yield from (character * length for character in _CHARACTERS)
        match = build_matching_string(pattern, length) if pattern is not None else None
        yield from (match,) if match is not None else ()
    match = build_matching_string(shape.pattern) if shape.pattern is not None else None
    if match is not None:
        yield from (match, f"{match}!", match.upper(), match.lower(), match[:-1])
        yield from (variant for char in _CHARACTERS for variant in (match + char, char + match, char * len(match)))


def _generate_numbers(bounds: Bounds) -> Iterator[int | float]:
    limits = (bounds.minimum, bounds.maximum, bounds.exclusive_minimum, bounds.exclusive_maximum)
    declared_steps = [Fraction(repr(bounds.multiple_of))] if bounds.multiple_of else []
    steps = (Fraction(1), _HALF, *declared_steps, *(step * _HALF for step in declared_steps))
    for limit in (0, *(limit for limit in limits if limit is not None)):
        exact = Fraction(repr(limit))
        for value in (exact, *(exact + step for step in steps), *(exact - step for step in steps)):
            yield int(value) if value.denominator == 1 else float(value)
