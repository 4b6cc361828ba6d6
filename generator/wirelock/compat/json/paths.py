"""Paths from a named type to a node inside it, and documents that contain a value at the end of a path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from wirelock.compat.json.nodes import get_item
from wirelock.compat.json.samples import Samples
from wirelock.ir import Array, Node, Tuple
from wirelock.runtime.json.text import Json

_MAX_VALUES = 12
Key = str | int


@dataclass(frozen=True, slots=True)
class PathStep:
    """One object or array on a path, in both states, and the key of the next node."""

    old: Node
    new: Node
    old_key: Key
    new_key: Key


PairPath = tuple[PathStep, ...]
NodePath = tuple[tuple[Node, Key], ...]


def get_old_path(path: PairPath) -> NodePath:
    """Return the path in the old schema."""
    return tuple((step.old, step.old_key) for step in path)


def get_new_path(path: PairPath) -> NodePath:
    """Return the path in the new schema."""
    return tuple((step.new, step.new_key) for step in path)


def embed_values(values: Iterable[Json], path: NodePath, samples: Samples) -> Iterator[Json]:
    """Yield small documents that contain one of the values at the end of the path."""
    for value in values:
        embedded = [value]
        for container, key in reversed(path):
            embedded = [
                *islice(
                    (outer for inner in embedded for outer in _embed_in_container(inner, container, key, samples)),
                    _MAX_VALUES,
                )
            ]
        yield from embedded


def _embed_in_container(value: Json, container: Node, key: Key, samples: Samples) -> Iterator[Json]:
    """Yield small values of a container with the value as the member."""
    for base in samples.sample(container):
        if isinstance(base, dict) and isinstance(key, str):
            yield {**base, key: value}
        elif isinstance(base, list) and isinstance(key, int):
            yield from _embed_in_array(value, base, container, key, samples)


def _embed_in_array(value: Json, base: list[Json], container: Node, index: int, samples: Samples) -> Iterator[Json]:
    filled = [*base]
    while len(filled) < index and isinstance(container.shape, Array | Tuple):
        node = get_item(container.shape, len(filled))
        samples_of_item = samples.sample(node) if node is not None else ()
        if not samples_of_item:
            return
        filled.append(samples_of_item[0])
    yield [*filled[:index], value, *filled[index + 1 :]]
