"""Structural equality of nodes of two graphs, without annotations, locations and unmodelled keywords."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wirelock.compat.json.nodes import sort_children
from wirelock.diagnostics import Location
from wirelock.ir import Array, ConstSet, Definition, Node, Object, Ref, Shape, Tuple, TypeId, Union
from wirelock.runtime.json.equality import are_equal

Definitions = Mapping[TypeId, Definition]
_BLANK = Node(Union(()), Location())


def are_structurally_equal(old_definitions: Definitions, new_definitions: Definitions, old: Node, new: Node) -> bool:
    """Return True if two nodes, and all named types in them, have equal shapes and equal unmodelled keyword names."""
    seen: set[TypeId] = set()
    pairs = [(old, new)]
    while pairs:
        old_node, new_node = pairs.pop()
        if old_node.unmodelled_keywords != new_node.unmodelled_keywords:
            return False
        if not _are_shapes_equal(old_node.shape, new_node.shape):
            return False
        if isinstance(old_node.shape, Ref):
            target = old_node.shape.target
            if target not in seen and target in old_definitions and target in new_definitions:
                seen.add(target)
                pairs.append((old_definitions[target].node, new_definitions[target].node))
        else:
            pairs += zip(sort_children(old_node), sort_children(new_node), strict=True)
    return True


def _are_shapes_equal(old: Shape, new: Shape) -> bool:
    """Return True if two shapes are equal apart from their child nodes."""
    if isinstance(old, ConstSet) and isinstance(new, ConstSet):
        return are_equal(list(old.values), list(new.values))
    return _blank_children(old) == _blank_children(new)


def _blank_children(shape: Shape) -> Shape:
    match shape:
        case Array():
            return replace(shape, items=_BLANK)
        case Tuple(items, rest):
            return replace(shape, items=(_BLANK,) * len(items), additional_items=rest and _BLANK)
        case Object(properties, rest):
            hollow = tuple(replace(prop, node=_BLANK) for prop in sorted(properties, key=lambda prop: prop.name))
            return Object(hollow, _BLANK if isinstance(rest, Node) else rest)
        case Union(branches):
            return replace(shape, branches=(_BLANK,) * len(branches))
        case _:
            return shape
