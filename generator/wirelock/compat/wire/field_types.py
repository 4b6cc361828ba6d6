"""Rules about the types of fields: the same in code, in ProtoJSON and on the wire.

Which types read each other's data is protobuf's table: https://protobuf.dev/programming-guides/proto3/#updating.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.compat.rule import rule
from wirelock.compat.wire.change import Fault, WireRule
from wirelock.compat.wire.descriptor_index import Field, Side
from wirelock.compat.wire.differences import Differences, Pair

_WIRE: Mapping[str, str] = {
    "int64": "int32",
    "uint32": "int32",
    "uint64": "int32",
    "bool": "int32",
    "sint64": "sint32",
    "sfixed32": "fixed32",
    "sfixed64": "fixed64",
}
"""Types with the same encoding, each led back to one of them; any other stands for itself."""

_WIRE_JSON: Mapping[str, str] = {
    "uint32": "int32",
    "uint64": "int64",
    "sfixed32": "fixed32",
    "sfixed64": "fixed64",
}
"""Types with the same encoding that ProtoJSON writes in the same way too: 64-bit integers are strings there."""

_HINT = "old data would be misread: let the property of the new type have another name, and so a number of its own"


@rule("FIELD_SAME_TYPE", "FILE", "PACKAGE")
def field_same_type(found: Differences) -> Iterator[Fault]:
    """A field keeps its type.

    Generated code has another type for it and stops compiling, even where the data is the same.

    What to do: keep the type, or let the property of the new type have another name.
    """
    for pair in found.fields:
        if pair.old.kind != pair.new.kind or pair.old.type != pair.new.type:
            yield _fault(pair, "code written against the old type stops compiling: give the new one another name")


@rule("FIELD_WIRE_JSON_COMPATIBLE_TYPE", "WIRE_JSON")
def field_wire_json_compatible_type(found: Differences) -> Iterator[Fault]:
    """A field keeps a type that reads the old one's data, binary and ProtoJSON.

    int32 and uint32, int64 and uint64, fixed32 and sfixed32, fixed64 and sfixed64 read each other; an enum reads one of
    the same name whose values it all has. Anything else is misread or refused.

    What to do: let the property of the new type have another name, and so a number of its own.
    """
    for pair in found.fields:
        if not _alike(pair, _WIRE_JSON, found):
            yield _fault(pair, _HINT)


@rule("FIELD_WIRE_COMPATIBLE_TYPE", "WIRE")
def field_wire_compatible_type(found: Differences) -> Iterator[Fault]:
    """A field keeps a type that reads the old one's data on the wire.

    int32, int64, uint32, uint64 and bool read each other, as do sint32 and sint64, fixed32 and sfixed32, fixed64 and
    sfixed64; bytes reads string, and an enum one of the same name whose values it all has. Anything else is misread.

    What to do: let the property of the new type have another name, and so a number of its own.
    """
    for pair in found.fields:
        if (pair.old.kind, pair.new.kind) != ("string", "bytes") and not _alike(pair, _WIRE, found):
            yield _fault(pair, _HINT)


RULES: tuple[WireRule, ...] = (field_same_type, field_wire_json_compatible_type, field_wire_compatible_type)


def _alike(pair: Pair[Field], same: Mapping[str, str], found: Differences) -> bool:
    """Whether the new type reads the data of the old one; `same` leads types that read each other to one of them."""
    old, new = pair.old, pair.new
    if same.get(old.kind, old.kind) != same.get(new.kind, new.kind):
        return False
    if new.kind == "enum" and old.type != new.type:
        return _grown(found, old.type, new.type)
    return new.kind not in ("message", "group") or old.type == new.type


def _grown(found: Differences, old: str, new: str) -> bool:
    """Whether an enum has the short name of another and all its values: then it moved, and perhaps grew."""
    short = old.rpartition(".")[2] == new.rpartition(".")[2]
    return short and _values(found.old, old) <= _values(found.new, new) != frozenset()


def _values(side: Side, enum: str) -> frozenset[tuple[str, int]]:
    """The names and numbers of an enum; none for one that is imported from google."""
    found = side.enums.get(enum)
    return frozenset((value.name, value.number) for value in found.proto.value) if found else frozenset()


def _fault(pair: Pair[Field], hint: str) -> Fault:
    return Fault(pair.new.name, f"{pair.new.label} changed its type from {pair.old.type} to {pair.new.type}", hint)
