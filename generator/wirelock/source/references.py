"""References between documents of a project, which never lead to the network or outside of the project."""

from __future__ import annotations

import difflib
import posixpath
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wirelock.diagnostics import Code, Severity
from wirelock.runtime.json.pointers import split_pointer
from wirelock.runtime.schema.dialects import Dialect
from wirelock.runtime.schema.documents import MISSING, Documents, SubschemaRef, UnusableSchemaError, get_value_at
from wirelock.runtime.schema.engine_schemas import iter_reachable
from wirelock.source.documents import Document

REFERENCE_NOT_FOUND = Code("REFERENCE_NOT_FOUND", Severity.ERROR, fatal=True)
REFERENCE_OUTSIDE = Code("REFERENCE_OUTSIDE", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class ReferenceTarget:
    """The target of a reference: a document of the project and a pointer into it."""

    path: str
    pointer: str


@dataclass(frozen=True, slots=True)
class UnresolvedReference:
    """The reason why a reference has no target, with a hint."""

    code: Code
    message: str
    hint: str


class Sources:
    """The documents of one project by path."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.documents = documents
        self._schemas = Documents({path: document.value for path, document in documents.items()})

    def resolve(self, path: str, pointer: str, reference: str) -> ReferenceTarget | UnresolvedReference:
        """Resolve a reference at a pointer of a document.

        The base is the `$id` in scope (core, section 8.2), or else the path of the document.
        """
        try:
            target = self._schemas.resolve(self._schemas.get_root(f"{path}#{pointer}"), reference)
        except UnusableSchemaError:
            return self._explain_unresolved(path, reference)
        return ReferenceTarget(target.file, target.pointer)

    def get_dialect(self, path: str, pointer: str) -> Dialect:
        """Return the dialect in effect at a pointer of a document."""
        return self._schemas.get_root(f"{path}#{pointer}").resource.dialect

    def depends_on_dynamic_scope(self, path: str, pointer: str) -> bool:
        """Return True if the meaning of a schema depends on the dynamic scope (core, section 8.2.3.2).

        This is the case if it leads to a dynamic reference whose anchor exists more than once.
        """
        if not self._schemas.has_dynamic_anchors:
            return False
        anchors = Counter(name for item in self._schemas.resources.values() for name in item.dynamic_anchors)
        repeated = {name for name, count in anchors.items() if count > 1}
        root = self._schemas.get_root(f"{path}#{pointer}")
        return bool(repeated) and any(
            self._has_dynamic_target(subschema, repeated) for subschema in iter_reachable(self._schemas, root)
        )

    def _has_dynamic_target(self, subschema: SubschemaRef, anchors: set[str]) -> bool:
        for keyword in ("$dynamicRef", "$recursiveRef"):
            reference = subschema.keywords.get(keyword)
            if isinstance(reference, str) and (name := reference.partition("#")[2]) in anchors:
                try:
                    return name in self._schemas.resolve(subschema, reference).resource.dynamic_anchors
                except UnusableSchemaError:
                    return False
        return False

    def _explain_unresolved(self, base: str, reference: str) -> UnresolvedReference:
        parts = urlsplit(reference)
        if parts.scheme or parts.netloc or reference.startswith("/"):
            hint = "copy the document into the project, and refer to it by a relative path or by its $id"
            return UnresolvedReference(REFERENCE_OUTSIDE, f"{reference} leads outside of the project", hint)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(parts.path))) if parts.path else base
        if path.startswith("../") or path == "..":
            hint = "copy the document into the project, and refer to the copy"
            return UnresolvedReference(REFERENCE_OUTSIDE, f"{reference} leads outside of the project", hint)
        document = self.documents.get(path)
        if document is None:
            hint = self._suggest_path(path, base)
        else:
            hint = _explain_missing_fragment(document, unquote(parts.fragment))
        return UnresolvedReference(REFERENCE_NOT_FOUND, f"{reference} does not resolve to a schema", hint)

    def _suggest_path(self, path: str, base: str) -> str:
        near = difflib.get_close_matches(path, self.documents, 1)
        if not near:
            return f"the file {path} does not exist"
        return f"did you mean {posixpath.relpath(near[0], posixpath.dirname(base))}?"


def _explain_missing_fragment(document: Document, fragment: str) -> str:
    if fragment and not fragment.startswith("/"):
        return f"{document.path} has no $anchor {fragment}"
    if get_value_at(document.value, split_pointer(fragment)) is MISSING:
        return f"{document.path} has no value at {fragment}"
    return "refer to an object or a boolean"
