"""Rules about enums: they and their values keep their names and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import EnumDescriptorProto

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import RuleViolation, WireRule
from wirelock.compat.wire.descriptor_index import Element
from wirelock.compat.wire.differences import (
    DescriptorComparison,
    EnumNumber,
    find_deleted_from_file,
    find_deleted_from_package,
    get_values,
)
from wirelock.compat.wire.reserved import find_lost_names, find_lost_ranges


@rule("ENUM_NO_DELETE", "FILE")
def enum_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """An enum is not deleted from its file.

    Code generated from the file loses a type, and code that imports it by file stops compiling. Moving an enum to
    another file of its package has the same effect.

    What to do: keep the schema in its package, deprecate it first, or accept the break with a reason.
    """
    for enum, new_file in find_deleted_from_file(comparison, lambda index: index.enums):
        if new_file:
            hint = "keep it in its file: code that imports the file stops compiling"
            yield RuleViolation(enum.name, f"enum {enum.local_name} moved from {enum.file.name} to {new_file}", hint)
        else:
            yield RuleViolation(enum.name, f"enum {enum.local_name} was deleted from {enum.file.name}", _DELETED_HINT)


@rule("PACKAGE_ENUM_NO_DELETE", "PACKAGE")
def package_enum_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """An enum is not deleted from its package.

    Code generated from the package loses a type, and code that uses it stops compiling.

    What to do: keep the schema in its package, deprecate it first, or accept the break with a reason.
    """
    for enum in find_deleted_from_package(comparison, lambda index: index.enums):
        yield RuleViolation(
            enum.name, f"enum {enum.local_name} was deleted from package {enum.file.package}", _DELETED_HINT
        )


@rule("ENUM_SAME_TYPE", "FILE", "PACKAGE")
def enum_same_type(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """An enum stays open or closed.

    A closed enum (proto2) moves an unknown number into the unknown fields, an open one keeps it in the field. Generated
    code differs between the two.

    What to do: keep the syntax of the file.
    """
    for pair in comparison.enums:
        old, new = ("open" if side.file.syntax == "proto3" else "closed" for side in (pair.old, pair.new))
        if old != new:
            hint = "keep the syntax of the file"
            yield RuleViolation(pair.new.name, f"enum {pair.new.local_name} changed from {old} to {new}", hint)


@rule("ENUM_VALUE_NO_DELETE", "FILE", "PACKAGE")
def enum_value_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """An enum value is not deleted.

    Generated code that names the value stops compiling.

    What to do: keep the value in the schema, and note in its description that it is no longer sent.
    """
    for deleted in _find_deleted(comparison):
        yield _build_violation(deleted, "", "keep the value in the schema; code that names it stops compiling")


@rule("ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED", "WIRE_JSON")
def enum_value_no_delete_unless_name_reserved(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """The name of a deleted enum value is reserved.

    ProtoJSON identifies enum values by name: a reused name with another number has another meaning.

    What to do: reserve the name; `wirelock generate` does so from proto/numbers.json.
    """
    for deleted in _find_deleted(comparison):
        if names := find_lost_names(deleted.old.names, deleted.enum.proto.reserved_name):
            suffix = f" without reserving the name {', '.join(names)}"
            yield _build_violation(deleted, suffix, "reserve the name (run: wirelock generate)")


@rule("ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", "WIRE_JSON", "WIRE")
def enum_value_no_delete_unless_number_reserved(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """The number of a deleted enum value is reserved.

    The binary format identifies enum values by number: a reused number has another meaning.

    What to do: reserve the number; `wirelock generate` does so from proto/numbers.json.
    """
    for deleted in _find_deleted(comparison):
        number = deleted.old.number
        if not any(span.start <= number <= span.end for span in deleted.enum.proto.reserved_range):
            suffix = f" without reserving the number {number}"
            yield _build_violation(deleted, suffix, "reserve the number (run: wirelock generate)")


@rule("ENUM_VALUE_SAME_NAME", "FILE", "PACKAGE", "WIRE_JSON")
def enum_value_same_name(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """A number of an enum keeps its names.

    ProtoJSON and generated code use the name; the binary format uses the number and is not affected. An additional name
    (an alias) breaks nothing.

    What to do: keep the value in the schema, and add a new spelling as a new value.
    """
    hint = "keep the value in the schema, and add the new spelling as a new value"
    for pair in comparison.values:
        if set(pair.old.names) <= set(pair.new.names):
            continue
        old, new = ", ".join(pair.old.names), ", ".join(pair.new.names)
        for name in pair.new.names:
            message = f"value {pair.new.number} of enum {pair.new.enum.local_name} changed its name from {old} to {new}"
            yield RuleViolation(f"{pair.new.enum.name}.{name}", message, hint)


@rule("RESERVED_ENUM_NO_DELETE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def reserved_enum_no_delete(comparison: DescriptorComparison) -> Iterator[RuleViolation]:
    """Reserved numbers and names of an enum stay reserved.

    They are reserved because existing data and clients still use them in their old meaning.

    What to do: restore the reservation in proto/numbers.json. A value that returns with the same meaning may take its
    number back: accept that break with a reason.
    """
    hint = "restore it in proto/numbers.json: old data still uses it with its old meaning"
    for pair in comparison.enums:
        old, new = pair.old.proto, pair.new.proto
        remaining = [(span.start, span.end) for span in new.reserved_range]
        for lost in find_lost_ranges([(span.start, span.end) for span in old.reserved_range], remaining):
            yield RuleViolation(pair.new.name, f"enum {pair.new.local_name} no longer reserves {lost}", hint)
        for name in find_lost_names(old.reserved_name, new.reserved_name):
            yield RuleViolation(pair.new.name, f"enum {pair.new.local_name} no longer reserves the name {name}", hint)


RULES: tuple[WireRule, ...] = (
    enum_no_delete,
    package_enum_no_delete,
    enum_same_type,
    enum_value_no_delete,
    enum_value_no_delete_unless_name_reserved,
    enum_value_no_delete_unless_number_reserved,
    enum_value_same_name,
    reserved_enum_no_delete,
)

_DELETED_HINT = "restore the schema; to remove it later, deprecate it first"


@dataclass(frozen=True, slots=True)
class _DeletedNumber:
    """A deleted number with the new state of its enum."""

    old: EnumNumber
    enum: Element[EnumDescriptorProto]


def _find_deleted(comparison: DescriptorComparison) -> Iterator[_DeletedNumber]:
    for pair in comparison.enums:
        remaining = get_values(pair.new)
        yield from (
            _DeletedNumber(value, pair.new) for number, value in get_values(pair.old).items() if number not in remaining
        )


def _build_violation(deleted: _DeletedNumber, suffix: str, hint: str) -> RuleViolation:
    names = ", ".join(deleted.old.names)
    return RuleViolation(
        deleted.old.name,
        f"value {names} ({deleted.old.number}) of enum {deleted.enum.local_name} was deleted{suffix}",
        hint,
    )
