"""Application of configured dialects to documents, with translation of OpenAPI 3.0 to draft 2020-12."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from wirelock.diagnostics import Diagnostic
from wirelock.parse.codes import KEYWORD_UNKNOWN, SCHEMA_INVALID
from wirelock.parse.keywords import KEYWORDS
from wirelock.runtime.json.formatting import describe_value
from wirelock.runtime.json.pointers import escape_token, join_pointer
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.documents import find_subschemas
from wirelock.source import Document
from wirelock.source.dialects import DEFAULT_DIALECT, DIALECT_URIS, OPENAPI_3_0_URIS, OPENAPI_3_1
from wirelock.source.openapi30 import NULLABLE_IGNORED, replace_subschemas, translate_schema_object

_KEYWORDS_BESIDE_REFERENCE = ("$comment", "$defs", "definitions")
_ROOT_KEYWORDS_BESIDE_REFERENCE = ("$schema", "$id", *_KEYWORDS_BESIDE_REFERENCE)
"""Keywords of a schema file that OpenAPI 3.0 schema objects do not have."""
_OPENAPI_3_0_KEYWORDS = frozenset({
    "$ref", "title", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
    "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxProperties", "minProperties",
    "required", "enum", "type", "allOf", "oneOf", "anyOf", "not", "items", "properties", "additionalProperties",
    "description", "format", "default", "readOnly", "writeOnly", "deprecated",
})  # fmt: skip
_OPENAPI_3_0_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_VALUE_RULES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "type": (lambda value: value in _OPENAPI_3_0_TYPES, f"one of {', '.join(_OPENAPI_3_0_TYPES)}; nullable adds null"),
    "nullable": (lambda value: isinstance(value, bool), "true or false"),
    "exclusiveMinimum": (lambda value: isinstance(value, bool), "true or false, beside minimum"),
    "exclusiveMaximum": (lambda value: isinstance(value, bool), "true or false, beside maximum"),
    "items": (lambda value: isinstance(value, dict), "one schema object"),
}
"""Predicate and expected value of each keyword whose value differs from 2020-12."""


def apply_dialect(document: Document, name: str) -> tuple[Document, tuple[Diagnostic, ...]]:
    """Return a document with its dialect in `$schema`; `name` is the configured dialect."""
    schema = document.value
    if not isinstance(schema, dict):
        return document, ()
    declared = schema.get("$schema", DIALECT_URIS[name])
    if declared in OPENAPI_3_0_URIS:
        translation = _OpenApi30Translator(document)
        modern = {"$schema": OPENAPI_3_1} | {key: value for key, value in schema.items() if key != "$schema"}
        return replace(document, value=translation.translate_schema(modern, "")), tuple(translation.diagnostics)
    if "$schema" in schema or name == DEFAULT_DIALECT:
        return document, ()
    return replace(document, value={"$schema": declared, **schema}), ()


class _OpenApi30Translator:
    """The translator of one OpenAPI 3.0 document; keywords keep their pointers, so that diagnostics point to them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.diagnostics: list[Diagnostic] = []

    def translate_schema(self, value: dict[str, Any], pointer: str) -> dict[str, Any]:
        """Translate a schema object and its subschemas."""
        self._check_keywords(value, pointer)
        relevant = {keyword: inner for keyword, inner in value.items() if _is_relevant(keyword, pointer)}
        schema, ignored = translate_schema_object(relevant)
        if ignored is not None:
            location = self._document.get_location(f"{pointer}/nullable")
            self.diagnostics.append(Diagnostic(NULLABLE_IGNORED, location, ignored.message, ignored.hint))
        schema |= {keyword: value[keyword] for keyword in _get_keywords_beside_reference(pointer) if keyword in value}
        return {keyword: self._translate_keyword(keyword, inner, pointer) for keyword, inner in schema.items()}

    def _translate_keyword(self, keyword: str, value: Any, pointer: str) -> Json:
        translated: dict[tuple[str | int, ...], Json] = {}
        for names, inner in find_subschemas(keyword, value):
            subschema_pointer = pointer + join_pointer(names)
            if isinstance(inner, dict):
                translated[names] = self.translate_schema(inner, subschema_pointer)
            else:
                translated[names] = inner
                if keyword != "additionalProperties":
                    message = f"invalid schema object for OpenAPI 3.0: {describe_value(inner)}"
                    self._report_invalid(subschema_pointer, message, "use an object; {} allows any value")
        return replace_subschemas(keyword, value, translated)

    def _check_keywords(self, value: Mapping[str, Any], pointer: str) -> None:
        for keyword in value:
            keyword_pointer = f"{pointer}/{escape_token(keyword)}"
            if not _is_relevant(keyword, pointer):
                message = f"keyword {keyword!r} has no effect"
                hint = "OpenAPI 3.0 does not define it: remove the keyword, or declare another dialect"
                self.diagnostics.append(
                    Diagnostic(KEYWORD_UNKNOWN, self._document.get_location(keyword_pointer), message, hint)
                )
            elif keyword in _VALUE_RULES and not _VALUE_RULES[keyword][0](value[keyword]):
                message = f"invalid value for {keyword} in OpenAPI 3.0: {describe_value(value[keyword])}"
                self._report_invalid(keyword_pointer, message, f"use {_VALUE_RULES[keyword][1]}")

    def _report_invalid(self, pointer: str, message: str, hint: str) -> None:
        self.diagnostics.append(Diagnostic(SCHEMA_INVALID, self._document.get_location(pointer), message, hint))


def _get_keywords_beside_reference(pointer: str) -> tuple[str, ...]:
    """Return the keywords that keep their effect beside a `$ref`."""
    return _KEYWORDS_BESIDE_REFERENCE if pointer else _ROOT_KEYWORDS_BESIDE_REFERENCE


def _is_relevant(keyword: str, pointer: str) -> bool:
    """Return True for keywords of OpenAPI 3.0 and for unknown keywords, which the parser reports for every dialect."""
    is_defined = keyword in _OPENAPI_3_0_KEYWORDS or keyword in _get_keywords_beside_reference(pointer)
    return is_defined or keyword not in KEYWORDS or keyword.startswith("x-")
