"""The walk through two states of a type: all pairs of nodes at the same place, and their differences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.compat.json.difference import Difference, JsonRule, NodePair, ResolvedNode
from wirelock.compat.json.nodes import count_positions, get_item
from wirelock.compat.json.paths import PairPath, PathStep
from wirelock.compat.json.rules import array, constraint, property, union, value
from wirelock.compat.json.rules.property import find_former_name, find_unused_name, get_declared
from wirelock.compat.json.sides import PreparedSide
from wirelock.compat.json.union_branches import match_branches
from wirelock.ir import AnyValue, Array, Node, Object, Ref, Tuple, TypeId, Union
from wirelock.lower.unions import split_null

RULES: tuple[JsonRule, ...] = (
    *property.RULES,
    *value.RULES,
    *array.RULES,
    *union.RULES,
    *constraint.RULES,
)
"""The rules that are applied to each pair."""


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A difference that a rule found at the end of a path; `site` is the new node before resolution."""

    rule: JsonRule
    difference: Difference
    pair: NodePair
    site: Node
    path: PairPath


class Walk:
    """One walk from a pair of named types; it stops where both sides refer to types that are compared elsewhere.

    Such types have the same name, or one is gone and the other is new: `renamed_types` collects those pairs.
    """

    def __init__(self, old: PreparedSide, new: PreparedSide) -> None:
        self._old = old
        self._new = new
        self.renamed_types: list[tuple[TypeId, TypeId]] = []
        self._seen: set[tuple[TypeId | int, TypeId | int]] = set()

    def find_differences(self, old: Node, new: Node, path: PairPath = ()) -> Iterator[RuleMatch]:
        """Yield the differences of a pair of nodes and of the nodes below it."""
        if self._is_walked_elsewhere(_get_target(old), _get_target(new)):
            if old.unmodelled_keywords or new.unmodelled_keywords:
                yield from self._apply_rules(self._pair_keywords(old, new), new, path)
            return
        old_resolved, new_resolved = _resolve_node(self._old, old), _resolve_node(self._new, new)
        key = (
            _get_target(old_resolved.chain[-1]) or id(old_resolved.chain[-1]),
            _get_target(new_resolved.chain[-1]) or id(new_resolved.chain[-1]),
        )
        if key in self._seen:
            return
        self._seen.add(key)
        pair = NodePair(old_resolved, new_resolved, self._old, self._new)
        yield from self._apply_rules(pair, new, path)
        for old_member, new_member, steps in _iter_members(pair):
            yield from self.find_differences(old_member, new_member, (*path, *steps))

    def _is_walked_elsewhere(self, old: TypeId | None, new: TypeId | None) -> bool:
        if old is None or new is None or old == new:
            return old is not None and old == new
        if old in self._new.definitions or new in self._old.definitions:
            return False
        self.renamed_types.append((old, new))
        return True

    def _apply_rules(self, pair: NodePair, site: Node, path: PairPath) -> Iterator[RuleMatch]:
        for rule in RULES:
            for difference in rule.check(pair):
                yield RuleMatch(rule, difference, pair, site, path)

    def _pair_keywords(self, old: Node, new: Node) -> NodePair:
        """Return a pair of references to the same type, reduced to the keywords beside the references."""
        old_core, new_core = (
            Node(AnyValue(), node.location, unmodelled_keywords=node.unmodelled_keywords) for node in (old, new)
        )
        old_resolved = ResolvedNode(old_core, nullable=False, chain=(old,))
        new_resolved = ResolvedNode(new_core, nullable=False, chain=(new,))
        return NodePair(old_resolved, new_resolved, self._old, self._new)


def _resolve_node(side: PreparedSide, node: Node) -> ResolvedNode:
    definitions = side.definitions
    chain = [node]
    seen: set[TypeId] = set()
    while (target := _get_target(chain[-1])) in definitions and target not in seen:
        assert target is not None
        seen.add(target)
        chain.append(definitions[target].node)
    core, nullable = split_null(chain[-1], definitions)
    if core is None:
        core = Node(Union(()), node.location)
    return ResolvedNode(side.writer.resolve(core), nullable, tuple(chain))


def _get_target(node: Node) -> TypeId | None:
    return node.shape.target if isinstance(node.shape, Ref) else None


def _iter_members(pair: NodePair) -> Iterator[tuple[Node, Node, PairPath]]:
    """Yield the pairs of nodes one step below."""
    branches = match_branches(pair)
    if branches is not None:
        yield from ((old, new, ()) for old, new in branches.pairs)
        return
    match pair.old.shape, pair.new.shape:
        case Object(additional_properties=old_rest), Object(additional_properties=new_rest):
            yield from _iter_properties(pair)
            if isinstance(old_rest, Node) and isinstance(new_rest, Node) and not _has_any_value(old_rest, new_rest):
                name = find_unused_name(pair.old, pair.new)
                yield old_rest, new_rest, (PathStep(pair.old, pair.new, name, name),)
        case (Array() | Tuple()) as old_array, (Array() | Tuple()) as new_array:
            for index in range(1 + max(count_positions(old_array), count_positions(new_array))):
                old_item, new_item = get_item(old_array, index), get_item(new_array, index)
                if old_item is not None and new_item is not None:
                    yield old_item, new_item, (PathStep(pair.old, pair.new, index, index),)
        case _:
            return


def _has_any_value(*nodes: Node) -> bool:
    """Return True if one of the nodes accepts every value; a rule about undeclared properties reports that."""
    return any(isinstance(node.shape, AnyValue) for node in nodes)


def _iter_properties(pair: NodePair) -> Iterator[tuple[Node, Node, PairPath]]:
    old, new = get_declared(pair)
    for prop in new.values():
        old_name = prop.name if prop.name in old else find_former_name(prop, old, new)
        if old_name is not None:
            yield old[old_name].node, prop.node, (PathStep(pair.old, pair.new, old_name, prop.name),)
