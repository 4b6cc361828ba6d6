"""Rules about messages with their oneofs, required fields and reservations."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import RuleViolation, WireRule
from wirelock.compat.wire.descriptor_index import Element, find_declared_oneofs
from wirelock.compat.wire.differences import DescriptorComparison, find_deleted_from_file, find_deleted_from_package
from wirelock.compat.wire.reserved import find_lost_names, find_lost_ranges


@rule("MESSAGE_NO_DELETE", "FILE")
def message_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A message is not deleted from its file.

    Code generated from the file loses a class, and code that imports it by file stops compiling. Moving a message to
    another file of its package has the same effect. The binary format does not contain message names.

    What to do: keep the schema in its package, deprecate it first, or accept the break with a reason.
    """
    for message, new_file in find_deleted_from_file(comparison, lambda index: index.messages):
        if message.name in comparison.old.map_fields:
            yield RuleViolation(
                comparison.old.map_fields[message.name],
                f"{_format_map_entries(comparison, message)} were deleted",
                "keep the property a map",
            )
        elif new_file:
            yield RuleViolation(
                message.name, f"message {message.local_name} moved from {message.file.name} to {new_file}", _MOVED_HINT
            )
        else:
            yield RuleViolation(
                message.name, f"message {message.local_name} was deleted from {message.file.name}", _DELETED_HINT
            )


@rule("PACKAGE_MESSAGE_NO_DELETE", "PACKAGE")
def package_message_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A message is not deleted from its package.

    Code generated from the package loses a class, and code that uses it stops compiling. A message may move to another
    file of the package.

    What to do: keep the schema in its package, deprecate it first, or accept the break with a reason.
    """
    for message in find_deleted_from_package(comparison, lambda index: index.messages):
        if message.name in comparison.old.map_fields:
            yield RuleViolation(
                comparison.old.map_fields[message.name],
                f"{_format_map_entries(comparison, message)} were deleted",
                "keep the property a map",
            )
        else:
            package = f"package {message.file.package}"
            yield RuleViolation(message.name, f"message {message.local_name} was deleted from {package}", _DELETED_HINT)


@rule("MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", "FILE", "PACKAGE")
def message_no_remove_standard_descriptor_accessor(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A message keeps its standard descriptor accessor.

    With the option no_standard_descriptor_accessor, generated C++ has no `descriptor()`, and callers stop compiling.

    What to do: leave the option out.
    """
    option = "no_standard_descriptor_accessor"
    for pair in comparison.messages:
        if (
            pair.new.proto.options.no_standard_descriptor_accessor
            > pair.old.proto.options.no_standard_descriptor_accessor
        ):
            yield RuleViolation(
                pair.new.name, f"message {pair.new.local_name} set the option {option}", "leave the option out"
            )


@rule("MESSAGE_SAME_REQUIRED_FIELDS", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def message_same_required_fields(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A message neither gains nor loses a required field of proto2.

    Readers reject a message without such a field, so all clients and servers would have to change at once. Required
    properties of JSON Schema are not affected: proto3 has no required fields.

    What to do: add fields as optional, and leave required ones unchanged.
    """
    hint = "keep required fields unchanged: readers of the other version reject such messages"
    for pair in comparison.messages:
        old, new = _get_required(pair.old.proto), _get_required(pair.new.proto)
        for number in sorted(old.keys() - new.keys()):
            name = f"{pair.old.name}.{old[number]}"
            yield RuleViolation(name, f"required field {pair.old.local_name}.{old[number]} was deleted", hint)
        for number in sorted(new.keys() - old.keys()):
            name = f"{pair.new.name}.{new[number]}"
            yield RuleViolation(name, f"required field {pair.new.local_name}.{new[number]} was added", hint)


@rule("ONEOF_NO_DELETE", "FILE", "PACKAGE")
def oneof_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A oneof is not deleted from its message.

    Generated code refers to a oneof by name to find the member that is set, and stops compiling without it.

    What to do: keep the union in the schema; a union of one branch is allowed.
    """
    hint = "keep the union in the schema: code that finds the member that is set stops compiling"
    for pair in comparison.messages:
        remaining = {oneof.name for oneof in pair.new.proto.oneof_decl}
        for name in find_declared_oneofs(pair.old.proto).values():
            if name not in remaining:
                yield RuleViolation(f"{pair.old.name}.{name}", f"oneof {pair.old.local_name}.{name} was deleted", hint)


@rule("RESERVED_MESSAGE_NO_DELETE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def reserved_message_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """Reserved numbers and names of a message stay reserved.

    They are reserved because existing data and clients still use them in their old meaning. A new field with such a
    number misreads old data.

    What to do: restore the reservation in proto/numbers.json. A property that returns with the same type and meaning
    may take its number back: accept that break with a reason.
    """
    for pair in comparison.messages:
        old, new = pair.old.proto, pair.new.proto
        remaining = [(span.start, span.end - 1) for span in new.reserved_range]
        for lost in find_lost_ranges([(span.start, span.end - 1) for span in old.reserved_range], remaining):
            yield RuleViolation(
                pair.new.name, f"message {pair.new.local_name} no longer reserves {lost}", _RESERVED_HINT
            )
        for name in find_lost_names(old.reserved_name, new.reserved_name):
            yield RuleViolation(
                pair.new.name, f"message {pair.new.local_name} no longer reserves the name {name}", _RESERVED_HINT
            )


RULES: tuple[WireRule, ...] = (
    message_no_delete,
    package_message_no_delete,
    message_no_remove_standard_descriptor_accessor,
    message_same_required_fields,
    oneof_no_delete,
    reserved_message_no_delete,
)

_DELETED_HINT = "restore the schema; to remove it later, deprecate it first"
_MOVED_HINT = "keep it in its file: code that imports the file stops compiling"
_RESERVED_HINT = "restore it in proto/numbers.json: old data still uses it with its old meaning"


def _format_map_entries(comparison: DescriptorComparison, message: Element[DescriptorProto]) -> str:
    scope = message.local_name.rpartition(".")[0]
    return f"the entries of map {scope}.{comparison.old.map_fields[message.name].rpartition('.')[2]}"


def _get_required(message: DescriptorProto) -> dict[int, str]:
    required = FieldDescriptorProto.LABEL_REQUIRED
    return {field.number: field.name for field in message.field if field.label == required}
