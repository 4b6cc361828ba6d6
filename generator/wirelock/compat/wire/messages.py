"""Rules about messages: that they stay, and with them their oneofs, required fields and reserved numbers and names."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import Fault, WireRule
from wirelock.compat.wire.descriptor_index import Element, real_oneofs
from wirelock.compat.wire.differences import Differences, gone_from_file, gone_from_package
from wirelock.compat.wire.reserved import lost_names, lost_ranges


@rule("MESSAGE_NO_DELETE", "FILE")
def message_no_delete(found: Differences) -> Iterator[Fault]:
    """A message stays in its file.

    Code generated from the file loses a class, and whoever imports it by file stops compiling; a message that moved to
    another file of its package is such a loss too. Data on the wire does not name messages.

    What to do: keep the schema in its package, deprecate it first, or accept the break with a reason.
    """
    for message, home in gone_from_file(found, lambda side: side.messages):
        if message.name in found.old.maps:
            yield Fault(found.old.maps[message.name], f"{_entries(found, message)} are gone", "keep the property a map")
        elif home:
            yield Fault(message.name, f"message {message.local} moved from {message.file.name} to {home}", _MOVED)
        else:
            yield Fault(message.name, f"message {message.local} was deleted from {message.file.name}", _GONE)


@rule("PACKAGE_MESSAGE_NO_DELETE", "PACKAGE")
def package_message_no_delete(found: Differences) -> Iterator[Fault]:
    """A message stays in its package, in whichever file.

    Code generated from the package loses a class, and its users stop compiling. A message that moved to another file of
    the same package is not lost.

    What to do: keep the schema in its package, deprecate it first, or accept the break with a reason.
    """
    for message in gone_from_package(found, lambda side: side.messages):
        if message.name in found.old.maps:
            yield Fault(found.old.maps[message.name], f"{_entries(found, message)} are gone", "keep the property a map")
        else:
            where = f"package {message.file.package}"
            yield Fault(message.name, f"message {message.local} was deleted from {where}", _GONE)


@rule("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", "FILE", "PACKAGE")
def message_no_remove_standard_descriptor_accessor(found: Differences) -> Iterator[Fault]:
    """A message keeps its standard descriptor accessor.

    With the option no_standard_descriptor_accessor C++ code is generated without `descriptor()`, and callers of it stop
    compiling.

    What to do: leave the option out.
    """
    option = "no_standard_descriptor_accessor"
    for pair in found.messages:
        if (
            pair.new.proto.options.no_standard_descriptor_accessor
            > pair.old.proto.options.no_standard_descriptor_accessor
        ):
            yield Fault(pair.new.name, f"message {pair.new.local} set the option {option}", "leave the option out")


@rule("MESSAGE_SAME_REQUIRED_FIELDS", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def message_same_required_fields(found: Differences) -> Iterator[Fault]:
    """A message neither gains nor loses a field that proto2 calls required.

    A reader refuses the whole message when such a field is missing, so both ends would have to change at once. A
    property that the JSON Schema requires is another thing: proto3 has no required fields.

    What to do: add fields as optional, and leave required ones alone.
    """
    hint = "a reader of the other version refuses such messages: keep required fields as they are"
    for pair in found.messages:
        old, new = _required(pair.old.proto), _required(pair.new.proto)
        for number in sorted(old.keys() - new.keys()):
            name = f"{pair.old.name}.{old[number]}"
            yield Fault(name, f"required field {pair.old.local}.{old[number]} was deleted", hint)
        for number in sorted(new.keys() - old.keys()):
            name = f"{pair.new.name}.{new[number]}"
            yield Fault(name, f"required field {pair.new.local}.{new[number]} was added", hint)


@rule("ONEOF_NO_DELETE", "FILE", "PACKAGE")
def oneof_no_delete(found: Differences) -> Iterator[Fault]:
    """A oneof stays in its message.

    Generated code asks by the name of the oneof which member is set; without the oneof it stops compiling.

    What to do: keep the union in the schema; a union of one branch is allowed.
    """
    hint = "code that asks which member is set stops compiling: keep the union in the schema"
    for pair in found.messages:
        kept = {oneof.name for oneof in pair.new.proto.oneof_decl}
        for name in real_oneofs(pair.old.proto).values():
            if name not in kept:
                yield Fault(f"{pair.old.name}.{name}", f"oneof {pair.old.local}.{name} was deleted", hint)


@rule("RESERVED_MESSAGE_NO_DELETE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def reserved_message_no_delete(found: Differences) -> Iterator[Fault]:
    """What a message reserves stays reserved.

    A number or a name is reserved because data and clients that use it in its old meaning are still about. Given to a
    new field, old data is read as something it is not.

    What to do: restore the reservation in proto/numbers.json. A property that returns with the same type and the same
    meaning may take its number back: accept that break with a reason.
    """
    for pair in found.messages:
        old, new = pair.old.proto, pair.new.proto
        kept = [(span.start, span.end - 1) for span in new.reserved_range]
        for lost in lost_ranges([(span.start, span.end - 1) for span in old.reserved_range], kept):
            yield Fault(pair.new.name, f"message {pair.new.local} no longer reserves {lost}", _RESERVED)
        for name in lost_names(old.reserved_name, new.reserved_name):
            yield Fault(pair.new.name, f"message {pair.new.local} no longer reserves the name {name}", _RESERVED)


RULES: tuple[WireRule, ...] = (
    message_no_delete,
    package_message_no_delete,
    message_no_remove_standard_descriptor_accessor,
    message_same_required_fields,
    oneof_no_delete,
    reserved_message_no_delete,
)

_GONE = "put the schema back; to retire it, deprecate it first"
_MOVED = "code that imports it by file stops compiling: keep it in its file"
_RESERVED = "restore it in proto/numbers.json: old data still uses it in its old meaning"


def _entries(found: Differences, message: Element[DescriptorProto]) -> str:
    scope = message.local.rpartition(".")[0]
    return f"the entries of map {scope}.{found.old.maps[message.name].rpartition('.')[2]}"


def _required(message: DescriptorProto) -> dict[int, str]:
    required = FieldDescriptorProto.LABEL_REQUIRED
    return {field.number: field.name for field in message.field if field.label == required}
