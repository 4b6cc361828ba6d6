"""The table of keywords: one function each, from the keyword's value to the fact it states.

A keyword that is not in the table is a diagnostic, never silence. Documents reach this table only after their
dialect's meta-schema accepted them, so a value has the type that the specification demands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirelock.ir import Node, Property, TypeId
from wirelock.parse.context import Place
from wirelock.runtime.json.text import Json

Fact = Callable[[Any, Place], object]


def as_it_is(value: Json, place: Place) -> Json:
    """The value itself is the fact."""
    return value


def annotation(value: Json, place: Place) -> None:
    """Words for people: no effect on shape or verdict."""


def check(value: Json, place: Place) -> Json:
    """A rule that no shape can say; validators enforce it."""
    return value


def subschemas(value: Mapping[str, Json], place: Place) -> None:
    """Definitions are parsed when something refers to them, or as named types of their file."""


def one(keyword: str) -> Fact:
    """A keyword that holds one schema."""

    def parse(value: Json, place: Place) -> Node:
        return place.node(value, place.below(keyword))

    return parse


def several(keyword: str) -> Fact:
    """A keyword that holds a list of schemas."""

    def parse(value: list[Json], place: Place) -> tuple[Node, ...]:
        return tuple(place.node(item, place.below(keyword, index)) for index, item in enumerate(value))

    return parse


def branches(keyword: str) -> Fact:
    """A keyword that holds a list of schemas for the same value."""

    def parse(value: list[Json], place: Place) -> tuple[Node, ...]:
        return tuple(place.node(item, place.branch(keyword, index)) for index, item in enumerate(value))

    return parse


def properties(value: Mapping[str, Json], place: Place) -> tuple[Property, ...]:
    """Declared properties in document order; `required` is joined later (core 10.3.2.1)."""
    return tuple(
        Property(name, place.node(schema, place.below("properties", name)), required=False)
        for name, schema in value.items()
    )


def items(value: Json, place: Place) -> object:
    """One schema for all items, or, before 2020-12, a list of schemas by position."""
    return several("items")(value, place) if isinstance(value, list) else one("items")(value, place)


def reference(value: str, place: Place) -> TypeId | None:
    """The named type that a `$ref` means."""
    return place.resolve(value, place)


def types(value: str | list[str], place: Place) -> tuple[str, ...]:
    """The allowed JSON types."""
    return (value,) if isinstance(value, str) else tuple(value)


ANNOTATIONS = (
    "$schema", "$id", "$anchor", "$dynamicAnchor", "$comment", "$vocabulary", "examples", "default", "readOnly",
    "writeOnly", "contentMediaType", "contentSchema",
)  # fmt: skip
CHECKS = (
    "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "dependencies", "contains", "minContains",
    "maxContains", "unevaluatedItems", "unevaluatedProperties", "propertyNames", "patternProperties", "minProperties",
    "maxProperties", "$dynamicRef", "$recursiveRef", "$recursiveAnchor",
)  # fmt: skip
VALUES = (
    "title", "description", "deprecated", "enum", "const", "required", "format", "pattern", "minLength", "maxLength",
    "contentEncoding", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems",
    "maxItems", "uniqueItems", "x-proto-field", "x-proto-name", "x-proto-type", "x-extensible-enum", "x-renamed-from",
)  # fmt: skip

KEYWORDS: Mapping[str, Fact] = {
    **dict.fromkeys(ANNOTATIONS, annotation),
    **dict.fromkeys(CHECKS, check),
    **dict.fromkeys(VALUES, as_it_is),
    "$ref": reference,
    "$defs": subschemas,
    "definitions": subschemas,
    "type": types,
    "properties": properties,
    "additionalProperties": one("additionalProperties"),
    "additionalItems": one("additionalItems"),
    "items": items,
    "prefixItems": several("prefixItems"),
    "anyOf": branches("anyOf"),
    "oneOf": branches("oneOf"),
    "allOf": branches("allOf"),
}
"""Every keyword that the parser knows."""
