"""Equality of JSON values: key order does not matter, 1 equals 1.0, true is not 1, numbers compare exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .pointers import join_pointer
from .text import Json

Path = tuple["Path", str | int] | None
"""A location as a linked list: the path of the containing value, and the name or index in it; None is the root."""

_Pair = tuple[Path, Json, Json]
_ABSENT: Json = cast(Any, object())


def are_equal(left: Json, right: Json) -> bool:
    """Return True if two JSON values are equal; an integer equals a float of the same numeric value."""
    return find_difference(left, right) is None


def find_difference(left: Json, right: Json) -> str | None:
    """Return the JSON Pointer of the first difference, in the order of `left`; None if the values are equal."""
    pairs: list[_Pair] = [(None, left, right)]
    while pairs:
        path, left, right = pairs.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            pairs.extend(reversed(_pair_members(path, left, right)))
        elif isinstance(left, list) and isinstance(right, list):
            pairs.extend(reversed(_pair_items(path, left, right)))
        elif isinstance(left, bool) is not isinstance(right, bool) or left != right:
            return path_to_pointer(path)
    return None


def path_to_pointer(path: Path) -> str:
    """Return the JSON Pointer (RFC 6901) of a path."""
    names: list[str | int] = []
    while path is not None:
        path, name = path
        names.append(name)
    return join_pointer(reversed(names))


def _pair_members(path: Path, left: Mapping[str, Json], right: Mapping[str, Json]) -> list[_Pair]:
    names = dict.fromkeys((*left, *right))
    return [((path, name), left.get(name, _ABSENT), right.get(name, _ABSENT)) for name in names]


def _pair_items(path: Path, left: list[Json], right: list[Json]) -> list[_Pair]:
    length = max(len(left), len(right))
    return [
        (
            (path, index),
            left[index] if index < len(left) else _ABSENT,
            right[index] if index < len(right) else _ABSENT,
        )
        for index in range(length)
    ]
