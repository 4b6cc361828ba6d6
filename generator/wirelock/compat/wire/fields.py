"""Rules about fields: that they stay, and keep their number, name, presence and place. Types are in `field_types`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldOptions

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import Fault, WireRule
from wirelock.compat.wire.descriptor_index import Cardinality, Element, Field
from wirelock.compat.wire.differences import Differences


@rule("FIELD_NO_DELETE", "FILE", "PACKAGE")
def field_no_delete(found: Differences) -> Iterator[Fault]:
    """A field stays in its message.

    Generated code that names the field stops compiling, and clients that rely on it no longer get it.

    What to do: mark the property deprecated and keep it, or accept the break with a reason.
    """
    for lost in _deleted(found):
        yield _fault(lost, "", "keep the property, deprecated; code that names it stops compiling")


@rule("FIELD_NO_DELETE_UNLESS_NAME_RESERVED", "WIRE_JSON")
def field_no_delete_unless_name_reserved(found: Differences) -> Iterator[Fault]:
    """The name of a deleted field is reserved.

    ProtoJSON carries fields by name: a name that returns with another meaning is read as something it is not.

    What to do: reserve the name; `wirelock generate` does so from proto/numbers.json. A property that changed its type
    kept its name and took a new number: that is such a break, give it another name.
    """
    hint = "reserve the name (wirelock generate does so from proto/numbers.json); a changed property takes a new name"
    for lost in _deleted(found):
        name = lost.old.proto.name
        if name not in lost.message.proto.reserved_name:
            yield _fault(lost, f" without reserving the name {name}", hint)


@rule("FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", "WIRE_JSON", "WIRE")
def field_no_delete_unless_number_reserved(found: Differences) -> Iterator[Fault]:
    """The number of a deleted field is reserved.

    Data on the wire carries fields by number: a number that returns with another meaning makes old data something it
    is not.

    What to do: reserve the number; `wirelock generate` does so from proto/numbers.json.
    """
    for lost in _deleted(found):
        number = lost.old.proto.number
        if not any(span.start <= number < span.end for span in lost.message.proto.reserved_range):
            hint = "reserve the number: wirelock generate does so from proto/numbers.json"
            yield _fault(lost, f" without reserving the number {number}", hint)


@rule("FIELD_SAME_NAME", "FILE", "PACKAGE", "WIRE_JSON")
def field_same_name(found: Differences) -> Iterator[Fault]:
    """A number keeps the name of its field.

    ProtoJSON carries the name, and generated code is written with it; data on the wire carries the number and is the
    same.

    What to do: keep the name. Where the old property is really meant to go, let the new one be a field of its own.
    """
    hint = "keep the name, or add the new one as a property of its own beside it"
    for pair in found.fields:
        old, new = ((side.name if side.proto.extendee else side.proto.name) for side in (pair.old, pair.new))
        if old != new:
            yield Fault(pair.new.name, f"{pair.new.label} (number {pair.new.proto.number}) was called {old}", hint)


@rule("FIELD_SAME_JSON_NAME", "FILE", "PACKAGE", "WIRE_JSON")
def field_same_json_name(found: Differences) -> Iterator[Fault]:
    """A field keeps its JSON name.

    ProtoJSON carries it: documents of the other version are refused, or lose the field.

    What to do: keep the spelling of the property.
    """
    for pair in found.fields:
        if pair.old.json_name != pair.new.json_name and not pair.old.proto.extendee:
            change = f"changed its JSON name from {pair.old.json_name} to {pair.new.json_name}"
            yield Fault(pair.new.name, f"{pair.new.label} {change}", "keep the spelling of the property")


@rule("FIELD_SAME_JSTYPE", "FILE", "PACKAGE")
def field_same_jstype(found: Differences) -> Iterator[Fault]:
    """A 64-bit field keeps the option jstype.

    Generated JavaScript carries the value as a string or as a number by this option.

    What to do: keep the option.
    """
    for pair in found.fields:
        old, new = (FieldOptions.JSType.Name(side.proto.options.jstype) for side in (pair.old, pair.new))
        if old != new and pair.old.kind.endswith("64") and pair.new.kind.endswith("64"):
            message = f"{pair.new.label} changed its option jstype from {old} to {new}"
            yield Fault(pair.new.name, message, "keep the option jstype")


@rule("FIELD_SAME_ONEOF", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def field_same_oneof(found: Differences) -> Iterator[Fault]:
    """A field stays in its oneof, or outside of all.

    A reader of a oneof clears the other members when it sees one: a field that moved in deletes what stood beside it.

    What to do: let the branch of the union be a new property; `wirelock generate` gives it a number of its own.
    """
    for pair in found.fields:
        if pair.old.oneof != pair.new.oneof:
            message = f"{pair.new.label} moved from {_oneof(pair.old)} to {_oneof(pair.new)}"
            yield Fault(pair.new.name, message, "give the property another name, so that it gets a number of its own")


@rule("FIELD_SAME_CARDINALITY", "FILE", "PACKAGE")
def field_same_cardinality(found: Differences) -> Iterator[Fault]:
    """A field stays optional, repeated, required or a map, and keeps its presence.

    Generated code has other accessors for each: `string` that becomes `optional string` is a pointer in some languages,
    though the same bytes on the wire.

    What to do: leave the property required or optional, a list or a single value, as it was.
    """
    hint = "generated code has other accessors: keep required properties required, lists lists"
    yield from _cardinality_changes(found, {}, hint)


@rule("FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", "WIRE_JSON")
def field_wire_json_compatible_cardinality(found: Differences) -> Iterator[Fault]:
    """A field changes between single value, list and map in no way that ProtoJSON or the wire shows.

    Presence alone shows in neither. A map is an object in ProtoJSON, a repeated field a list.

    What to do: let the new form be a new property.
    """
    yield from _cardinality_changes(
        found, {_IMPLICIT: _EXPLICIT}, "let the new form be a new property beside the old one"
    )


@rule("FIELD_WIRE_COMPATIBLE_CARDINALITY", "WIRE")
def field_wire_compatible_cardinality(found: Differences) -> Iterator[Fault]:
    """A field changes between single value and list in no way that the wire shows.

    Presence alone does not show, nor does a map that becomes a list of its entries.

    What to do: let the new form be a new property.
    """
    same: dict[Cardinality, Cardinality] = {_IMPLICIT: _EXPLICIT, "map": "repeated"}
    yield from _cardinality_changes(found, same, "let the new form be a new property beside the old one")


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
class _Deleted:
    """A field that is gone, and its message as it is now."""

    old: Field
    message: Element[DescriptorProto]


def _deleted(found: Differences) -> Iterator[_Deleted]:
    for pair in found.messages:
        kept = {field.number for field in pair.new.proto.field}
        for number, field in found.old.fields(pair.old).items():
            if number not in kept:
                yield _Deleted(field, pair.new)


def _fault(lost: _Deleted, without: str, hint: str) -> Fault:
    return Fault(lost.old.name, f"{lost.old.label} (number {lost.old.proto.number}) was deleted{without}", hint)


def _oneof(field: Field) -> str:
    return f"oneof {field.oneof}" if field.oneof else "outside of a oneof"


def _cardinality_changes(found: Differences, same: dict[Cardinality, Cardinality], hint: str) -> Iterator[Fault]:
    """The fields whose cardinality changed; `same` maps one that makes no difference to what it counts as."""
    for pair in found.fields:
        old, new = pair.old.cardinality, pair.new.cardinality
        if same.get(old, old) != same.get(new, new):
            yield Fault(pair.new.name, f"{pair.new.label} changed from {old} to {new}", hint)
