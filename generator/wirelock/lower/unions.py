"""How a union is carried: which of the four rules applies, decided on the shapes of its branches.

In this order: equal once constraints are dropped; told apart by a constant property; told apart by JSON type;
otherwise not told apart at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from wirelock.ir import (
    Anything,
    Array,
    Boolean,
    Choice,
    Constant,
    Definition,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Record,
    Ref,
    Text,
    Tuple,
    TypeId,
    Union,
)
from wirelock.runtime.json.formatting import json_type

Definitions = Mapping[TypeId, Definition]
_NUMBER_WORDS = frozenset({"NaN", "Infinity", "-Infinity"})


@dataclass(frozen=True, slots=True)
class Merged:
    """All branches are carried by one scalar: string, integer, number or boolean."""

    node: Node


@dataclass(frozen=True, slots=True)
class Tagged:
    """Branch i has the constant values `values[i]` at the required property `key`."""

    key: str
    values: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """Branch i is the only one for the JSON types `types[i]`."""

    types: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Untold:
    """The branches overlap; nothing short of validation tells them apart."""


UnionRule = Merged | Tagged | Typed | Untold


def follow(node: Node, definitions: Definitions) -> Node:
    """The node behind any chain of references."""
    seen: set[TypeId] = set()
    while isinstance(node.shape, Ref) and node.shape.target not in seen:
        seen.add(node.shape.target)
        node = definitions[node.shape.target].node
    return node


def split_null(node: Node, definitions: Definitions) -> tuple[Node | None, bool]:
    """The node without its null, and whether null was allowed; None when nothing but null is left."""
    core = follow(node, definitions)
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
                return _hinted(rest[0], core.hints.proto_type), True
            return Node(Union(rest, exclusive), core.where, core.title, core.description, core.deprecated), True
        case _:
            return node, False


def _hinted(node: Node, proto_type: str) -> Node:
    """A node with the proto type that was asked for where null was still allowed beside it."""
    return replace(node, hints=replace(node.hints, proto_type=proto_type)) if proto_type else node


def union_rule(branches: Sequence[Node], definitions: Definitions) -> UnionRule:
    """The rule that carries these branches (null already split off); where nothing is left, nothing overlaps."""
    if not branches:
        return Typed(())
    nodes = [follow(branch, definitions) for branch in branches]
    merged = _merged(nodes)
    if merged is not None:
        return Merged(merged)
    tagged = _tagged(nodes, definitions)
    if tagged is not None:
        return tagged
    types = tuple(json_types(node, definitions) for node in nodes)
    flat = [name for group in types for name in group]
    return Typed(types) if len(flat) == len(set(flat)) else Untold()


def _merged(nodes: Sequence[Node]) -> Node | None:
    shapes = [node.shape for node in nodes]
    if all(isinstance(shape, Text | Choice) for shape in shapes):
        if all(isinstance(shape, Choice) for shape in shapes):
            values = tuple(dict.fromkeys(v for shape in shapes if isinstance(shape, Choice) for v in shape.values))
            return Node(Choice(values), nodes[0].where, description=nodes[0].description)
        return Node(Text(), nodes[0].where, description=nodes[0].description)
    numeric = [shape for shape in shapes if isinstance(shape, Number | Integer)]
    words = [value for shape in shapes if isinstance(shape, Choice) for value in shape.values]
    if numeric and len(numeric) + sum(isinstance(s, Choice) for s in shapes) == len(shapes):
        if any(isinstance(shape, Number) for shape in numeric) and _NUMBER_WORDS.issuperset(words):
            return Node(Number(), nodes[0].where, description=nodes[0].description)
        if not words:
            return Node(Integer(), nodes[0].where, description=nodes[0].description)
    if all(isinstance(shape, Boolean) for shape in shapes):
        return nodes[0]
    return None


def _tagged(nodes: Sequence[Node], definitions: Definitions) -> Tagged | None:
    records = [node.shape for node in nodes if isinstance(node.shape, Record)]
    if len(records) != len(nodes):
        return None
    for prop in records[0].properties:
        values = [_constants(record, prop.name, definitions) for record in records]
        flat = [value for group in values for value in group]
        if all(values) and len(flat) == len(set(flat)):
            return Tagged(prop.name, tuple(values))
    return None


def _constants(record: Record, name: str, definitions: Definitions) -> tuple[object, ...]:
    for prop in record.properties:
        if prop.name == name and prop.required:
            shape = follow(prop.node, definitions).shape
            return shape.values if isinstance(shape, Choice) and not shape.extensible else ()
    return ()


def json_types(node: Node, definitions: Definitions) -> tuple[str, ...]:
    """The JSON types that a shape accepts; integers count as numbers, since 1 and 1.0 are equal."""
    shape = follow(node, definitions).shape
    match shape:
        case Null():
            return ("null",)
        case Boolean():
            return ("boolean",)
        case Integer() | Number():
            return ("number",)
        case Text() | Choice():
            return ("string",)
        case Array() | Tuple():
            return ("array",)
        case Record():
            return ("object",)
        case Constant(values):
            return tuple(sorted({json_type(value) for value in values}))
        case Union(branches):
            return tuple(sorted({name for branch in branches for name in json_types(branch, definitions)}))
        case Anything():
            return ("null", "boolean", "number", "string", "array", "object")
        case Never():
            return ()
        case Ref():
            return ("null", "boolean", "number", "string", "array", "object")
        case _:
            assert_never(shape)
