"""Schemas of a description: what they refer to, and the same schemas as files of their own.

OpenAPI 3.1 schemas are draft 2020-12 with a few words for readers; those of 3.0 are a dialect that is translated
(OpenAPI 3.0.3, "Schema Object").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from wirelock.openapi.documents import At, Library
from wirelock.runtime.json.pointers import names_of, pointer_of
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.documents import subschemas
from wirelock.source.openapi30 import NULLABLE_IGNORED, translated, with_schemas

_ROOT = re.compile(r"(/components/schemas/[^/]+|/(?:\$defs|definitions)/[^/]+)(/.*)?")
_RENAMED = {"xml": "x-xml", "externalDocs": "x-externalDocs", "discriminator": "x-discriminator"}
_DROPPED = ("$id", "id")
"""References are written anew as relative files, which a base of its own would bend."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A schema that gets a file: its document, and the pointer where it begins."""

    document: str
    pointer: str

    @property
    def name(self) -> str:
        """What it is called there."""
        if not self.pointer:
            return self.document.rpartition("/")[2].partition(".")[0]
        names = names_of(self.pointer)
        if _ROOT.fullmatch(self.pointer):
            return names[-1]
        generic = (
            "paths",
            "components",
            "responses",
            "parameters",
            "content",
            "application/json",
            "schema",
            "properties",
        )
        return " ".join(name for name in names if name not in generic) or names[-1]


def key_of(target: At) -> tuple[Key, str]:
    """The schema with a file of its own that a place belongs to, and the rest of the pointer inside it."""
    found = _ROOT.fullmatch(target.pointer)
    if found is None:
        return Key(target.document.path, target.pointer), ""
    return Key(target.document.path, found[1]), found[2] or ""


def inside(at: At) -> Iterator[At]:
    """A schema and every schema in it, outermost first."""
    open_places = [at]
    while open_places:
        here = open_places.pop()
        yield here
        parts = [here.below(*names) for keyword, value in here.table.items() for names, _ in _parts(keyword, value)]
        open_places += reversed(parts)


def _parts(keyword: str, value: Json) -> Iterator[tuple[tuple[str | int, ...], Json]]:
    if keyword == "contentSchema":
        yield ("contentSchema",), value
    else:
        yield from subschemas(keyword, value)


def targets(at: At, library: Library) -> Iterator[At]:
    """What the references in a schema lead to."""
    for place in inside(at):
        if place.reference is not None:
            found = library.resolve(place, place.reference)
            if found is not None:
                yield found


Link = Callable[[At, str], str]
"""What a reference that stands at a place is in the file that is being written."""


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Writes schemas of one description anew; `old` is True for OpenAPI 3.0."""

    library: Library
    old: bool

    def rewritten(self, at: At, link: Link) -> Json:
        """The schema as draft 2020-12, with references as `link` gives them."""
        if not at.is_object:
            if not isinstance(at.value, bool):
                self.library.invalid(at, "a schema must be an object or a boolean")
            return cast("Json", at.value)
        schema = self._translated(at) if self.old else at.table
        return {_RENAMED.get(k, k): self._value(k, v, at, link) for k, v in schema.items() if k not in _DROPPED}

    def _value(self, keyword: str, value: Any, at: At, link: Link) -> Json:
        if keyword == "$ref" and isinstance(value, str):
            return link(at, value)
        if keyword == "discriminator" and isinstance(value, dict):
            return _discriminator(cast("dict[str, Any]", value), at, link)
        written = {
            names: self.rewritten(At(at.document, at.pointer + pointer_of(names), inner), link)
            for names, inner in _parts(keyword, value)
        }
        return with_schemas(keyword, value, written)

    def _translated(self, at: At) -> dict[str, Any]:
        """A schema object of OpenAPI 3.0 in the words of 2020-12."""
        schema, void = translated(at.table)
        if void is not None:
            self.library.report(NULLABLE_IGNORED, at.below("nullable"), void.message, void.hint)
        return schema


def _discriminator(stated: Mapping[str, Any], at: At, link: Link) -> Json:
    mapping = stated.get("mapping")
    if not isinstance(mapping, dict):
        return dict(stated)
    named = cast("dict[str, Any]", mapping)
    return {**stated, "mapping": {value: _mapped(target, at, link) for value, target in named.items()}}


def _mapped(target: Any, at: At, link: Link) -> Json:
    is_reference = isinstance(target, str) and ("#" in target or "/" in target)
    return link(at, target) if is_reference else cast("Json", target)
