"""References between documents: relative files and pointers, never the network, never outside the project."""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wirelock.diagnostics import Code, Severity
from wirelock.runtime.json.pointers import names_of
from wirelock.runtime.schema.dialects import Dialect
from wirelock.runtime.schema.documents import MISSING, Documents, SchemaRefused, value_at
from wirelock.source.documents import Document
from wirelock.source.dynamic_refs import depends

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


class Sources:
    """The documents of one project by path."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.documents = documents
        self._schemas = Documents({path: document.value for path, document in documents.items()})

    def resolve(self, path: str, pointer: str, reference: str) -> Target | Unresolved:
        """The target of a reference that stands at a pointer of a document.

        Relative to the `$id` in force there (core, section 8.2), else to the document's path.
        """
        try:
            site = self._schemas.resolve(self._schemas.root(f"{path}#{pointer}"), reference)
        except SchemaRefused:
            return self._unresolved(path, reference)
        return Target(site.file, site.pointer)

    def dialect(self, path: str, pointer: str) -> Dialect:
        """The dialect in force at a pointer of a document."""
        return self._schemas.root(f"{path}#{pointer}").resource.dialect

    def depends(self, path: str, pointer: str) -> bool:
        """Whether what a schema means depends on how evaluation comes to it (core, section 8.2.3.2)."""
        return self._schemas.dynamic and depends(self._schemas, self._schemas.root(f"{path}#{pointer}"))

    def _unresolved(self, base: str, reference: str) -> Unresolved:
        parts = urlsplit(reference)
        if parts.scheme or parts.netloc or reference.startswith("/"):
            hint = "put a copy into the project and refer to it by a relative path, or by the $id that it has"
            return Unresolved(REFERENCE_OUTSIDE, f"{reference} leads out of the project", hint)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(parts.path))) if parts.path else base
        if path.startswith("../") or path == "..":
            hint = "references stay in the project"
            return Unresolved(REFERENCE_OUTSIDE, f"{reference} leads out of the project", hint)
        known = self.documents.get(path)
        hint = self._near(path, base) if known is None else _what_is_there(known, unquote(parts.fragment))
        return Unresolved(REFERENCE_NOT_FOUND, f"{reference} refers to nothing", hint)

    def _near(self, path: str, base: str) -> str:
        near = difflib.get_close_matches(path, self.documents, 1)
        if not near:
            return f"there is no file {path}"
        return f"did you mean {posixpath.relpath(near[0], posixpath.dirname(base))}?"


def _what_is_there(document: Document, fragment: str) -> str:
    if fragment and not fragment.startswith("/"):
        return f"{document.path} has no $anchor of that name"
    if value_at(document.value, names_of(fragment)) is MISSING:
        return f"{document.path} has nothing at {fragment}"
    return "a reference must lead to an object or a boolean"
