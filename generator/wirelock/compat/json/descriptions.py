"""What rules call the values of a shape."""

from __future__ import annotations

from typing import assert_never

from wirelock.ir import (
    Anything,
    Array,
    Boolean,
    Bounds,
    Choice,
    Constant,
    Integer,
    Never,
    Null,
    Number,
    Record,
    Ref,
    Shape,
    Text,
    Tuple,
    Union,
)
from wirelock.runtime.json.formatting import json_type, literal


def kind(shape: Shape) -> str:
    """What kind of value a shape describes, in JSON Schema's words."""
    match shape:
        case Anything():
            return "any value"
        case Never():
            return "no value"
        case Null():
            return "null"
        case Boolean():
            return "boolean"
        case Text() | Choice():
            return "string"
        case Integer():
            return "integer"
        case Number():
            return "number"
        case Constant(values):
            types = {json_type(value) for value in values}
            return types.pop() if len(types) == 1 else "one of a list"
        case Array() | Tuple():
            return "array"
        case Record():
            return "object"
        case Union() | Ref():
            return "union"
        case _:
            assert_never(shape)


def interval(bounds: Bounds) -> str:
    """The numbers within bounds, as people write an interval."""
    low = [f">= {literal(bounds.minimum)}"] if bounds.minimum is not None else []
    low += [f"> {literal(bounds.exclusive_minimum)}"] if bounds.exclusive_minimum is not None else []
    high = [f"<= {literal(bounds.maximum)}"] if bounds.maximum is not None else []
    high += [f"< {literal(bounds.exclusive_maximum)}"] if bounds.exclusive_maximum is not None else []
    return " and ".join((*low, *high)) or "none"


def span(least: int, most: int | None) -> str:
    """How many there may be."""
    return f"{least} to {'any' if most is None else most}"
