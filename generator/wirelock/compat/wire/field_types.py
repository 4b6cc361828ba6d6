"""Rules about the types of fields in generated code, in ProtoJSON and in the binary format.

Compatible types are those of https://protobuf.dev/programming-guides/proto3/#updating.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import RuleViolation, WireRule
from wirelock.compat.wire.descriptor_index import DescriptorIndex, IndexedField
from wirelock.compat.wire.differences import DescriptorComparison, ElementPair

_WIRE: Mapping[str, str] = {
    "int64": "int32",
    "uint32": "int32",
    "uint64": "int32",
    "bool": "int32",
    "sint64": "sint32",
    "sfixed32": "fixed32",
    "sfixed64": "fixed64",
}
"""Types with the same encoding, each mapped to one of them; other types stand for themselves."""

_WIRE_JSON: Mapping[str, str] = {
    "uint32": "int32",
    "uint64": "int64",
    "sfixed32": "fixed32",
    "sfixed64": "fixed64",
}
"""Types with the same encoding and the same ProtoJSON form; 64-bit integers are strings in ProtoJSON."""

_HINT = "give the property of the new type another name, and so another number: old data would be misread"


@rule("FIELD_SAME_TYPE", "FILE", "PACKAGE")
def field_same_type(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A field keeps its type.

    Generated code has another type for the field and stops compiling, even if the data is compatible.

    What to do: keep the type, or give the property of the new type another name.
    """
    for pair in comparison.fields:
        if pair.old.kind != pair.new.kind or pair.old.type != pair.new.type:
            yield _build_violation(
                pair, "give the property of the new type another name: code that uses the old type stops compiling"
            )


@rule("FIELD_WIRE_JSON_COMPATIBLE_TYPE", "WIRE_JSON")
def field_wire_json_compatible_type(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """The new type of a field reads data of the old type, in binary and in ProtoJSON.

    int32 and uint32, int64 and uint64, fixed32 and sfixed32, fixed64 and sfixed64 are compatible. So is an enum of the
    same short name that has all the values. Data of any other type is misread or rejected.

    What to do: give the property of the new type another name, and so another number.
    """
    for pair in comparison.fields:
        if not _is_compatible(pair, _WIRE_JSON, comparison):
            yield _build_violation(pair, _HINT)


@rule("FIELD_WIRE_COMPATIBLE_TYPE", "WIRE")
def field_wire_compatible_type(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """The new type of a field reads binary data of the old type.

    int32, int64, uint32, uint64 and bool are compatible, as are sint32 and sint64, fixed32 and sfixed32, fixed64 and
    sfixed64. bytes reads string, and an enum reads one of the same short name if it has all its values. Data of any
    other type is misread.

    What to do: give the property of the new type another name, and so another number.
    """
    for pair in comparison.fields:
        if (pair.old.kind, pair.new.kind) != ("string", "bytes") and not _is_compatible(pair, _WIRE, comparison):
            yield _build_violation(pair, _HINT)


RULES: tuple[WireRule, ...] = (field_same_type, field_wire_json_compatible_type, field_wire_compatible_type)


def _is_compatible(
    pair: ElementPair[IndexedField], encodings: Mapping[str, str], comparison: DescriptorComparison
) -> bool:
    """Return True if the new type reads data of the old one; `encodings` maps compatible types to one of them."""
    old, new = pair.old, pair.new
    if encodings.get(old.kind, old.kind) != encodings.get(new.kind, new.kind):
        return False
    if new.kind == "enum" and old.type != new.type:
        return _is_superset(comparison, old.type, new.type)
    return new.kind not in ("message", "group") or old.type == new.type


def _is_superset(comparison: DescriptorComparison, old: str, new: str) -> bool:
    """Return True if the new enum has the short name and all the values of the old one."""
    has_same_name = old.rpartition(".")[2] == new.rpartition(".")[2]
    return has_same_name and _get_values(comparison.old, old) <= _get_values(comparison.new, new) != frozenset()


def _get_values(side: DescriptorIndex, enum: str) -> frozenset[tuple[str, int]]:
    """Return the names and numbers of an enum; empty for an imported enum."""
    enum_element = side.enums.get(enum)
    return frozenset((value.name, value.number) for value in enum_element.proto.value) if enum_element else frozenset()


def _build_violation(pair: ElementPair[IndexedField], hint: str) -> RuleViolation:
    return RuleViolation(
        pair.new.name, f"{pair.new.label} changed its type from {pair.old.type} to {pair.new.type}", hint
    )
