"""The representation of unions in protobuf: one of four rules, chosen by the shapes of the branches.

In this order: one scalar for all branches; a oneof with a discriminator property; a oneof by JSON type; otherwise a
free-form value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from wirelock.ir import (
    AnyValue,
    Array,
    Boolean,
    ConstSet,
    Definition,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Object,
    Ref,
    String,
    StringEnum,
    Tuple,
    TypeId,
    Union,
)
from wirelock.runtime.json.formatting import get_json_type

Definitions = Mapping[TypeId, Definition]
_SPECIAL_NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})


@dataclass(frozen=True, slots=True)
class SingleScalar:
    """All branches have one scalar type: string, integer, number or boolean."""

    node: Node


@dataclass(frozen=True, slots=True)
class ByDiscriminator:
    """Branch i has the constants `values[i]` in the required property `key`."""

    key: str
    values: tuple[tuple[object, ...], ...]

    @property
    def branch_keys(self) -> tuple[str, ...]:
        """The key of each branch, from which its field name is derived: the first constant."""
        return tuple(str(constants[0]) for constants in self.values)

    @property
    def description(self) -> str:
        """A phrase for the documentation."""
        return f"selected by the property {self.key}"


@dataclass(frozen=True, slots=True)
class ByJsonType:
    """Branch i is the only one that accepts the JSON types `types[i]`."""

    types: tuple[tuple[str, ...], ...]

    @property
    def branch_keys(self) -> tuple[str, ...]:
        """The key of each branch, from which its field name is derived: the first JSON type."""
        return tuple(types[0] for types in self.types)

    @property
    def description(self) -> str:
        """A phrase for the documentation."""
        return "selected by JSON type"


@dataclass(frozen=True, slots=True)
class Undiscriminated:
    """The branches overlap; only validation can select one."""


UnionRule = SingleScalar | ByDiscriminator | ByJsonType | Undiscriminated


def resolve_refs(node: Node, definitions: Definitions) -> Node:
    """Return the node at the end of a chain of references."""
    seen: set[TypeId] = set()
    while isinstance(node.shape, Ref) and node.shape.target not in seen:
        seen.add(node.shape.target)
        node = definitions[node.shape.target].node
    return node


def split_null(node: Node, definitions: Definitions) -> tuple[Node | None, bool]:
    """Return a node without null (None if nothing else is left), and True if it allowed null."""
    core = resolve_refs(node, definitions)
    match core.shape:
        case Null():
            return None, True
        case Union(branches, exclusive):
            split = [split_null(branch, definitions) for branch in branches]
            if not any(nullable for _, nullable in split):
                return node, False
            rest = tuple(branch for branch, _ in split if branch is not None)
            if not rest:
                return None, True
            if len(rest) == 1:
                return _set_proto_type(rest[0], core.extensions.proto_type), True
            return Node(Union(rest, exclusive), core.location, core.title, core.description, core.deprecated), True
        case _:
            return node, False


def _set_proto_type(node: Node, proto_type: str) -> Node:
    """Return a node with the `x-proto-type` of the union that it shared with null."""
    return replace(node, extensions=replace(node.extensions, proto_type=proto_type)) if proto_type else node


def choose_rule(branches: Sequence[Node], definitions: Definitions) -> UnionRule:
    """Return the rule for branches without null; no branches count as branches that do not overlap."""
    if not branches:
        return ByJsonType(())
    nodes = [resolve_refs(branch, definitions) for branch in branches]
    if (scalar := _merge_scalars(nodes)) is not None:
        return SingleScalar(scalar)
    if (by_discriminator := _find_discriminator(nodes, definitions)) is not None:
        return by_discriminator
    types = tuple(get_json_types(node, definitions) for node in nodes)
    flat = [name for group in types for name in group]
    return ByJsonType(types) if len(flat) == len(set(flat)) else Undiscriminated()


def _merge_scalars(nodes: Sequence[Node]) -> Node | None:
    shapes = [node.shape for node in nodes]
    if all(isinstance(shape, String | StringEnum) for shape in shapes):
        if all(isinstance(shape, StringEnum) for shape in shapes):
            values = tuple(dict.fromkeys(v for shape in shapes if isinstance(shape, StringEnum) for v in shape.values))
            return Node(StringEnum(values), nodes[0].location, description=nodes[0].description)
        return Node(String(), nodes[0].location, description=nodes[0].description)
    numeric = [shape for shape in shapes if isinstance(shape, Number | Integer)]
    enum_values = [value for shape in shapes if isinstance(shape, StringEnum) for value in shape.values]
    if numeric and len(numeric) + sum(isinstance(s, StringEnum) for s in shapes) == len(shapes):
        if any(isinstance(shape, Number) for shape in numeric) and _SPECIAL_NUMBERS.issuperset(enum_values):
            return Node(Number(), nodes[0].location, description=nodes[0].description)
        if not enum_values:
            return Node(Integer(), nodes[0].location, description=nodes[0].description)
    if all(isinstance(shape, Boolean) for shape in shapes):
        return nodes[0]
    return None


def _find_discriminator(nodes: Sequence[Node], definitions: Definitions) -> ByDiscriminator | None:
    objects = [node.shape for node in nodes if isinstance(node.shape, Object)]
    if len(objects) != len(nodes):
        return None
    for prop in objects[0].properties:
        values = [_get_constants(shape, prop.name, definitions) for shape in objects]
        flat = [value for group in values for value in group]
        if all(values) and len(flat) == len(set(flat)):
            return ByDiscriminator(prop.name, tuple(values))
    return None


def _get_constants(shape: Object, name: str, definitions: Definitions) -> tuple[object, ...]:
    for prop in shape.properties:
        if prop.name == name and prop.required:
            value = resolve_refs(prop.node, definitions).shape
            return value.values if isinstance(value, StringEnum) and not value.extensible else ()
    return ()


def get_json_types(node: Node, definitions: Definitions) -> tuple[str, ...]:
    """Return the JSON types that a node accepts; integers count as numbers, because 1 and 1.0 are equal."""
    shape = resolve_refs(node, definitions).shape
    match shape:
        case Null():
            return ("null",)
        case Boolean():
            return ("boolean",)
        case Integer() | Number():
            return ("number",)
        case String() | StringEnum():
            return ("string",)
        case Array() | Tuple():
            return ("array",)
        case Object():
            return ("object",)
        case ConstSet(values):
            return tuple(sorted({get_json_type(value) for value in values}))
        case Union(branches):
            return tuple(sorted({name for branch in branches for name in get_json_types(branch, definitions)}))
        case AnyValue():
            return ("null", "boolean", "number", "string", "array", "object")
        case Never():
            return ()
        case Ref():
            return ("null", "boolean", "number", "string", "array", "object")
        case _:
            assert_never(shape)
