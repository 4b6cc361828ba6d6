"""What stands in a node, and where in it."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.compat.json.views import View
from wirelock.ir import Array, Node, Record, Ref, Shape, Tuple, TypeId, Union


def inside(node: Node, view: View) -> Iterator[Node]:
    """A node and every node in it, named types once each."""
    seen: set[TypeId] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one.shape, Ref):
            if one.shape.target not in seen and one.shape.target in view.definitions:
                seen.add(one.shape.target)
                waiting.append(view.definitions[one.shape.target].node)
        else:
            waiting.extend(children(one.shape))


def children(shape: Shape) -> tuple[Node, ...]:
    """The nodes that a shape holds; those of properties by name."""
    match shape:
        case Array(items):
            return (items,)
        case Tuple(items, rest):
            return (*items, rest) if rest is not None else items
        case Record(properties, rest):
            declared = tuple(prop.node for prop in sorted(properties, key=lambda prop: prop.name))
            return (*declared, rest) if isinstance(rest, Node) else declared
        case Union(branches):
            return branches
        case _:
            return ()


def item(shape: Array | Tuple, index: int) -> Node | None:
    """What the item at an index has to be; None where there is none."""
    if isinstance(shape, Array):
        return shape.items
    return shape.items[index] if index < len(shape.items) else shape.rest


def max_items(shape: Array | Tuple) -> int | None:
    """How many items a list can have; None is any number."""
    if isinstance(shape, Array):
        return shape.max_items
    return len(shape.items) if shape.rest is None else None


def unique(shape: Array | Tuple) -> bool:
    """Whether a shape says that no two items are equal."""
    return isinstance(shape, Array) and shape.unique


def positions(shape: Shape) -> int:
    """How many positions of a list have shapes of their own."""
    return len(shape.items) if isinstance(shape, Tuple) else 0
