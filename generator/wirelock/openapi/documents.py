"""The documents of one API description: values with their locations, and the references between them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.pointers import escape_token, join_pointer, split_pointer
from wirelock.runtime.schema.documents import MISSING, get_value_at
from wirelock.source import Document
from wirelock.source.documents import SOURCE_MISSING
from wirelock.source.origins import Origin
from wirelock.source.references import REFERENCE_NOT_FOUND, REFERENCE_OUTSIDE

OPENAPI_INVALID = Code("OPENAPI_INVALID", Severity.ERROR, fatal=True)
_TYPE_NAMES: dict[type, str] = {dict: "an object", list: "an array", str: "a string"}


@dataclass(frozen=True, slots=True)
class DocumentNode:
    """A value, with its document and its JSON Pointer in it."""

    document: Document
    pointer: str
    value: Any

    @property
    def location(self) -> Location:
        """The location for diagnostics."""
        return self.document.get_location(self.pointer)

    @property
    def key(self) -> tuple[str, str]:
        """Document path and pointer, which identify the node."""
        return self.document.path, self.pointer

    @property
    def members(self) -> dict[str, Any]:
        """The members of an object; empty for any other value."""
        return cast("dict[str, Any]", self.value) if self.is_object else {}

    @property
    def is_object(self) -> bool:
        """True if the value is an object."""
        return isinstance(self.value, dict)

    @property
    def reference(self) -> str | None:
        """The `$ref` of an object, if it has one."""
        reference = self.members.get("$ref")
        return reference if isinstance(reference, str) else None

    def descend(self, *tokens: str | int) -> DocumentNode:
        """Return the node below these member names and indices, which must exist."""
        return DocumentNode(
            self.document, self.pointer + join_pointer(tokens), get_value_at(self.value, map(str, tokens))
        )


class DescriptionReader:
    """Reads the documents of an API description and collects diagnostics."""

    def __init__(self, entry: Document, origin: Origin) -> None:
        self.entry = entry
        self.diagnostics: list[Diagnostic] = []
        self._origin = origin
        self._documents: dict[str, Document | Diagnostic] = {entry.path: entry}

    # members

    def get_object(self, node: DocumentNode, name: str) -> DocumentNode | None:
        """Return the object at a member; None if it is absent, or has another type, which is reported."""
        return self._get(node, name, dict)

    def iter_members(self, node: DocumentNode, name: str) -> Iterator[tuple[str, DocumentNode]]:
        """Yield the members of the object at a member."""
        container = self.get_object(node, name)
        for key in container.members if container else ():
            if container:
                yield key, container.descend(key)

    def iter_standard_members(self, node: DocumentNode, name: str) -> Iterator[tuple[str, DocumentNode]]:
        """Yield the members of the object at a member, except specification extensions (`x-`)."""
        return ((key, member) for key, member in self.iter_members(node, name) if not key.startswith("x-"))

    def iter_items(self, node: DocumentNode, name: str) -> Iterator[DocumentNode]:
        """Yield the items of the array at a member."""
        container = self._get(node, name, list)
        for index in range(len(container.value)) if container else ():
            if container:
                yield container.descend(index)

    def get_string(self, node: DocumentNode, name: str) -> str:
        """Return the string at a member; empty if it is absent."""
        member = self._get(node, name, str)
        return str(member.value) if member else ""

    def _get(self, node: DocumentNode, name: str, expected: type) -> DocumentNode | None:
        if not node.is_object:
            self.report_invalid(node, "this must be an object")
            return None
        if name not in node.members:
            return None
        member = node.descend(name)
        if isinstance(member.value, expected):
            return member
        self.report_invalid(member, f"{name} must be {_TYPE_NAMES[expected]}")
        return None

    def report_invalid(self, node: DocumentNode, message: str) -> None:
        """Report a violation of the OpenAPI specification."""
        hint = "see the OpenAPI specification; to correct a document that is not yours, use an overlay"
        self.report(OPENAPI_INVALID, node, message, hint)

    def report(self, code: Code, node: DocumentNode, message: str, hint: str) -> None:
        """Add a diagnostic at a node."""
        self.diagnostics.append(Diagnostic(code, node.location, message, hint))

    # references

    def get_node(self, document: str, pointer: str) -> DocumentNode:
        """Return the node at an existing pointer of a document that has been read."""
        loaded = self._documents[document]
        assert isinstance(loaded, Document)
        return DocumentNode(loaded, pointer, get_value_at(loaded.value, split_pointer(pointer)))

    def dereference(self, node: DocumentNode) -> DocumentNode | None:
        """Return the node at the end of a chain of references; None if there is none, which is reported."""
        seen: set[tuple[str, str]] = set()
        current: DocumentNode | None = node
        while current is not None and (reference := current.reference) is not None:
            if current.key in seen:
                message = f"the reference {reference} leads back to itself"
                self.report(REFERENCE_NOT_FOUND, node, message, "let one of the references lead to a value")
                return None
            seen.add(current.key)
            current = self.resolve(current, reference)
        return current

    def resolve(self, base: DocumentNode, reference: str) -> DocumentNode | None:
        """Return the target of a reference in the object `base`; None if there is none, which is reported."""
        target = self.find(base, reference)
        if isinstance(target, DocumentNode):
            return target
        self.diagnostics.append(target)
        return None

    def find(self, base: DocumentNode, reference: str) -> DocumentNode | Diagnostic:
        """Return the target of a reference in the object `base`, or a diagnostic if there is none."""
        path, _, fragment = reference.partition("#")
        document = self._load_document(base, reference, unquote(path)) if path else base.document
        if isinstance(document, Diagnostic):
            return document
        pointer = _resolve_fragment(document, unquote(fragment))
        value = MISSING if pointer is None else get_value_at(document.value, split_pointer(pointer))
        if pointer is None or value is MISSING:
            return _build_not_found(base, reference, _suggest_nearest(document, unquote(fragment)))
        return DocumentNode(document, pointer, value)

    def _load_document(self, base: DocumentNode, reference: str, path: str) -> Document | Diagnostic:
        name = self._origin.locate(base.document.path, path)
        if name is None:
            message = f"{reference} leads out of the folder or server of the document"
            hint = "put a copy beside the document and refer to it by a relative path"
            return Diagnostic(REFERENCE_OUTSIDE, _locate_reference(base), message, hint)
        if name not in self._documents:
            self._documents[name] = self._origin.read(name)
        document = self._documents[name]
        if isinstance(document, Diagnostic) and document.code is SOURCE_MISSING:
            return _build_not_found(base, reference, f"there is no file {name}")
        return document


def _build_not_found(base: DocumentNode, reference: str, hint: str) -> Diagnostic:
    return Diagnostic(REFERENCE_NOT_FOUND, _locate_reference(base), f"{reference} refers to nothing", hint)


def _locate_reference(base: DocumentNode) -> Location:
    return base.descend("$ref").location if "$ref" in base.members else base.location


def _resolve_fragment(document: Document, fragment: str) -> str | None:
    """Return the pointer that a fragment, a pointer or an anchor, stands for."""
    if not fragment or fragment.startswith("/"):
        return fragment
    return next((pointer for pointer, name in _find_anchors(document.value, "") if name == fragment), None)


def _find_anchors(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        if isinstance(members.get("$anchor"), str):
            yield pointer, members["$anchor"]
        for name, member in members.items():
            yield from _find_anchors(member, f"{pointer}/{escape_token(name)}")
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            yield from _find_anchors(item, f"{pointer}/{index}")


def _suggest_nearest(document: Document, fragment: str) -> str:
    """Return a hint with the nearest name at the deepest part of a pointer that exists."""
    tokens = split_pointer(fragment)
    for count in range(len(tokens), 0, -1):
        parent = get_value_at(document.value, tokens[: count - 1])
        if isinstance(parent, dict):
            matches = difflib.get_close_matches(tokens[count - 1], parent, 1)
            return f"did you mean {matches[0]}?" if matches else f"{document.path} has nothing at {fragment}"
    return f"{document.path} has nothing at {fragment or 'its root'}"
