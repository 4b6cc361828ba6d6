"""The walk through two states of a type: every pair of nodes that stand in the same place, and what differs there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wirelock.compat.json.difference import Difference, JsonRule, Pair, Place
from wirelock.compat.json.nodes import item, positions
from wirelock.compat.json.paths import Step, Trail
from wirelock.compat.json.rules import array, constraint, property, union, value
from wirelock.compat.json.rules.property import declared, former_name, free_name
from wirelock.compat.json.sides import Lens
from wirelock.compat.json.union_branches import matching
from wirelock.ir import Anything, Array, Node, Record, Ref, Tuple, TypeId, Union
from wirelock.lower.unions import split_null

RULES: tuple[JsonRule, ...] = (
    *property.RULES,
    *value.RULES,
    *array.RULES,
    *union.RULES,
    *constraint.RULES,
)
"""The rules that are asked about every pair."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found at a pair of nodes, at the end of a way; `site` is where the new one is stated."""

    rule: JsonRule
    difference: Difference
    pair: Pair
    site: Node
    trail: Trail


class Walk:
    """One walk from a pair of named types, which ends where both refer to types that belong together.

    Those are types of one name, and one that is gone with one that was not there: `moved` collects such pairs.
    """

    def __init__(self, before: Lens, after: Lens) -> None:
        self._before = before
        self._after = after
        self.moved: list[tuple[TypeId, TypeId]] = []
        self._seen: set[tuple[TypeId | int, TypeId | int]] = set()

    def differences(self, old: Node, new: Node, trail: Trail = ()) -> Iterator[Found]:
        """Everything that differs in a pair of nodes and below it."""
        if self._is_walked_elsewhere(_target(old), _target(new)):
            if old.checks or new.checks:
                yield from self._here(self._beside(old, new), new, trail)
            return
        was, now = _place(self._before, old), _place(self._after, new)
        key = (_target(was.layers[-1]) or id(was.layers[-1]), _target(now.layers[-1]) or id(now.layers[-1]))
        if key in self._seen:
            return
        self._seen.add(key)
        pair = Pair(was, now, self._before, self._after)
        yield from self._here(pair, new, trail)
        for left, right, steps in _members(pair):
            yield from self.differences(left, right, (*trail, *steps))

    def _is_walked_elsewhere(self, old: TypeId | None, new: TypeId | None) -> bool:
        if old is None or new is None or old == new:
            return old is not None and old == new
        if old in self._after.side.graph.definitions or new in self._before.side.graph.definitions:
            return False
        self.moved.append((old, new))
        return True

    def _here(self, pair: Pair, site: Node, trail: Trail) -> Iterator[Found]:
        for rule in RULES:
            for difference in rule.check(pair):
                yield Found(rule, difference, pair, site, trail)

    def _beside(self, old: Node, new: Node) -> Pair:
        """The pair of references to one type, of which only what stands beside them is looked at."""
        one, other = (Node(Anything(), node.where, checks=node.checks) for node in (old, new))
        was, now = Place(one, nullable=False, layers=(old,)), Place(other, nullable=False, layers=(new,))
        return Pair(was, now, self._before, self._after)


def _place(lens: Lens, node: Node) -> Place:
    definitions = lens.side.graph.definitions
    layers = [node]
    seen: set[TypeId] = set()
    while (target := _target(layers[-1])) in definitions and target not in seen:
        assert target is not None
        seen.add(target)
        layers.append(definitions[target].node)
    core, nullable = split_null(layers[-1], definitions)
    if core is None:
        core = Node(Union(()), node.where)
    return Place(lens.writer.follow(core), nullable, tuple(layers))


def _target(node: Node) -> TypeId | None:
    return node.shape.target if isinstance(node.shape, Ref) else None


def _members(pair: Pair) -> Iterator[tuple[Node, Node, Trail]]:
    """The pairs of nodes one step further down."""
    branches = matching(pair)
    if branches is not None:
        yield from ((old, new, ()) for old, new in branches.pairs)
        return
    match pair.old.shape, pair.new.shape:
        case Record(rest=was), Record(rest=now):
            yield from _properties(pair)
            if isinstance(was, Node) and isinstance(now, Node) and not _is_any(was, now):
                name = free_name(pair.old, pair.new)
                yield was, now, (Step(pair.old, pair.new, name, name),)
        case (Array() | Tuple()) as left, (Array() | Tuple()) as right:
            for index in range(1 + max(positions(left), positions(right))):
                one, other = item(left, index), item(right, index)
                if one is not None and other is not None:
                    yield one, other, (Step(pair.old, pair.new, index, index),)
        case _:
            return


def _is_any(*nodes: Node) -> bool:
    """Whether one of the nodes takes every value; of undeclared properties, a rule about them tells that."""
    return any(isinstance(node.shape, Anything) for node in nodes)


def _properties(pair: Pair) -> Iterator[tuple[Node, Node, Trail]]:
    old, new = declared(pair)
    for prop in new.values():
        former = prop.name if prop.name in old else former_name(prop, old, new)
        if former is not None:
            yield old[former].node, prop.node, (Step(pair.old, pair.new, former, prop.name),)
