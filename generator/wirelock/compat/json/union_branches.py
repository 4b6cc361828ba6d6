"""Matching of union branches between the old and the new schema."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from wirelock.compat.json.difference import NodePair
from wirelock.compat.json.scalars import enumerate_values
from wirelock.compat.json.sides import PreparedSide
from wirelock.ir import AnyValue, Never, Node, Object, Ref, Union
from wirelock.lower.unions import ByDiscriminator, choose_rule, get_json_types
from wirelock.runtime.json.text import canonicalize

BranchKey = Callable[[PreparedSide, Node], Hashable]


@dataclass(frozen=True, slots=True)
class MatchedBranches:
    """Corresponding branches, and those that only one state has."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list[tuple[Node, Node]])
    removed: list[Node] = field(default_factory=list[Node])
    added: list[Node] = field(default_factory=list[Node])


def match_branches(pair: NodePair) -> MatchedBranches | None:
    """Match the branches of a pair with at least one union; another type counts as one branch. None without a union.

    Branches match by equal schemas, then by discriminator, by reference target, and by JSON type. Ties keep their
    order.
    """
    shapes = (pair.old.shape, pair.new.shape)
    if not any(isinstance(shape, Union) for shape in shapes) or any(isinstance(s, AnyValue | Never) for s in shapes):
        return None
    branches = MatchedBranches(removed=_get_branches(pair.old), added=_get_branches(pair.new))
    tag_name = find_discriminator(pair.old_side, pair.old) or find_discriminator(pair.new_side, pair.new)
    _match_by_key(pair, branches, lambda side, node: side.keywords.get_schema_text(node))
    if tag_name:
        _match_by_key(pair, branches, lambda side, node: _get_tag(side, node, tag_name))
    _match_by_key(pair, branches, lambda side, node: node.shape.target if isinstance(node.shape, Ref) else None)
    _match_by_key(pair, branches, lambda side, node: _get_json_types(side, node, tag_name))
    return branches


def find_discriminator(side: PreparedSide, node: Node) -> str:
    """Return the property whose constants distinguish the branches of a union; "" if there is none."""
    if not isinstance(node.shape, Union) or len(node.shape.branches) < 2:
        return ""
    union_kind = choose_rule(node.shape.branches, side.definitions)
    return union_kind.key if isinstance(union_kind, ByDiscriminator) else ""


def _get_branches(node: Node) -> list[Node]:
    return [*node.shape.branches] if isinstance(node.shape, Union) else [node]


def _match_by_key(pair: NodePair, branches: MatchedBranches, get_key: BranchKey) -> None:
    """Pair branches with equal keys, in order."""
    for old in [*branches.removed]:
        key = get_key(pair.old_side, old)
        match = next((new for new in branches.added if key is not None and get_key(pair.new_side, new) == key), None)
        if match is not None:
            branches.removed.remove(old)
            branches.added.remove(match)
            branches.pairs.append((old, match))


def _get_tag(side: PreparedSide, node: Node, tag_name: str) -> Hashable:
    """Return the first value of a branch's discriminator; None if it has no constants."""
    shape = side.writer.resolve(node).shape
    props = shape.properties if isinstance(shape, Object) else ()
    values = next(
        (enumerate_values(side.writer.resolve(prop.node).shape) for prop in props if prop.name == tag_name), None
    )
    return canonicalize(values[0]) if values else None


def _get_json_types(side: PreparedSide, node: Node, tag_name: str) -> Hashable:
    """Return the JSON types of a branch; None if it has a discriminator value."""
    return None if tag_name and _get_tag(side, node, tag_name) else get_json_types(node, side.definitions)
