"""Which branch of a union in the old schema is which in the new one."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from wirelock.compat.json.difference import Pair
from wirelock.compat.json.scalars import finite
from wirelock.compat.json.sides import Lens
from wirelock.ir import Anything, Never, Node, Record, Ref, Union
from wirelock.lower.unions import Tagged, json_types, union_rule
from wirelock.runtime.json.text import canonical

Likeness = Callable[[Lens, Node], Hashable]


@dataclass(frozen=True, slots=True)
class Matching:
    """Branches that belong together, and those that only one of the states has."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list[tuple[Node, Node]])
    removed: list[Node] = field(default_factory=list[Node])
    added: list[Node] = field(default_factory=list[Node])


def matching(pair: Pair) -> Matching | None:
    """Match the branches of a pair of which one at least is a union; a single type counts as one branch.

    Those that say the same; then by the constant property that tells the branches apart, by the type that they refer
    to, and by JSON type; in the order in which they stand where several are alike.
    """
    shapes = (pair.old.shape, pair.new.shape)
    if not any(isinstance(shape, Union) for shape in shapes) or any(isinstance(s, Anything | Never) for s in shapes):
        return None
    found = Matching(removed=_branches(pair.old), added=_branches(pair.new))
    key = discriminator(pair.before, pair.old) or discriminator(pair.after, pair.new)
    _match(pair, found, lambda lens, node: lens.constraints.schema(node))
    if key:
        _match(pair, found, lambda lens, node: _tag(lens, node, key))
    _match(pair, found, lambda lens, node: node.shape.target if isinstance(node.shape, Ref) else None)
    _match(pair, found, lambda lens, node: None if key and _tag(lens, node, key) else _types(lens, node))
    return found


def discriminator(lens: Lens, node: Node) -> str:
    """The property whose constant tells the branches of a union apart; empty if there is none."""
    if not isinstance(node.shape, Union) or len(node.shape.branches) < 2:
        return ""
    told = union_rule(node.shape.branches, lens.side.graph.definitions)
    return told.key if isinstance(told, Tagged) else ""


def _branches(node: Node) -> list[Node]:
    return [*node.shape.branches] if isinstance(node.shape, Union) else [node]


def _match(pair: Pair, found: Matching, likeness: Likeness) -> None:
    """Pair off what is alike, in order."""
    for old in [*found.removed]:
        known = likeness(pair.before, old)
        alike = next((new for new in found.added if known is not None and likeness(pair.after, new) == known), None)
        if alike is not None:
            found.removed.remove(old)
            found.added.remove(alike)
            found.pairs.append((old, alike))


def _tag(lens: Lens, node: Node, key: str) -> Hashable:
    """What stands at the discriminator of a branch: the first of its values, None without any."""
    shape = lens.writer.follow(node).shape
    props = shape.properties if isinstance(shape, Record) else ()
    values = next((finite(lens.writer.follow(prop.node).shape) for prop in props if prop.name == key), None)
    return canonical(values[0]) if values else None


def _types(lens: Lens, node: Node) -> Hashable:
    return json_types(node, lens.side.graph.definitions)
