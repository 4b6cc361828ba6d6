"""The package of each schema: that of the only package that uses it, else `shared` or `unused`.

A schema is used at least as widely as the schemas that refer to it, so packages never form an import cycle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from wirelock.openapi.documents import DescriptionReader, DocumentNode
from wirelock.openapi.names import SHARED, UNUSED, make_package_name
from wirelock.openapi.operations import Operation
from wirelock.openapi.schemas import SchemaKey, find_targets, split_node

Grouping = Literal["tag", "path"]


def choose_operation_package(operation: Operation, grouping: Grouping) -> str:
    """Return the package of an operation: its first tag, or the first literal segment of its path."""
    tag = operation.tag if grouping == "tag" else ""
    segments = (segment for segment in operation.declared[1].split("/") if segment and segment[0] not in "{*")
    return make_package_name(tag or next(segments, "root"))


class SchemaGraph:
    """The schemas that get a file, and the references between them."""

    def __init__(self, reader: DescriptionReader) -> None:
        self._reader = reader
        self.schemas: dict[SchemaKey, DocumentNode] = {}
        self._references: dict[SchemaKey, tuple[SchemaKey, ...]] = {}

    def add(self, node: DocumentNode) -> SchemaKey:
        """Add the schema that a node belongs to, with all schemas that it refers to."""
        key, _ = split_node(node)
        pending = [key]
        while pending:
            current = pending.pop()
            if current not in self._references:
                pending += self._read(current)
        return key

    def _read(self, key: SchemaKey) -> tuple[SchemaKey, ...]:
        root = self._reader.get_node(key.document, key.pointer)
        self.schemas[key] = root
        self._references[key] = self.find_references(root)
        return self._references[key]

    def find_references(self, schema: DocumentNode) -> tuple[SchemaKey, ...]:
        """Return the schemas that a schema refers to directly."""
        return tuple(dict.fromkeys(split_node(target)[0] for target in find_targets(schema, self._reader)))

    def find_reachable(self, start: Sequence[SchemaKey]) -> set[SchemaKey]:
        """Return the start schemas and all schemas that they refer to, directly or indirectly."""
        seen: set[SchemaKey] = set()
        pending = [*start]
        while pending:
            key = pending.pop()
            if key not in seen:
                seen.add(key)
                pending += self._references[key]
        return seen


def assign_packages(graph: SchemaGraph, used: Mapping[str, Sequence[SchemaKey]]) -> dict[SchemaKey, str]:
    """Return the package of each schema; `used` are the schemas that operations refer to, by package."""
    users: dict[SchemaKey, set[str]] = {key: set() for key in graph.schemas}
    for package, keys in used.items():
        for key in graph.find_reachable(keys):
            users[key].add(package)
    return {key: _choose_package(packages) for key, packages in users.items()}


def _choose_package(users: set[str]) -> str:
    if len(users) == 1:
        return next(iter(users))
    return SHARED if users else UNUSED
