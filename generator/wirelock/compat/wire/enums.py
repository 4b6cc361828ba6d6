"""Rules about enums: that they and their values stay, under their names and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import EnumDescriptorProto

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import Fault, WireRule
from wirelock.compat.wire.descriptor_index import Element
from wirelock.compat.wire.differences import (
    Differences,
    Value,
    gone_from_file,
    gone_from_package,
    values,
)
from wirelock.compat.wire.reserved import lost_names, lost_ranges


@rule("ENUM_NO_DELETE", "FILE")
def enum_no_delete(found: Differences) -> Iterator[Fault]:
    """An enum stays in its file.

    Code generated from the file loses a type, and whoever imports it by file stops compiling; an enum that moved to
    another file of its package is such a loss too.

    What to do: keep the schema in its package, deprecate it first, or accept the break with a reason.
    """
    for enum, home in gone_from_file(found, lambda side: side.enums):
        if home:
            hint = "code that imports it by file stops compiling: keep it in its file"
            yield Fault(enum.name, f"enum {enum.local} moved from {enum.file.name} to {home}", hint)
        else:
            yield Fault(enum.name, f"enum {enum.local} was deleted from {enum.file.name}", _GONE)


@rule("PACKAGE_ENUM_NO_DELETE", "PACKAGE")
def package_enum_no_delete(found: Differences) -> Iterator[Fault]:
    """An enum stays in its package, in whichever file.

    Code generated from the package loses a type, and its users stop compiling.

    What to do: keep the schema in its package, deprecate it first, or accept the break with a reason.
    """
    for enum in gone_from_package(found, lambda side: side.enums):
        yield Fault(enum.name, f"enum {enum.local} was deleted from package {enum.file.package}", _GONE)


@rule("ENUM_SAME_TYPE", "FILE", "PACKAGE")
def enum_same_type(found: Differences) -> Iterator[Fault]:
    """An enum stays open or closed.

    A closed enum, as proto2 has it, drops a number it does not know into the unknown fields; an open one keeps it in
    the field. Generated code differs between the two.

    What to do: keep the syntax of the file.
    """
    for pair in found.enums:
        old, new = ("open" if side.file.syntax == "proto3" else "closed" for side in (pair.old, pair.new))
        if old != new:
            hint = "keep the syntax of its file"
            yield Fault(pair.new.name, f"enum {pair.new.local} changed from {old} to {new}", hint)


@rule("ENUM_VALUE_NO_DELETE", "FILE", "PACKAGE")
def enum_value_no_delete(found: Differences) -> Iterator[Fault]:
    """A value stays in its enum.

    Generated code that names the value stops compiling.

    What to do: keep the value in the schema and say in its description that it is no longer sent.
    """
    for lost in _deleted(found):
        yield _fault(lost, "", "keep the value in the schema; code that names it stops compiling")


@rule("ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED", "WIRE_JSON")
def enum_value_no_delete_unless_name_reserved(found: Differences) -> Iterator[Fault]:
    """The name of a deleted enum value is reserved.

    ProtoJSON carries enum values by name: a name that returns under another number is read as something it is not.

    What to do: reserve the name; `wirelock generate` does so from proto/numbers.json.
    """
    for lost in _deleted(found):
        if names := lost_names(lost.old.names, lost.enum.proto.reserved_name):
            without = f" without reserving the name {', '.join(names)}"
            yield _fault(lost, without, "reserve the name: wirelock generate does so from proto/numbers.json")


@rule("ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", "WIRE_JSON", "WIRE")
def enum_value_no_delete_unless_number_reserved(found: Differences) -> Iterator[Fault]:
    """The number of a deleted enum value is reserved.

    Data on the wire carries enum values by number: a number that returns under another name is read as something it is
    not.

    What to do: reserve the number; `wirelock generate` does so from proto/numbers.json.
    """
    for lost in _deleted(found):
        number = lost.old.number
        if not any(span.start <= number <= span.end for span in lost.enum.proto.reserved_range):
            without = f" without reserving the number {number}"
            yield _fault(lost, without, "reserve the number: wirelock generate does so from proto/numbers.json")


@rule("ENUM_VALUE_SAME_NAME", "FILE", "PACKAGE", "WIRE_JSON")
def enum_value_same_name(found: Differences) -> Iterator[Fault]:
    """A number of an enum keeps its names.

    ProtoJSON carries the name, and generated code is written with it; data on the wire carries the number and is the
    same. Another name beside the old one (an alias) breaks nobody.

    What to do: keep the value in the schema; a new spelling is a new value.
    """
    hint = "keep the value in the schema; a new spelling is a new value with a number of its own"
    for pair in found.values:
        if set(pair.old.names) <= set(pair.new.names):
            continue
        old, new = ", ".join(pair.old.names), ", ".join(pair.new.names)
        for name in pair.new.names:
            message = f"value {pair.new.number} of enum {pair.new.enum.local} changed its name from {old} to {new}"
            yield Fault(f"{pair.new.enum.name}.{name}", message, hint)


@rule("RESERVED_ENUM_NO_DELETE", "FILE", "PACKAGE", "WIRE_JSON", "WIRE")
def reserved_enum_no_delete(found: Differences) -> Iterator[Fault]:
    """What an enum reserves stays reserved.

    A number or a name is reserved because data and clients that use it in its old meaning are still about.

    What to do: restore the reservation in proto/numbers.json. A value that returns with the same meaning may take its
    number back: accept that break with a reason.
    """
    hint = "restore it in proto/numbers.json: old data still uses it in its old meaning"
    for pair in found.enums:
        old, new = pair.old.proto, pair.new.proto
        kept = [(span.start, span.end) for span in new.reserved_range]
        for lost in lost_ranges([(span.start, span.end) for span in old.reserved_range], kept):
            yield Fault(pair.new.name, f"enum {pair.new.local} no longer reserves {lost}", hint)
        for name in lost_names(old.reserved_name, new.reserved_name):
            yield Fault(pair.new.name, f"enum {pair.new.local} no longer reserves the name {name}", hint)


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

_GONE = "put the schema back; to retire it, deprecate it first"


@dataclass(frozen=True, slots=True)
class _Deleted:
    """A value that is gone, and its enum as it is now."""

    old: Value
    enum: Element[EnumDescriptorProto]


def _deleted(found: Differences) -> Iterator[_Deleted]:
    for pair in found.enums:
        kept = values(pair.new)
        yield from (_Deleted(value, pair.new) for number, value in values(pair.old).items() if number not in kept)


def _fault(lost: _Deleted, without: str, hint: str) -> Fault:
    names = ", ".join(lost.old.names)
    return Fault(
        lost.old.name, f"value {names} ({lost.old.number}) of enum {lost.enum.local} was deleted{without}", hint
    )
