"""The reference: python-jsonschema over the schema documents, which shares nothing with our validators.

Where it differs from the specification it is mended with a library: patterns are ECMA-262 (regress), and a multiple is
exact.
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
from wirelock.runtime.json.pointers import token
from wirelock.runtime.json.text import Json
from wirelock.source import Document, Sources, Target

_BASE = "https://reference.invalid/"
_DATA = ("enum", "const", "default", "examples")
_BESIDE_REF = ("$ref", "$schema", "$defs", "definitions")
"""What is left beside a reference that stands alone; the library forgets that on its way between dialects."""
_SPECIFICATION: Any = referencing.jsonschema.DRAFT202012
_VALIDATORS: Any = validators
_LIBRARY: Any = jsonschema


class Reference:
    """The verdicts of the reference on the types of one project."""

    def __init__(self, documents: Mapping[str, Document], format_assertion: bool) -> None:
        self._documents = documents
        self._sources = Sources({document.path: document for document in documents.values()})
        self._formats = format_assertion
        self._validators: dict[TypeId, Any] = {}
        self._registries: dict[Any, Any] = {}

    def is_valid(self, key: TypeId, value: Json) -> bool:
        """Whether a value is valid against a type."""
        if key not in self._validators:
            self._validators[key] = self._validator(key)
        return bool(self._validators[key].is_valid(value))

    def _validator(self, key: TypeId) -> Any:
        document = self._documents[key.file]
        standard = self._standard(document)
        exact = _VALIDATORS.extend(
            standard,
            {
                "pattern": _pattern,
                "patternProperties": _pattern_properties,
                "multipleOf": _multiple,
                "enum": _enum(standard.VALIDATORS["enum"]),
            },
        )
        registry = self._registry(standard)
        schema = {"$ref": f"{_BASE}{quote(document.path)}#{key.pointer}"}
        return exact(schema, registry=registry, format_checker=exact.FORMAT_CHECKER if self._formats else None)

    def _standard(self, document: Document) -> Any:
        """The library's validator of a document's dialect, which may be one that only we know."""
        return _VALIDATORS.validator_for({"$schema": self._sources.dialect(document.path, "").uri})

    def _registry(self, standard: Any) -> Any:
        """Every document, for types of one dialect."""
        if standard not in self._registries:
            resources = ((_BASE + quote(d.path), self._resource(d, standard)) for d in self._documents.values())
            self._registries[standard] = referencing.Registry[Any]().with_resources(resources)
        return self._registries[standard]

    def _resource(self, document: Document, standard: Any) -> Any:
        """A document as the reference gets it.

        The library leaves a validator that was extended where a document states its dialect; so it stays stated only
        where it is another one than that of the type in question.
        """
        schema = self._absolute(document, "", document.value)
        if isinstance(schema, dict):
            schema = {keyword: value for keyword, value in schema.items() if keyword != "$schema"}
            own = self._standard(document)
            schema |= {} if own is standard else {"$schema": own.META_SCHEMA["$schema"]}
        return referencing.Resource[Any].from_contents(schema, default_specification=_SPECIFICATION)

    def _absolute(self, document: Document, pointer: str, value: Json) -> Json:
        """A schema with every reference as the project means it, by file; ids are not needed then."""
        if isinstance(value, list):
            return [self._absolute(document, f"{pointer}/{index}", item) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("$ref"), str) and self._sources.dialect(document.path, "").ref_alone:
            value = {keyword: inner for keyword, inner in value.items() if keyword in _BESIDE_REF}
        return {
            keyword: inner
            if keyword in _DATA
            else self._reference(document, pointer, inner)
            if keyword == "$ref" and isinstance(inner, str)
            else self._absolute(document, f"{pointer}/{token(keyword)}", inner)
            for keyword, inner in value.items()
            if not (keyword == "$id" and isinstance(inner, str))
        }

    def _reference(self, document: Document, pointer: str, reference: str) -> str:
        found = self._sources.resolve(document.path, pointer, reference)
        return f"{_BASE}{quote(found.path)}#{quote(found.pointer)}" if isinstance(found, Target) else reference


def _found(pattern: str, text: str) -> bool:
    return regress.Regex(pattern, "u").find(text) is not None


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not _found(pattern, instance):
        yield _LIBRARY.ValidationError(f"does not match {pattern}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Json], instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, dict):
        members = cast("dict[str, Json]", instance)
        for pattern, inner in patterns.items():
            for name, value in members.items():
                if _found(pattern, name):
                    yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _multiple(validator: Any, step: float, instance: Any, schema: Any) -> Iterator[Any]:
    is_number = isinstance(instance, int | float) and not isinstance(instance, bool)
    if is_number and (Fraction(repr(instance)) / Fraction(repr(step))).denominator != 1:
        yield _LIBRARY.ValidationError(f"no multiple of {step}")


def _enum(standard: Any) -> Any:
    """`enum` as ever, and no rule for strings where the schema says that servers may send others."""

    def check(validator: Any, values: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if not (schema.get("x-extensible-enum") is True and isinstance(instance, str)):
            yield from standard(validator, values, instance, schema)

    return check
