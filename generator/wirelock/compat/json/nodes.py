"""Access to the parts of nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wirelock.compat.json.views import View
from wirelock.ir import Array, Node, Object, Ref, Shape, Tuple, TypeId, children


def iter_nodes(node: Node, view: View) -> Iterator[Node]:
    """Yield a node and every node inside it; named types once each."""
    seen: set[TypeId] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if isinstance(current.shape, Ref):
            if current.shape.target not in seen and current.shape.target in view.definitions:
                seen.add(current.shape.target)
                waiting.append(view.definitions[current.shape.target].node)
        else:
            waiting.extend(sort_children(current))


def sort_children(node: Node) -> tuple[Node, ...]:
    """Return the children of a node, those of properties sorted by name, so that the nodes of two graphs pair up."""
    if isinstance(node.shape, Object):
        properties = tuple(sorted(node.shape.properties, key=lambda prop: prop.name))
        node = replace(node, shape=replace(node.shape, properties=properties))
    return children(node)


def get_item(shape: Array | Tuple, index: int) -> Node | None:
    """Return the node of the item at an index; None if there is none."""
    if isinstance(shape, Array):
        return shape.items
    return shape.items[index] if index < len(shape.items) else shape.additional_items


def get_max_items(shape: Array | Tuple) -> int | None:
    """Return the maximum number of items; None if unlimited."""
    if isinstance(shape, Array):
        return shape.max_items
    return len(shape.items) if shape.additional_items is None else None


def has_unique_items(shape: Array | Tuple) -> bool:
    """Return True if the shape forbids equal items."""
    return isinstance(shape, Array) and shape.unique


def count_positions(shape: Shape) -> int:
    """Return the number of positions that have shapes of their own."""
    return len(shape.items) if isinstance(shape, Tuple) else 0
