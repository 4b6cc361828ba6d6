"""Rules about fields: number, name, presence and oneof. `field_types` has the rules about types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldOptions

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import RuleViolation, WireRule
from wirelock.compat.wire.descriptor_index import Cardinality, Element, IndexedField
from wirelock.compat.wire.differences import DescriptorComparison


@rule("FIELD_NO_DELETE", "FILE", "PACKAGE")
def field_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A field is not deleted from its message.

    Generated code that names the field stops compiling, and clients that use it no longer receive it.

    What to do: mark the property as deprecated and keep it, or accept the break with a reason.
    """
    for deleted in _find_deleted(comparison):
        yield _build_violation(
            deleted, "", "keep the property and mark it as deprecated: code that names it stops compiling"
        )


@rule("FIELD_NO_DELETE_UNLESS_NAME_RESERVED", "WIRE_JSON")
def field_no_delete_unless_name_reserved(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """The name of a deleted field is reserved.

    ProtoJSON identifies fields by name: a reused name has another meaning.

    What to do: reserve the name; `wirelock generate` does so from proto/numbers.json. A property that changed its type
    kept its name and got a new number, which violates this rule: give it another name.
    """
    hint = "reserve the name (run: wirelock generate), or give a property of another type another name"
    for deleted in _find_deleted(comparison):
        name = deleted.old.proto.name
        if name not in deleted.message.proto.reserved_name:
            yield _build_violation(deleted, f" without reserving the name {name}", hint)


@rule("FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", "WIRE_JSON", "WIRE")
def field_no_delete_unless_number_reserved(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """The number of a deleted field is reserved.

    The binary format identifies fields by number: a reused number changes the meaning of old data.

    What to do: reserve the number; `wirelock generate` does so from proto/numbers.json.
    """
    for deleted in _find_deleted(comparison):
        number = deleted.old.proto.number
        if not any(span.start <= number < span.end for span in deleted.message.proto.reserved_range):
            hint = "reserve the number (run: wirelock generate)"
            yield _build_violation(deleted, f" without reserving the number {number}", hint)


@rule("FIELD_SAME_NAME", "FILE", "PACKAGE", "WIRE_JSON")
def field_same_name(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A field number keeps its field name.

    ProtoJSON and generated code use the name; the binary format uses the number and is not affected.

    What to do: keep the name. To replace the property, add the new one as a separate field.
    """
    hint = "keep the name, or add the new one as a separate property"
    for pair in comparison.fields:
        old, new = ((side.name if side.proto.extendee else side.proto.name) for side in (pair.old, pair.new))
        if old != new:
            yield RuleViolation(
                pair.new.name, f"{pair.new.label} (number {pair.new.proto.number}) was named {old}", hint
            )


@rule("FIELD_SAME_JSON_NAME", "FILE", "PACKAGE", "WIRE_JSON")
def field_same_json_name(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A field keeps its JSON name.

    ProtoJSON uses it: documents of the other version are rejected, or lose the field.

    What to do: keep the spelling of the property.
    """
    for pair in comparison.fields:
        if pair.old.json_name != pair.new.json_name and not pair.old.proto.extendee:
            change = f"changed its JSON name from {pair.old.json_name} to {pair.new.json_name}"
            yield RuleViolation(pair.new.name, f"{pair.new.label} {change}", "keep the spelling of the property")


@rule("FIELD_SAME_JSTYPE", "FILE", "PACKAGE")
def field_same_jstype(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A 64-bit field keeps the option jstype.

    The option decides if generated JavaScript has a string or a number.

    What to do: keep the option.
    """
    for pair in comparison.fields:
        old, new = (FieldOptions.JSType.Name(side.proto.options.jstype) for side in (pair.old, pair.new))
        if old != new and pair.old.kind.endswith("64") and pair.new.kind.endswith("64"):
            message = f"{pair.new.label} changed its option jstype from {old} to {new}"
            yield RuleViolation(pair.new.name, message, "keep the option jstype")


@rule("FIELD_SAME_ONEOF", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def field_same_oneof(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A field does not move into or out of a oneof.

    A reader keeps only the last member of a oneof, so a field that moves into one deletes the other members.

    What to do: add the branch of the union as a new property; `wirelock generate` gives it a number of its own.
    """
    for pair in comparison.fields:
        if pair.old.oneof != pair.new.oneof:
            message = f"{pair.new.label} moved from {_format_oneof(pair.old)} to {_format_oneof(pair.new)}"
            yield RuleViolation(
                pair.new.name, message, "give the property another name, so that it gets another number"
            )


@rule("FIELD_SAME_CARDINALITY", "FILE", "PACKAGE")
def field_same_cardinality(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A field stays optional, repeated, required or a map, and keeps its presence.

    Generated accessors differ: `optional string` is a pointer in some languages, `string` is not, although both have
    the same bytes.

    What to do: keep the property required or optional, and a list or a single value.
    """
    hint = "keep the property required or optional, and a list or a single value: generated accessors differ"
    yield from _find_cardinality_changes(comparison, {}, hint)


@rule("FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", "WIRE_JSON")
def field_wire_json_compatible_cardinality(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A field stays a single value, a list or a map.

    Presence affects neither ProtoJSON nor the binary format. A map is an object in ProtoJSON, a repeated field is a
    list.

    What to do: add a new property for the new form.
    """
    yield from _find_cardinality_changes(comparison, {_IMPLICIT: _EXPLICIT}, "add a new property for the new form")


@rule("FIELD_WIRE_COMPATIBLE_CARDINALITY", "WIRE")
def field_wire_compatible_cardinality(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A field stays a single value or a list in the binary format.

    Presence does not affect the format, nor does a change between a map and a list of its entries.

    What to do: add a new property for the new form.
    """
    equivalents: dict[Cardinality, Cardinality] = {_IMPLICIT: _EXPLICIT, "map": "repeated"}
    yield from _find_cardinality_changes(comparison, equivalents, "add a new property for the new form")


RULES: tuple[WireRule, ...] = (
    field_no_delete,
    field_no_delete_unless_name_reserved,
    field_no_delete_unless_number_reserved,
    field_same_name,
    field_same_json_name,
    field_same_jstype,
    field_same_oneof,
    field_same_cardinality,
    field_wire_json_compatible_cardinality,
    field_wire_compatible_cardinality,
)

_EXPLICIT: Cardinality = "optional with explicit presence"
_IMPLICIT: Cardinality = "optional with implicit presence"


@dataclass(frozen=True, slots=True)
class _DeletedField:
    """A deleted field with the new state of its message."""

    old: IndexedField
    message: Element[DescriptorProto]


def _find_deleted(comparison: DescriptorComparison) -> Iterator[_DeletedField]:
    for pair in comparison.messages:
        remaining = {field.number for field in pair.new.proto.field}
        for number, field in comparison.old.get_fields(pair.old).items():
            if number not in remaining:
                yield _DeletedField(field, pair.new)


def _build_violation(deleted: _DeletedField, suffix: str, hint: str) -> RuleViolation:
    return RuleViolation(
        deleted.old.name, f"{deleted.old.label} (number {deleted.old.proto.number}) was deleted{suffix}", hint
    )


def _format_oneof(field: IndexedField) -> str:
    return f"oneof {field.oneof}" if field.oneof else "outside of a oneof"


def _find_cardinality_changes(
    comparison: DescriptorComparison, equivalents: dict[Cardinality, Cardinality], hint: str
) -> Iterator[RuleViolation]:
    """Yield the fields whose cardinality changed; `equivalents` maps a cardinality to one that counts as equal."""
    for pair in comparison.fields:
        old, new = pair.old.cardinality, pair.new.cardinality
        if equivalents.get(old, old) != equivalents.get(new, new):
            yield RuleViolation(pair.new.name, f"{pair.new.label} changed from {old} to {new}", hint)
