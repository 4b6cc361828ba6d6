"""The documents of one API description: values with their places, and what references between them mean."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import unquote

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.pointers import names_of, pointer_of, token
from wirelock.runtime.schema.documents import MISSING, value_at
from wirelock.source import Document
from wirelock.source.documents import SOURCE_MISSING
from wirelock.source.origins import Origin
from wirelock.source.references import REFERENCE_NOT_FOUND, REFERENCE_OUTSIDE

OPENAPI_INVALID = Code("OPENAPI_INVALID", Severity.ERROR, fatal=True)
_WORDS: dict[type, str] = {dict: "an object", list: "an array", str: "a string"}


@dataclass(frozen=True, slots=True)
class At:
    """A value and where it stands."""

    document: Document
    pointer: str
    value: Any

    @property
    def where(self) -> Location:
        """The place for diagnostics."""
        return self.document.at(self.pointer)

    @property
    def key(self) -> tuple[str, str]:
        """Document and pointer: what is the same place has the same key."""
        return self.document.path, self.pointer

    @property
    def table(self) -> dict[str, Any]:
        """The members of an object; none of anything else."""
        return cast("dict[str, Any]", self.value) if self.is_object else {}

    @property
    def is_object(self) -> bool:
        """Whether it is an object."""
        return isinstance(self.value, dict)

    @property
    def reference(self) -> str | None:
        """What `$ref` says here."""
        stated = self.table.get("$ref")
        return stated if isinstance(stated, str) else None

    def below(self, *names: str | int) -> At:
        """What is inside, at names and indices that are there."""
        return At(self.document, self.pointer + pointer_of(names), value_at(self.value, map(str, names)))


class Library:
    """The documents that have been read, and what was wrong with them."""

    def __init__(self, entry: Document, origin: Origin) -> None:
        self.entry = entry
        self.diagnostics: list[Diagnostic] = []
        self._origin = origin
        self._documents: dict[str, Document | Diagnostic] = {entry.path: entry}

    # reading what a description must say

    def table(self, at: At, name: str) -> At | None:
        """The object at a name; None if there is none, or something else (which is reported)."""
        return self._typed(at, name, dict)

    def named(self, at: At, name: str) -> Iterator[tuple[str, At]]:
        """The members of the object at a name."""
        found = self.table(at, name)
        for key in found.table if found else ():
            if found:
                yield key, found.below(key)

    def specified(self, at: At, name: str) -> Iterator[tuple[str, At]]:
        """The members of the object at a name, where extensions (`x-`) may stand among them."""
        return ((key, member) for key, member in self.named(at, name) if not key.startswith("x-"))

    def items(self, at: At, name: str) -> Iterator[At]:
        """The items of the array at a name."""
        found = self._typed(at, name, list)
        for index in range(len(found.value)) if found else ():
            if found:
                yield found.below(index)

    def text(self, at: At, name: str) -> str:
        """The string at a name; empty if there is none."""
        found = self._typed(at, name, str)
        return str(found.value) if found else ""

    def _typed(self, at: At, name: str, wanted: type) -> At | None:
        if not at.is_object:
            self.invalid(at, "this must be an object")
            return None
        if name not in at.table:
            return None
        found = at.below(name)
        if isinstance(found.value, wanted):
            return found
        self.invalid(found, f"{name} must be {_WORDS[wanted]}")
        return None

    def invalid(self, at: At, message: str) -> None:
        """Say what a description may not say."""
        hint = "see the OpenAPI specification; an overlay can mend a document that is not yours"
        self.report(OPENAPI_INVALID, at, message, hint)

    def report(self, code: Code, at: At, message: str, hint: str) -> None:
        """Say what is wrong at a place."""
        self.diagnostics.append(Diagnostic(code, at.where, message, hint))

    # references

    def at(self, document: str, pointer: str) -> At:
        """A place that something refers to, in a document that has been read."""
        found = self._documents[document]
        assert isinstance(found, Document)
        return At(found, pointer, value_at(found.value, names_of(pointer)))

    def followed(self, at: At) -> At | None:
        """What stands at the end of a chain of references; None if it leads nowhere (which is reported)."""
        seen: set[tuple[str, str]] = set()
        here: At | None = at
        while here is not None and (reference := here.reference) is not None:
            if here.key in seen:
                self.report(REFERENCE_NOT_FOUND, at, "the reference leads back to itself", "let it lead to a value")
                return None
            seen.add(here.key)
            here = self.resolve(here, reference)
        return here

    def resolve(self, base: At, reference: str) -> At | None:
        """What a reference means that stands in the object `base`; None if nothing, which is reported."""
        found = self.find(base, reference)
        if isinstance(found, At):
            return found
        self.diagnostics.append(found)
        return None

    def find(self, base: At, reference: str) -> At | Diagnostic:
        """What a reference means that stands in the object `base`, or why it means nothing."""
        path, _, fragment = reference.partition("#")
        document = self._document(base, reference, unquote(path)) if path else base.document
        if isinstance(document, Diagnostic):
            return document
        pointer = _pointer(document, unquote(fragment))
        value = MISSING if pointer is None else value_at(document.value, names_of(pointer))
        if pointer is None or value is MISSING:
            return _nothing(base, reference, _near(document, unquote(fragment)))
        return At(document, pointer, value)

    def _document(self, base: At, reference: str, path: str) -> Document | Diagnostic:
        name = self._origin.locate(base.document.path, path)
        if name is None:
            hint = "put a copy beside the document and refer to it by a relative path"
            words = f"{reference} leads out of the folder or server of the document"
            return Diagnostic(REFERENCE_OUTSIDE, _place(base), words, hint)
        if name not in self._documents:
            self._documents[name] = self._origin.read(name)
        found = self._documents[name]
        if isinstance(found, Diagnostic) and found.code is SOURCE_MISSING:
            return _nothing(base, reference, f"there is no file {name}")
        return found


def _nothing(base: At, reference: str, hint: str) -> Diagnostic:
    return Diagnostic(REFERENCE_NOT_FOUND, _place(base), f"{reference} refers to nothing", hint)


def _place(base: At) -> Location:
    return base.below("$ref").where if "$ref" in base.table else base.where


def _pointer(document: Document, fragment: str) -> str | None:
    if not fragment or fragment.startswith("/"):
        return fragment
    return next((pointer for pointer, name in _anchors(document.value, "") if name == fragment), None)


def _anchors(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        if isinstance(table.get("$anchor"), str):
            yield pointer, table["$anchor"]
        for name, inner in table.items():
            yield from _anchors(inner, f"{pointer}/{token(name)}")
    elif isinstance(value, list):
        for index, inner in enumerate(cast("list[object]", value)):
            yield from _anchors(inner, f"{pointer}/{index}")


def _near(document: Document, fragment: str) -> str:
    """The nearest name at the deepest place of a pointer that is there."""
    names = names_of(fragment)
    for count in range(len(names), 0, -1):
        around = value_at(document.value, names[: count - 1])
        if isinstance(around, dict):
            near = difflib.get_close_matches(names[count - 1], around, 1)
            return f"did you mean {near[0]}?" if near else f"{document.path} has nothing at {fragment}"
    return f"{document.path} has nothing at {fragment or 'its root'}"
