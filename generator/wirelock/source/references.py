"""References between documents: relative files and pointers, never the network, never outside the project."""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wirelock.diagnostics import Code, Severity
from wirelock.runtime.documents import MISSING, value_at
from wirelock.runtime.pointers import names_of, token
from wirelock.runtime.text import Json
from wirelock.source.documents import Document

REFERENCE_NOT_FOUND = Code("REFERENCE_NOT_FOUND", Severity.ERROR, fatal=True)
REFERENCE_OUTSIDE = Code("REFERENCE_OUTSIDE", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference means: a document of the project and a pointer into it."""

    path: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why a reference means nothing."""

    code: Code
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The documents of one project by path."""

    documents: Mapping[str, Document]

    def resolve(self, base: str, reference: str) -> Target | Unresolved:
        """The target of a reference that stands in the document `base` (RFC 3986 section 5, relative files only)."""
        parts = urlsplit(reference)
        if parts.scheme or parts.netloc or reference.startswith("/"):
            hint = "put a copy into the project and refer to it by a relative path"
            return Unresolved(REFERENCE_OUTSIDE, f"{reference} leads out of the project", hint)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(parts.path))) if parts.path else base
        if path.startswith("../") or path == "..":
            return Unresolved(
                REFERENCE_OUTSIDE, f"{reference} leads out of the project", "references stay in the project"
            )
        document = self.documents.get(path)
        if document is None:
            return Unresolved(REFERENCE_NOT_FOUND, f"{reference} refers to nothing", self._near(path, base))
        return _inside(document, unquote(parts.fragment), reference)

    def _near(self, path: str, base: str) -> str:
        near = difflib.get_close_matches(path, self.documents, 1)
        if not near:
            return f"there is no file {path}"
        return f"did you mean {posixpath.relpath(near[0], posixpath.dirname(base))}?"


def _inside(document: Document, fragment: str, reference: str) -> Target | Unresolved:
    if fragment and not fragment.startswith("/"):
        pointer = next((at for at, name in _anchors(document.value, "") if name == fragment), None)
        if pointer is None:
            hint = f"{document.path} has no $anchor of that name"
            return Unresolved(REFERENCE_NOT_FOUND, f"{reference} refers to nothing", hint)
        return Target(document.path, pointer)
    value = value_at(document.value, names_of(fragment))
    if value is MISSING:
        hint = f"{document.path} has nothing at {fragment}"
        return Unresolved(REFERENCE_NOT_FOUND, f"{reference} refers to nothing", hint)
    if not isinstance(value, dict | bool):
        hint = "a reference must lead to an object or a boolean"
        return Unresolved(REFERENCE_NOT_FOUND, f"{reference} refers to something that is no schema", hint)
    return Target(document.path, fragment)


def _anchors(value: Json, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        anchor = value.get("$anchor")
        if isinstance(anchor, str):
            yield pointer, anchor
        for name, inner in value.items():
            yield from _anchors(inner, f"{pointer}/{token(name)}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _anchors(inner, f"{pointer}/{index}")
