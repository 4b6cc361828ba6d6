"""Unions whose branches overlap: what is declared in a value, several branches decide, and no class of one can know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from wirelock.ir import Array, Node, Null, Record, Ref, Tuple, TypeId, Union
from wirelock.lower.unions import Definitions, Untold, json_types, union_rule


class Overlaps:
    """The overlapping unions of one graph; `apart` tells which nodes have a class of their own."""

    def __init__(self, definitions: Definitions, apart: Callable[[Node], bool]) -> None:
        self._definitions = definitions
        self._apart = apart

    def types(self, branches: Sequence[Node]) -> tuple[str, ...]:
        """The JSON types that several branches take, with objects inside that may have undeclared properties."""
        left = [branch for branch in branches if not isinstance(branch.shape, Null)]
        if len(left) < 2 or not isinstance(union_rule(left, self._definitions), Untold):
            return ()
        taken = [set(json_types(branch, self._definitions)) for branch in left]
        counts = Counter(name for names in taken for name in names)
        marked = {n for branch, names in zip(left, taken, strict=True) if self._has_undeclared(branch) for n in names}
        return tuple(name for name in ("object", "array") if counts[name] > 1 and name in marked)

    def inside(self, node: Node) -> bool:
        """Whether a class of this node holds such a union, itself or in values that have no class of their own."""
        left = [node]
        seen: set[TypeId] = set()
        while left:
            here = left.pop()
            if here is not node and self._apart(here):
                continue
            if isinstance(here.shape, Union) and self.types(here.shape.branches):
                return True
            left += self._inner(here, seen)
        return False

    def _has_undeclared(self, node: Node) -> bool:
        left = [node]
        seen: set[TypeId] = set()
        while left:
            here = left.pop()
            if isinstance(here.shape, Record) and here.shape.properties and here.shape.rest == "undeclared":
                return True
            left += self._inner(here, seen)
        return False

    def _inner(self, node: Node, seen: set[TypeId]) -> Iterator[Node]:
        """The nodes right inside a node, each named type once."""
        match node.shape:
            case Ref(target) if target not in seen:
                seen.add(target)
                yield self._definitions[target].node
            case Array(items):
                yield items
            case Tuple(items, rest):
                yield from (*items, *([rest] if rest else []))
            case Record(properties, rest):
                yield from (prop.node for prop in properties)
                yield from [rest] if isinstance(rest, Node) else []
            case Union(branches):
                yield from branches
            case _:
                return
