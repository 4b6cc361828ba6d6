"""Which change of JSON brought a break of the wire about, where both are at one place."""

from __future__ import annotations

from collections.abc import Sequence

_RETYPED = (
    "TYPE_CHANGED",
    "NUMBER_NARROWED",
    "NUMBER_WIDENED",
    "ENUM_OPENED",
    "ENUM_CLOSED",
    "TYPE_REMOVED",
    "TYPE_ADDED",
    "NULLABLE_REMOVED",
    "NULLABLE_ADDED",
    "FORMAT_CHANGED",
    "SCHEMA_CHANGED",
)
"""A field that gets another type; with another number too, which is a deletion and an addition."""
_OF_UNIONS = ("UNION_BRANCH_REMOVED", "UNION_BRANCH_ADDED", "UNION_EXCLUSIVE_CHANGED", "DISCRIMINATOR_CHANGED")
_OF_VALUES = ("ENUM_VALUE_REMOVED", "ENUM_VALUE_ADDED", "CONST_CHANGED", *_RETYPED)
_GONE = ("PROPERTY_REMOVED", "TUPLE_ITEM_REMOVED", "UNION_BRANCH_REMOVED", *_RETYPED, *_OF_UNIONS, "PROPERTY_RENAMED")

_CAUSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("RESERVED_", ()),
    ("RPC_SAME_REQUEST_TYPE", ("REQUEST_TYPE_CHANGED",)),
    ("RPC_SAME_RESPONSE_TYPE", ("RESPONSE_TYPE_CHANGED",)),
    ("_CARDINALITY", ("PROPERTY_REQUIRED", "PROPERTY_OPTIONAL", *_RETYPED)),
    ("FIELD_SAME_JSON_NAME", ("PROPERTY_RENAMED",)),
    ("FIELD_SAME_NAME", ("PROPERTY_RENAMED",)),
    ("FIELD_SAME_ONEOF", (*_OF_UNIONS, *_RETYPED)),
    ("ONEOF_NO_DELETE", (*_OF_UNIONS, *_RETYPED)),
    ("ENUM_VALUE_", _OF_VALUES),
    ("ENUM_NO_DELETE", _OF_VALUES),
    ("FIELD_NO_DELETE", _GONE),
    ("MESSAGE_NO_DELETE", _GONE),
    ("_TYPE", _RETYPED),
)
"""What a rule of the wire has in its name, and the changes that bring it about, the likeliest first."""


def cause(wire: str, json: Sequence[str]) -> int | None:
    """The index of the change of JSON, by rules, that a break of the wire comes from; None if it is none of them."""
    likely = next((rules for part, rules in _CAUSES if part in wire), ())
    return next((json.index(rule) for rule in likely if rule in json), None)
