"""Which package each schema goes to: that of the one that uses it, `shared` for several, `unused` for none.

What a schema refers to is used at least as widely as the schema, so packages never import in a circle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from wirelock.openapi.documents import At, Library
from wirelock.openapi.names import SHARED, UNUSED, package
from wirelock.openapi.operations import Operation
from wirelock.openapi.schemas import Key, key_of, targets

Grouping = Literal["tag", "path"]


def package_of(operation: Operation, grouping: Grouping) -> str:
    """The package of an operation: its first tag, or the first word of its path."""
    words = operation.tag if grouping == "tag" else ""
    segments = (part for part in operation.raw[1].split("/") if part and part[0] not in "{*")
    return package(words or next(segments, "root"))


class Graph:
    """The schemas that get a file, and which of them each refers to."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.schemas: dict[Key, At] = {}
        self._uses: dict[Key, tuple[Key, ...]] = {}

    def add(self, at: At) -> Key:
        """The schema of its own that a place belongs to, with everything that it refers to."""
        key, _ = key_of(at)
        waiting = [key]
        while waiting:
            here = waiting.pop()
            if here not in self._uses:
                waiting += self._read(here)
        return key

    def _read(self, key: Key) -> tuple[Key, ...]:
        root = self._library.at(key.document, key.pointer)
        self.schemas[key] = root
        self._uses[key] = self.referred(root)
        return self._uses[key]

    def referred(self, at: At) -> tuple[Key, ...]:
        """The schemas of their own that a schema refers to."""
        return tuple(dict.fromkeys(key_of(target)[0] for target in targets(at, self._library)))

    def reached(self, start: Sequence[Key]) -> set[Key]:
        """Every schema that these refer to, directly or through others."""
        seen: set[Key] = set()
        waiting = [*start]
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                waiting += self._uses[key]
        return seen


def assigned(graph: Graph, used: Mapping[str, Sequence[Key]]) -> dict[Key, str]:
    """The package of every schema; `used` are the schemas that the operations of a package mention."""
    users: dict[Key, set[str]] = {key: set() for key in graph.schemas}
    for name, keys in used.items():
        for key in graph.reached(keys):
            users[key].add(name)
    return {key: _one(names) for key, names in users.items()}


def _one(names: set[str]) -> str:
    if len(names) == 1:
        return next(iter(names))
    return SHARED if names else UNUSED
