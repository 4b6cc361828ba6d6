"""Text of shapes and constraints, for the ledger and the documentation."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from wirelock.ir import ConstSet, Integer, Node, Number, String, StringEnum
from wirelock.lower.plan import EnumType, MapOf, MessageType, Repeated, Scalar, StructValue, ValueShape

STRUCT_TYPES = {
    "any": "google.protobuf.Value",
    "object": "google.protobuf.Struct",
    "array": "google.protobuf.ListValue",
}
"""The proto type of each kind of free-form value."""


def format_type(shape: ValueShape, format_name: Callable[[str], str] = str) -> str:
    """Return the proto type; its names are full, as the ledger compares them, unless `format_name` shortens them."""
    match shape:
        case Scalar("null"):
            return "google.protobuf.NullValue"
        case Scalar(name):
            return name
        case EnumType(name) | MessageType(name):
            return format_name(name)
        case StructValue(kind):
            return STRUCT_TYPES[kind]
        case Repeated(item):
            return f"repeated {format_type(item, format_name)}"
        case MapOf(value):
            return f"map<string, {format_type(value, format_name)}>"
        case _:
            assert_never(shape)


def format_constraints(node: Node) -> tuple[str, ...]:
    """Return phrases for the constraints that protobuf cannot express."""
    shape = node.shape
    parts: list[str] = []
    match shape:
        case String(low, high, pattern, form):
            parts += [f"at least {low} character{'' if low == 1 else 's'}"] if low else []
            parts += [f"at most {high} character{'' if high == 1 else 's'}"] if high is not None else []
            parts += [f"pattern {pattern}"] if pattern else []
            parts += [f"format {form}"] if form else []
        case Integer(bounds) | Number(bounds):
            pairs = (
                ("at least", bounds.minimum),
                ("at most", bounds.maximum),
                ("more than", bounds.exclusive_minimum),
                ("less than", bounds.exclusive_maximum),
                ("a multiple of", bounds.multiple_of),
            )
            parts += [f"{label} {limit}" for label, limit in pairs if limit is not None]
        case ConstSet(values):
            parts.append(f"one of {', '.join(map(repr, values))}")
        case StringEnum(values) if len(values) == 1:
            parts.append(f"always {values[0]}")
        case _:
            pass
    return (*parts, *(f"checked: {check}" for check in node.unmodelled_keywords))
