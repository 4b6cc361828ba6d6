"""The way from a named type down to a place in it, and documents of the type that hold a value there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from wirelock.compat.json.nodes import item
from wirelock.compat.json.samples import Samples
from wirelock.ir import Array, Node, Tuple
from wirelock.runtime.json.text import Json

_MOST = 12
Key = str | int


@dataclass(frozen=True, slots=True)
class Step:
    """One object or array on the way, in both states, and the member that the way goes on with."""

    old: Node
    new: Node
    old_key: Key
    new_key: Key


Trail = tuple[Step, ...]
Way = tuple[tuple[Node, Key], ...]


def old_way(trail: Trail) -> Way:
    """The way in the old schema."""
    return tuple((step.old, step.old_key) for step in trail)


def new_way(trail: Trail) -> Way:
    """The way in the new schema."""
    return tuple((step.new, step.new_key) for step in trail)


def embedded(values: Iterable[Json], way: Way, samples: Samples) -> Iterator[Json]:
    """Small documents that hold one of the values at the end of the way."""
    for value in values:
        held = [value]
        for container, key in reversed(way):
            held = [*islice((around for one in held for around in _around(one, container, key, samples)), _MOST)]
        yield from held


def _around(value: Json, container: Node, key: Key, samples: Samples) -> Iterator[Json]:
    """Small values of a container, with the value as the member."""
    for base in samples.of(container):
        if isinstance(base, dict) and isinstance(key, str):
            yield {**base, key: value}
        elif isinstance(base, list) and isinstance(key, int):
            yield from _item(value, base, container, key, samples)


def _item(value: Json, base: list[Json], container: Node, index: int, samples: Samples) -> Iterator[Json]:
    filled = [*base]
    while len(filled) < index and isinstance(container.shape, Array | Tuple):
        node = item(container.shape, len(filled))
        found = samples.of(node) if node is not None else ()
        if not found:
            return
        filled.append(found[0])
    yield [*filled[:index], value, *filled[index + 1 :]]
