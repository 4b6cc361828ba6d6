"""Attribution of wire violations to the JSON changes that cause them."""

from __future__ import annotations

from collections.abc import Sequence

_TYPE_CHANGES = (
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
"""Rules that retype a field. With another number, a retyped field is a deletion and an addition."""
_UNION_CHANGES = ("UNION_BRANCH_REMOVED", "UNION_BRANCH_ADDED", "UNION_EXCLUSIVE_CHANGED", "DISCRIMINATOR_CHANGED")
_ENUM_CHANGES = ("ENUM_VALUE_REMOVED", "ENUM_VALUE_ADDED", "CONST_CHANGED", *_TYPE_CHANGES)
_REMOVALS = (
    "PROPERTY_REMOVED",
    "TUPLE_ITEM_REMOVED",
    "UNION_BRANCH_REMOVED",
    *_TYPE_CHANGES,
    *_UNION_CHANGES,
    "PROPERTY_RENAMED",
)

_CAUSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("RESERVED_", ()),
    ("RPC_SAME_REQUEST_TYPE", ("REQUEST_TYPE_CHANGED",)),
    ("RPC_SAME_RESPONSE_TYPE", ("RESPONSE_TYPE_CHANGED",)),
    ("_CARDINALITY", ("PROPERTY_REQUIRED", "PROPERTY_OPTIONAL", *_TYPE_CHANGES)),
    ("FIELD_SAME_JSON_NAME", ("PROPERTY_RENAMED",)),
    ("FIELD_SAME_NAME", ("PROPERTY_RENAMED",)),
    ("FIELD_SAME_ONEOF", (*_UNION_CHANGES, *_TYPE_CHANGES)),
    ("ONEOF_NO_DELETE", (*_UNION_CHANGES, *_TYPE_CHANGES)),
    ("ENUM_VALUE_", _ENUM_CHANGES),
    ("ENUM_NO_DELETE", _ENUM_CHANGES),
    ("FIELD_NO_DELETE", _REMOVALS),
    ("MESSAGE_NO_DELETE", _REMOVALS),
    ("_TYPE", _TYPE_CHANGES),
)
"""Part of a wire rule's name, and the JSON rules that may cause its violation, most likely first."""


def find_cause(wire_rule: str, json_rules: Sequence[str]) -> int | None:
    """Return the index of the JSON change that causes a wire violation at the same location, or None.

    `json_rules` are the rules of the JSON changes at that location.
    """
    candidates = next((rules for part, rules in _CAUSES if part in wire_rule), ())
    return next((json_rules.index(rule) for rule in candidates if rule in json_rules), None)
