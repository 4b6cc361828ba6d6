"""Equality of JSON values: key order is free, 1 equals 1.0, true is not 1, numbers compare exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .pointers import pointer_of
from .text import Json

Path = tuple["Path", str | int] | None
"""Where a value stands: the path of what holds it, and its name or index there; None is the root."""

_Pair = tuple[Path, Json, Json]
_ABSENT: Json = cast(Any, object())


def equal(left: Json, right: Json) -> bool:
    """Whether two JSON values are the same; an integer equals a float when both are the same number."""
    return difference(left, right) is None


def difference(left: Json, right: Json) -> str | None:
    """The JSON Pointer of the first place, in the order of `left`, where two JSON values differ; None if equal."""
    pairs: list[_Pair] = [(None, left, right)]
    while pairs:
        path, one, other = pairs.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            pairs.extend(reversed(_members(path, one, other)))
        elif isinstance(one, list) and isinstance(other, list):
            pairs.extend(reversed(_items(path, one, other)))
        elif isinstance(one, bool) is not isinstance(other, bool) or one != other:
            return pointer(path)
    return None


def pointer(path: Path) -> str:
    """The JSON Pointer (RFC 6901) of a path."""
    names: list[str | int] = []
    while path is not None:
        path, name = path
        names.append(name)
    return pointer_of(reversed(names))


def _members(path: Path, one: Mapping[str, Json], other: Mapping[str, Json]) -> list[_Pair]:
    names = dict.fromkeys((*one, *other))
    return [((path, name), one.get(name, _ABSENT), other.get(name, _ABSENT)) for name in names]


def _items(path: Path, one: list[Json], other: list[Json]) -> list[_Pair]:
    length = max(len(one), len(other))
    return [
        ((path, index), one[index] if index < len(one) else _ABSENT, other[index] if index < len(other) else _ABSENT)
        for index in range(length)
    ]
