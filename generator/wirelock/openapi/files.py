"""The files of an import: the schema in each, and the references between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.openapi.documents import DescriptionReader, DocumentNode
from wirelock.openapi.names import SHARED, assign_file_names, make_file_stem
from wirelock.openapi.schemas import RewriteReference, SchemaKey, split_node
from wirelock.runtime.json.text import Json

EMPTY = "empty"
"""The source of the schema for a request or response without content."""
EMPTY_SCHEMA: Json = {
    "description": "A request or response without content.",
    "type": "object",
    "additionalProperties": False,
    "properties": {},
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"


def format_source(key: SchemaKey, entry: str) -> str:
    """Return the source of a schema for the manifest: a pointer into the description, or a file and a pointer."""
    return f"{'' if key.document == entry else key.document}#{key.pointer}"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """The package of a schema file and its preferred name."""

    package: str
    name: str


EMPTY_FILE = PlannedFile(SHARED, EMPTY)


class SchemaFiles:
    """The paths of all schema files, by source."""

    def __init__(self, planned: Mapping[str, PlannedFile], known: Mapping[str, str], reader: DescriptionReader) -> None:
        self._reader = reader
        self._planned = planned
        self._stems = _assign_stems(planned, known)

    def __contains__(self, source: str) -> bool:
        """Return True if a schema has this source."""
        return source in self._planned

    def get_names(self, package: str) -> list[str]:
        """Return the names of the schemas of a package."""
        return [planned.name for planned in self._planned.values() if planned.package == package]

    def get_path(self, source: str) -> str:
        """Return the file of a schema, relative to the schema folder."""
        return f"{self._planned[source].package}/{self._stems[source]}{SUFFIX}"

    def get_relative_path(self, source: str, package: str) -> str:
        """Return the file of a schema, relative to the folder of a package."""
        own = self._planned[source].package
        return f"{self._stems[source]}{SUFFIX}" if own == package else f"../{self.get_path(source)}"

    def build_reference_rewriter(self, source: str) -> RewriteReference:
        """Return a function that rewrites the references of a schema for its file."""

        def rewrite_reference(node: DocumentNode, reference: str) -> str:
            target = self._reader.find(node, reference)
            if not isinstance(target, DocumentNode):
                return reference
            key, rest = split_node(target)
            other = format_source(key, self._reader.entry.path)
            if other not in self._planned:
                return reference
            fragment = f"#{quote(rest, safe='/~!$&()*+,;=:@')}" if rest else ""
            if other == source:
                return fragment or "#"
            return self.get_relative_path(other, self._planned[source].package) + fragment

        return rewrite_reference

    def format_schema(self, source: str, schema: Json, dialect: str) -> bytes:
        """Return the content of a schema file; `title` keeps a name that the file name cannot hold."""
        if not isinstance(schema, dict):
            return format_json(schema)
        name = self._planned[source].name
        head: dict[str, Json] = {"$schema": schema.get("$schema", dialect)}
        if name != self._stems[source]:
            head["title"] = name
        rest = {key: value for key, value in schema.items() if key not in ("$schema", "title")}
        return format_json({**head, **rest})


def _assign_stems(planned: Mapping[str, PlannedFile], known: Mapping[str, str]) -> dict[str, str]:
    stems: dict[str, str] = {}
    known_stems = {source: path.rpartition("/")[2].removesuffix(SUFFIX) for source, path in known.items()}
    for package in sorted({file.package for file in planned.values()}):
        preferred = {source: make_file_stem(file.name) for source, file in planned.items() if file.package == package}
        stems |= assign_file_names(preferred, known_stems)
    return stems


def format_json(value: Json) -> bytes:
    """Return the content of a JSON file."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
