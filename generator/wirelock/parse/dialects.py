"""Documents with the dialect that the configuration gives them; those of OpenAPI 3.0 in the words of 2020-12."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wirelock.diagnostics import Diagnostic
from wirelock.parse.codes import KEYWORD_UNKNOWN, SCHEMA_INVALID
from wirelock.parse.keywords import KEYWORDS
from wirelock.runtime.json.pointers import pointer_of, token
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.documents import subschemas
from wirelock.source import Document
from wirelock.source.dialects import DEFAULT, NAMED, OPENAPI_3_1, TRANSLATED
from wirelock.source.openapi30 import NULLABLE_IGNORED, translated, with_schemas

_ANYWHERE = ("$comment", "$defs", "definitions")
_AT_THE_ROOT = ("$schema", "$id", *_ANYWHERE)
"""What a schema file needs to stand by itself; the schema objects of a description have none of it."""
_OF_3_0 = frozenset({
    "$ref", "title", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
    "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties",
    "required", "enum", "type", "allOf", "oneOf", "anyOf", "not", "items", "properties", "additionalProperties",
    "description", "format", "default", "readOnly", "writeOnly", "deprecated",
})  # fmt: skip
_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_FORMS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "type": (lambda value: value in _TYPES, f"one of {', '.join(_TYPES)}; nullable adds null"),
    "nullable": (lambda value: isinstance(value, bool), "true or false"),
    "exclusiveMinimum": (lambda value: isinstance(value, bool), "true or false, beside minimum"),
    "exclusiveMaximum": (lambda value: isinstance(value, bool), "true or false, beside maximum"),
    "items": (lambda value: isinstance(value, dict), "one schema object"),
}
"""The keywords whose values have another form in 2020-12."""


def in_dialect(document: Document, name: str) -> tuple[Document, tuple[Diagnostic, ...]]:
    """The document with its dialect in `$schema`; `name` is the dialect that is configured for it."""
    schema = document.value
    if not isinstance(schema, dict):
        return document, ()
    stated = schema.get("$schema", NAMED[name])
    if stated in TRANSLATED:
        translation = _Translation(document)
        modern = {"$schema": OPENAPI_3_1} | {key: value for key, value in schema.items() if key != "$schema"}
        return replace(document, value=translation.schema(modern, "")), tuple(translation.diagnostics)
    if "$schema" in schema or name == DEFAULT:
        return document, ()
    return replace(document, value={"$schema": stated, **schema}), ()


class _Translation:
    """One document of OpenAPI 3.0; every keyword that stays is found at its own place, so findings point there."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.diagnostics: list[Diagnostic] = []

    def schema(self, value: dict[str, Any], pointer: str) -> dict[str, Any]:
        """A schema object and all that are inside it."""
        self._check(value, pointer)
        schema, void = translated({keyword: inner for keyword, inner in value.items() if _means(keyword, pointer)})
        if void is not None:
            where = self._document.at(f"{pointer}/nullable")
            self.diagnostics.append(Diagnostic(NULLABLE_IGNORED, where, void.message, void.hint))
        schema |= {keyword: value[keyword] for keyword in _beside_reference(pointer) if keyword in value}
        return {keyword: self._keyword(keyword, inner, pointer) for keyword, inner in schema.items()}

    def _keyword(self, keyword: str, value: Any, pointer: str) -> Json:
        written: dict[tuple[str | int, ...], Json] = {}
        for names, inner in subschemas(keyword, value):
            place = pointer + pointer_of(names)
            if isinstance(inner, dict):
                written[names] = self.schema(inner, place)
            else:
                written[names] = inner
                if keyword != "additionalProperties":
                    self._invalid(place, "a schema object of OpenAPI 3.0 is an object", "for any value, write {}")
        return with_schemas(keyword, value, written)

    def _check(self, value: Mapping[str, Any], pointer: str) -> None:
        for keyword in value:
            place = f"{pointer}/{token(keyword)}"
            if not _means(keyword, pointer):
                words = f"keyword {keyword!r} has no effect"
                hint = "OpenAPI 3.0 does not have it; state another dialect, or leave the keyword out"
                self.diagnostics.append(Diagnostic(KEYWORD_UNKNOWN, self._document.at(place), words, hint))
            elif keyword in _FORMS and not _FORMS[keyword][0](value[keyword]):
                words = f"{keyword} has a value that it cannot have in OpenAPI 3.0"
                self._invalid(place, words, f"it must be {_FORMS[keyword][1]}")

    def _invalid(self, pointer: str, words: str, hint: str) -> None:
        self.diagnostics.append(Diagnostic(SCHEMA_INVALID, self._document.at(pointer), words, hint))


def _beside_reference(pointer: str) -> tuple[str, ...]:
    """The keywords that no reference beside them makes void."""
    return _ANYWHERE if pointer else _AT_THE_ROOT


def _means(keyword: str, pointer: str) -> bool:
    """Whether a keyword is one of OpenAPI 3.0, or one that nobody knows, which is reported for every dialect."""
    known = keyword in _OF_3_0 or keyword in _beside_reference(pointer)
    return known or keyword not in KEYWORDS or keyword.startswith("x-")
