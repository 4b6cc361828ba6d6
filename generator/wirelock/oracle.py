"""A reference validator for tests of generated validators: python-jsonschema, which shares no code with them.

It differs from python-jsonschema where that library deviates from the specification: patterns are ECMA-262 (regress),
and `multipleOf` is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, cast
from urllib.parse import quote

import jsonschema
import referencing
import referencing.jsonschema
import regress
from jsonschema import validators

from wirelock.ir import TypeId
from wirelock.runtime.json.pointers import escape_token
from wirelock.runtime.json.text import Json
from wirelock.source import Document, ReferenceTarget, Sources

_BASE = "https://reference.invalid/"
_DATA_KEYWORDS = ("enum", "const", "default", "examples")
_KEYWORDS_BESIDE_REF = ("$ref", "$schema", "$defs", "definitions")
"""The keywords that stay beside `$ref` in draft-07; the library loses that rule when it changes dialects."""
_SPECIFICATION: Any = referencing.jsonschema.DRAFT202012
_VALIDATORS: Any = validators
_LIBRARY: Any = jsonschema


class ReferenceValidator:
    """Validates values against the types of one project with python-jsonschema."""

    def __init__(self, documents: Mapping[str, Document], format_assertion: bool) -> None:
        self._documents = documents
        self._sources = Sources({document.path: document for document in documents.values()})
        self._formats = format_assertion
        self._validators: dict[TypeId, Any] = {}
        self._registries: dict[Any, Any] = {}

    def is_valid(self, key: TypeId, value: Json) -> bool:
        """Return True if a value is valid against a type."""
        if key not in self._validators:
            self._validators[key] = self._build_validator(key)
        return bool(self._validators[key].is_valid(value))

    def _build_validator(self, key: TypeId) -> Any:
        document = self._documents[key.file]
        standard = self._get_validator_class(document)
        exact = _VALIDATORS.extend(
            standard,
            {
                "pattern": _check_pattern,
                "patternProperties": _check_pattern_properties,
                "multipleOf": _check_multiple_of,
                "enum": _make_enum_check(standard.VALIDATORS["enum"]),
            },
        )
        registry = self._get_registry(standard)
        schema = {"$ref": f"{_BASE}{quote(document.path)}#{key.pointer}"}
        return exact(schema, registry=registry, format_checker=exact.FORMAT_CHECKER if self._formats else None)

    def _get_validator_class(self, document: Document) -> Any:
        """Return the library's validator class for the dialect of a document, which may be a custom dialect."""
        return _VALIDATORS.validator_for({"$schema": self._sources.get_dialect(document.path, "").uri})

    def _get_registry(self, standard: Any) -> Any:
        """Return a registry of all documents for the types of one dialect."""
        if standard not in self._registries:
            resources = ((_BASE + quote(d.path), self._build_resource(d, standard)) for d in self._documents.values())
            self._registries[standard] = referencing.Registry[Any]().with_resources(resources)
        return self._registries[standard]

    def _build_resource(self, document: Document, standard: Any) -> Any:
        """Return a document as a resource of the registry.

        The library replaces an extended validator class at each `$schema`, so `$schema` stays only in documents of
        another dialect than that of the validated type.
        """
        schema = self._make_absolute(document, "", document.value)
        if isinstance(schema, dict):
            schema = {keyword: value for keyword, value in schema.items() if keyword != "$schema"}
            own = self._get_validator_class(document)
            schema |= {} if own is standard else {"$schema": own.META_SCHEMA["$schema"]}
        return referencing.Resource[Any].from_contents(schema, default_specification=_SPECIFICATION)

    def _make_absolute(self, document: Document, pointer: str, value: Json) -> Json:
        """Return a schema with all references resolved to files of the project and without `$id`."""
        if isinstance(value, list):
            return [self._make_absolute(document, f"{pointer}/{index}", item) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("$ref"), str) and self._sources.get_dialect(document.path, "").ref_overrides_siblings:
            value = {keyword: inner for keyword, inner in value.items() if keyword in _KEYWORDS_BESIDE_REF}
        return {
            keyword: inner
            if keyword in _DATA_KEYWORDS
            else self._resolve_reference(document, pointer, inner)
            if keyword == "$ref" and isinstance(inner, str)
            else self._make_absolute(document, f"{pointer}/{escape_token(keyword)}", inner)
            for keyword, inner in value.items()
            if not (keyword == "$id" and isinstance(inner, str))
        }

    def _resolve_reference(self, document: Document, pointer: str, reference: str) -> str:
        result = self._sources.resolve(document.path, pointer, reference)
        return (
            f"{_BASE}{quote(result.path)}#{quote(result.pointer)}" if isinstance(result, ReferenceTarget) else reference
        )


def _matches(pattern: str, text: str) -> bool:
    return regress.Regex(pattern, "u").find(text) is not None


def _check_pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield _LIBRARY.ValidationError(f"does not match {pattern}")


def _check_pattern_properties(
    validator: Any, patterns: Mapping[str, Json], instance: Any, schema: Any
) -> Iterator[Any]:
    if isinstance(instance, dict):
        members = cast("dict[str, Json]", instance)
        for pattern, inner in patterns.items():
            for name, value in members.items():
                if _matches(pattern, name):
                    yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _check_multiple_of(validator: Any, step: float, instance: Any, schema: Any) -> Iterator[Any]:
    is_number = isinstance(instance, int | float) and not isinstance(instance, bool)
    if is_number and (Fraction(repr(instance)) / Fraction(repr(step))).denominator != 1:
        yield _LIBRARY.ValidationError(f"no multiple of {step}")


def _make_enum_check(standard: Any) -> Any:
    """Return a check for `enum` that accepts every string if `x-extensible-enum` is true."""

    def check(validator: Any, values: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if not (schema.get("x-extensible-enum") is True and isinstance(instance, str)):
            yield from standard(validator, values, instance, schema)

    return check
