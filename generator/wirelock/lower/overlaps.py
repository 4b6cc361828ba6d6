"""Unions with overlapping branches: several branches together decide which properties of a value are declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from wirelock.ir import Node, Null, Object, Ref, TypeId, Union, children
from wirelock.lower.unions import Definitions, Undiscriminated, choose_rule, get_json_types


class OverlappingUnions:
    """Finds the overlapping unions of one graph; `has_class` returns True for nodes with a class of their own."""

    def __init__(self, definitions: Definitions, has_class: Callable[[Node], bool]) -> None:
        self._definitions = definitions
        self._has_class = has_class

    def find_types(self, branches: Sequence[Node]) -> tuple[str, ...]:
        """Return the JSON types, object or array, that several branches accept with undeclared properties inside."""
        non_null = [branch for branch in branches if not isinstance(branch.shape, Null)]
        if len(non_null) < 2 or not isinstance(choose_rule(non_null, self._definitions), Undiscriminated):
            return ()
        types = [set(get_json_types(branch, self._definitions)) for branch in non_null]
        counts = Counter(name for names in types for name in names)
        marked = {
            n for branch, names in zip(non_null, types, strict=True) if self._has_undeclared(branch) for n in names
        }
        return tuple(name for name in ("object", "array") if counts[name] > 1 and name in marked)

    def has_overlap(self, node: Node) -> bool:
        """Return True if the node is such a union, or has one inside it that is not in a class of its own."""
        pending = [node]
        seen: set[TypeId] = set()
        while pending:
            current = pending.pop()
            if current is not node and self._has_class(current):
                continue
            if isinstance(current.shape, Union) and self.find_types(current.shape.branches):
                return True
            pending += self._iter_children(current, seen)
        return False

    def _has_undeclared(self, node: Node) -> bool:
        pending = [node]
        seen: set[TypeId] = set()
        while pending:
            current = pending.pop()
            if (
                isinstance(current.shape, Object)
                and current.shape.properties
                and current.shape.additional_properties == "undeclared"
            ):
                return True
            pending += self._iter_children(current, seen)
        return False

    def _iter_children(self, node: Node, seen: set[TypeId]) -> Iterator[Node]:
        """Yield the children of a node, and the target of a reference the first time."""
        match node.shape:
            case Ref(target) if target not in seen:
                seen.add(target)
                yield self._definitions[target].node
            case _:
                yield from children(node)
