"""Whether two nodes of two graphs say the same, apart from words, places, and keywords that no shape says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wirelock.compat.json.nodes import children
from wirelock.diagnostics import Location
from wirelock.ir import Array, Constant, Definition, Node, Record, Ref, Shape, Tuple, TypeId, Union
from wirelock.runtime.json.equality import equal

Definitions = Mapping[TypeId, Definition]
_BLANK = Node(Union(()), Location())


def same(ours: Definitions, theirs: Definitions, one: Node, other: Node) -> bool:
    """Whether two nodes, and every named type in them, have equal shapes and the same checks by name."""
    seen: set[TypeId] = set()
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if left.checks != right.checks or not _alike(left.shape, right.shape):
            return False
        if isinstance(left.shape, Ref):
            target = left.shape.target
            if target not in seen and target in ours and target in theirs:
                seen.add(target)
                pairs.append((ours[target].node, theirs[target].node))
        else:
            pairs += zip(children(left.shape), children(right.shape), strict=True)
    return True


def _alike(one: Shape, other: Shape) -> bool:
    """Whether two shapes are equal but for the nodes in them."""
    if isinstance(one, Constant) and isinstance(other, Constant):
        return equal(list(one.values), list(other.values))
    return _hollow(one) == _hollow(other)


def _hollow(shape: Shape) -> Shape:
    match shape:
        case Array():
            return replace(shape, items=_BLANK)
        case Tuple(items, rest):
            return replace(shape, items=(_BLANK,) * len(items), rest=rest and _BLANK)
        case Record(properties, rest):
            hollow = tuple(replace(prop, node=_BLANK) for prop in sorted(properties, key=lambda prop: prop.name))
            return Record(hollow, _BLANK if isinstance(rest, Node) else rest)
        case Union(branches):
            return replace(shape, branches=(_BLANK,) * len(branches))
        case _:
            return shape
