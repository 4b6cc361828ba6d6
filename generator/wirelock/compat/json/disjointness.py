"""Whether no value fits two nodes: their JSON types differ, or a constant does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from wirelock.compat.json.scalars import finite
from wirelock.compat.json.views import View
from wirelock.ir import Node, Record
from wirelock.lower.unions import Tagged, Typed, json_types, union_rule
from wirelock.runtime.json.equality import equal
from wirelock.runtime.json.text import Json


def disjoint(branches: tuple[Node, ...], view: View) -> bool:
    """Whether no value fits two of the branches."""
    if isinstance(union_rule(branches, view.definitions), Tagged | Typed):
        return True
    return all(apart(one, other, view, view) for one, other in combinations(branches, 2))


def apart(one: Node, other: Node, view: View, second: View) -> bool:
    """Whether no value fits both a node of one view and a node of a second."""
    if set(json_types(one, view.definitions)).isdisjoint(json_types(other, second.definitions)):
        return True
    some, others = finite(view.follow(one).shape), finite(second.follow(other).shape)
    if some is not None:
        return not any(second.fits(other, value) for value in some)
    if others is not None:
        return not any(view.fits(one, value) for value in others)
    return _tags_apart(one, other, view, second)


def _tags_apart(one: Node, other: Node, view: View, second: View) -> bool:
    """Whether two records have a required constant property of one name without a value in common."""
    left, right = view.follow(one).shape, second.follow(other).shape
    if not isinstance(left, Record) or not isinstance(right, Record):
        return False
    tags = dict(_tags(left, view))
    return any(name in tags and _none_equal(tags[name], values) for name, values in _tags(right, second))


def _none_equal(some: tuple[Json, ...], others: tuple[Json, ...]) -> bool:
    return not any(equal(one, other) for one in some for other in others)


def _tags(record: Record, view: View) -> Iterator[tuple[str, tuple[Json, ...]]]:
    for prop in record.properties:
        values = finite(view.follow(prop.node).shape) if prop.required else None
        if values is not None:
            yield prop.name, values
