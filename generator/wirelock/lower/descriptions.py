"""Shapes and constraints in words, for the ledger and the documents."""

from __future__ import annotations

from typing import assert_never

from wirelock.ir import Choice, Constant, Integer, Node, Number, Text
from wirelock.lower.plan import EnumType, FreeForm, MapOf, MessageType, Repeated, Scalar, ValueShape


def type_words(shape: ValueShape) -> str:
    """The proto type as it is printed, with full names: what the ledger compares."""
    match shape:
        case Scalar("null"):
            return "google.protobuf.NullValue"
        case Scalar(name):
            return name
        case EnumType(name) | MessageType(name):
            return name
        case FreeForm(holds):
            return {"any": "google.protobuf.Value", "object": "google.protobuf.Struct"}.get(
                holds, "google.protobuf.ListValue"
            )
        case Repeated(item):
            return f"repeated {type_words(item)}"
        case MapOf(value):
            return f"map<string, {type_words(value)}>"
        case _:
            assert_never(shape)


def constraints(node: Node) -> tuple[str, ...]:
    """The rules that protobuf cannot say, in words for the documents."""
    shape = node.shape
    words: list[str] = []
    match shape:
        case Text(low, high, pattern, form):
            words += [f"at least {low} character{'' if low == 1 else 's'}"] if low else []
            words += [f"at most {high} character{'' if high == 1 else 's'}"] if high is not None else []
            words += [f"pattern {pattern}"] if pattern else []
            words += [f"format {form}"] if form else []
        case Integer(bounds) | Number(bounds):
            pairs = (
                ("at least", bounds.minimum),
                ("at most", bounds.maximum),
                ("more than", bounds.exclusive_minimum),
                ("less than", bounds.exclusive_maximum),
                ("a multiple of", bounds.multiple_of),
            )
            words += [f"{label} {limit}" for label, limit in pairs if limit is not None]
        case Constant(values):
            words.append(f"one of {', '.join(map(repr, values))}")
        case Choice(values) if len(values) == 1:
            words.append(f"always {values[0]}")
        case _:
            pass
    return (*words, *(f"checked: {check}" for check in node.checks))
