"""Disjointness of nodes, proved by JSON types or constants."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from wirelock.compat.json.scalars import enumerate_values
from wirelock.compat.json.views import View
from wirelock.ir import Node, Object
from wirelock.lower.unions import ByDiscriminator, ByJsonType, choose_rule, get_json_types
from wirelock.runtime.json.equality import are_equal
from wirelock.runtime.json.text import Json


def are_all_disjoint(branches: tuple[Node, ...], view: View) -> bool:
    """Return True if no value fits two of the branches."""
    if isinstance(choose_rule(branches, view.definitions), ByDiscriminator | ByJsonType):
        return True
    return all(are_disjoint(branch, other_branch, view, view) for branch, other_branch in combinations(branches, 2))


def are_disjoint(node: Node, other_node: Node, view: View, other_view: View) -> bool:
    """Return True if no value fits both a node of one view and a node of another."""
    if set(get_json_types(node, view.definitions)).isdisjoint(get_json_types(other_node, other_view.definitions)):
        return True
    values = enumerate_values(view.resolve(node).shape)
    other_values = enumerate_values(other_view.resolve(other_node).shape)
    if values is not None:
        return not any(other_view.fits(other_node, value) for value in values)
    if other_values is not None:
        return not any(view.fits(node, value) for value in other_values)
    return _has_disjoint_tags(node, other_node, view, other_view)


def _has_disjoint_tags(node: Node, other_node: Node, view: View, other_view: View) -> bool:
    """Return True if two objects require a constant property of the same name without a common value."""
    shape, other_shape = view.resolve(node).shape, other_view.resolve(other_node).shape
    if not isinstance(shape, Object) or not isinstance(other_shape, Object):
        return False
    tags = dict(_find_tags(shape, view))
    return any(
        name in tags and _are_values_disjoint(tags[name], values)
        for name, values in _find_tags(other_shape, other_view)
    )


def _are_values_disjoint(values: tuple[Json, ...], other_values: tuple[Json, ...]) -> bool:
    return not any(are_equal(value, other_value) for value in values for other_value in other_values)


def _find_tags(shape: Object, view: View) -> Iterator[tuple[str, tuple[Json, ...]]]:
    for prop in shape.properties:
        values = enumerate_values(view.resolve(prop.node).shape) if prop.required else None
        if values is not None:
            yield prop.name, values
