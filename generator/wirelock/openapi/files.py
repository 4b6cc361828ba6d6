"""The files that an import writes: which schema is in which, and how one refers to another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from wirelock.openapi.documents import At, Library
from wirelock.openapi.names import SHARED, settled, stem
from wirelock.openapi.schemas import Key, Link, key_of
from wirelock.runtime.json.text import Json

EMPTY = "empty"
"""The source of the schema that stands for no content."""
EMPTY_SCHEMA: Json = {
    "description": "A request or response without content.",
    "type": "object",
    "additionalProperties": False,
    "properties": {},
}
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"


def source_of(key: Key, entry: str) -> str:
    """What a schema is called in the manifest: a pointer into the description, or a file beside it and a pointer."""
    return f"{'' if key.document == entry else key.document}#{key.pointer}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be: its package and the name that it would like."""

    package: str
    name: str


class Files:
    """The path of every schema by its source."""

    def __init__(self, wanted: Mapping[str, Wanted], known: Mapping[str, str], library: Library) -> None:
        self._library = library
        self._wanted = wanted
        self._names = _settled(wanted, known)

    def __contains__(self, source: str) -> bool:
        """Whether there is such a schema."""
        return source in self._wanted

    def messages(self, package: str) -> list[str]:
        """What the schemas of a package are called."""
        return [one.name for one in self._wanted.values() if one.package == package]

    def path(self, source: str) -> str:
        """The file of a schema, relative to the schema folder."""
        return f"{self._wanted[source].package}/{self._names[source]}{SUFFIX}"

    def relative(self, source: str, package: str) -> str:
        """The file of a schema as a file in a package refers to it."""
        own = self._wanted[source].package
        return f"{self._names[source]}{SUFFIX}" if own == package else f"../{self.path(source)}"

    def link(self, source: str) -> Link:
        """How references are written in the file of a schema."""

        def written(at: At, reference: str) -> str:
            target = self._library.find(at, reference)
            if not isinstance(target, At):
                return reference
            key, rest = key_of(target)
            other = source_of(key, self._library.entry.path)
            if other not in self._wanted:
                return reference
            fragment = f"#{quote(rest, safe='/~!$&()*+,;=:@')}" if rest else ""
            return fragment or "#" if other == source else self.relative(other, self._wanted[source].package) + fragment

        return written

    def content(self, source: str, schema: Json, dialect: str) -> bytes:
        """The text of a schema's file; its title is its name where the file name cannot be."""
        if not isinstance(schema, dict):
            return printed(schema)
        name = self._wanted[source].name
        head: dict[str, Json] = {"$schema": schema.get("$schema", dialect)}
        if name != self._names[source]:
            head["title"] = name
        rest = {key: value for key, value in schema.items() if key not in ("$schema", "title")}
        return printed({**head, **rest})


def _settled(wanted: Mapping[str, Wanted], known: Mapping[str, str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for package in sorted({one.package for one in wanted.values()}):
        here = {source: stem(one.name) for source, one in wanted.items() if one.package == package}
        given = {source: path.rpartition("/")[2].removesuffix(SUFFIX) for source, path in known.items()}
        names |= settled(here, {source: name for source, name in given.items() if source in here})
    return names


def printed(value: Json) -> bytes:
    """A JSON file."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def empty() -> Wanted:
    """The file of what has no content."""
    return Wanted(SHARED, EMPTY)
