"""Descriptions of shapes for the messages of rules."""

from __future__ import annotations

from typing import assert_never

from wirelock.ir import (
    AnyValue,
    Array,
    Boolean,
    Bounds,
    ConstSet,
    Integer,
    Never,
    Null,
    Number,
    Object,
    Ref,
    Shape,
    String,
    StringEnum,
    Tuple,
    Union,
)
from wirelock.runtime.json.formatting import format_value, get_json_type


def describe_kind(shape: Shape) -> str:
    """Return the kind of values of a shape in the terms of JSON Schema."""
    match shape:
        case AnyValue():
            return "any value"
        case Never():
            return "no value"
        case Null():
            return "null"
        case Boolean():
            return "boolean"
        case String() | StringEnum():
            return "string"
        case Integer():
            return "integer"
        case Number():
            return "number"
        case ConstSet(values):
            types = {get_json_type(value) for value in values}
            return types.pop() if len(types) == 1 else "one of a list"
        case Array() | Tuple():
            return "array"
        case Object():
            return "object"
        case Union() | Ref():
            return "union"
        case _:
            assert_never(shape)


def format_interval(bounds: Bounds) -> str:
    """Return the bounds as an interval."""
    low = [f">= {format_value(bounds.minimum)}"] if bounds.minimum is not None else []
    low += [f"> {format_value(bounds.exclusive_minimum)}"] if bounds.exclusive_minimum is not None else []
    high = [f"<= {format_value(bounds.maximum)}"] if bounds.maximum is not None else []
    high += [f"< {format_value(bounds.exclusive_maximum)}"] if bounds.exclusive_maximum is not None else []
    return " and ".join((*low, *high)) or "none"


def format_range(minimum: int, maximum: int | None) -> str:
    """Return a range of counts."""
    return f"{minimum} to {'any' if maximum is None else maximum}"
