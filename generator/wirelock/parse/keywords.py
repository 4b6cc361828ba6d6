"""The table of JSON Schema keywords with the function that parses the value of each.

A keyword that is not in the table is reported as unknown. Values have the types of the specification, because the
parser checks documents against the meta-schema of their dialect first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirelock.ir import Node, Property, TypeId
from wirelock.parse.context import SchemaContext
from wirelock.runtime.json.text import Json

KeywordParser = Callable[[Any, SchemaContext], object]


def keep_value(value: Json, context: SchemaContext) -> Json:
    """Return the value of the keyword unchanged."""
    return value


def ignore_value(value: Json, context: SchemaContext) -> None:
    """Ignore an annotation, or definitions, which the parser reads when something refers to them."""


def make_schema_parser(keyword: str) -> KeywordParser:
    """Return the parser of a keyword whose value is one subschema."""

    def parse(value: Json, context: SchemaContext) -> Node:
        return context.parse_node(value, context.enter(keyword))

    return parse


def make_list_parser(keyword: str) -> KeywordParser:
    """Return the parser of a keyword whose value is an array of subschemas."""

    def parse(value: list[Json], context: SchemaContext) -> tuple[Node, ...]:
        return tuple(context.parse_node(item, context.enter(keyword, index)) for index, item in enumerate(value))

    return parse


def make_branch_parser(keyword: str) -> KeywordParser:
    """Return the parser of a keyword whose value is an array of subschemas for the same instance."""

    def parse(value: list[Json], context: SchemaContext) -> tuple[Node, ...]:
        return tuple(context.parse_node(item, context.enter_branch(keyword, index)) for index, item in enumerate(value))

    return parse


def parse_properties(value: Mapping[str, Json], context: SchemaContext) -> tuple[Property, ...]:
    """Parse the declared properties in document order; `required` is merged later (core, section 10.3.2.1)."""
    return tuple(
        Property(name, context.parse_node(schema, context.enter("properties", name)), required=False)
        for name, schema in value.items()
    )


def parse_items(value: Json, context: SchemaContext) -> object:
    """Parse one schema for all items, or an array of schemas by position (before draft 2020-12)."""
    return (
        make_list_parser("items")(value, context)
        if isinstance(value, list)
        else make_schema_parser("items")(value, context)
    )


def parse_reference(value: str, context: SchemaContext) -> TypeId | None:
    """Resolve a `$ref` to a named type."""
    return context.resolve(value, context)


def parse_types(value: str | list[str], context: SchemaContext) -> tuple[str, ...]:
    """Parse the allowed JSON types."""
    return (value,) if isinstance(value, str) else tuple(value)


ANNOTATION_KEYWORDS = (
    "$schema", "$id", "$anchor", "$dynamicAnchor", "$comment", "$vocabulary", "examples", "default", "readOnly",
    "writeOnly", "contentMediaType", "contentSchema",
)  # fmt: skip
UNMODELLED_KEYWORDS = (
    "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "dependencies", "contains", "minContains",
    "maxContains", "unevaluatedItems", "unevaluatedProperties", "propertyNames", "patternProperties", "minProperties",
    "maxProperties", "$dynamicRef", "$recursiveRef", "$recursiveAnchor",
)  # fmt: skip
VALUE_KEYWORDS = (
    "title", "description", "deprecated", "enum", "const", "required", "format", "pattern", "minLength", "maxLength",
    "contentEncoding", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems",
    "maxItems", "uniqueItems", "x-proto-field", "x-proto-name", "x-proto-type", "x-extensible-enum", "x-renamed-from",
)  # fmt: skip

KEYWORDS: Mapping[str, KeywordParser] = {
    **dict.fromkeys(ANNOTATION_KEYWORDS, ignore_value),
    **dict.fromkeys(UNMODELLED_KEYWORDS, keep_value),
    **dict.fromkeys(VALUE_KEYWORDS, keep_value),
    "$ref": parse_reference,
    "$defs": ignore_value,
    "definitions": ignore_value,
    "type": parse_types,
    "properties": parse_properties,
    "additionalProperties": make_schema_parser("additionalProperties"),
    "additionalItems": make_schema_parser("additionalItems"),
    "items": parse_items,
    "prefixItems": make_list_parser("prefixItems"),
    "anyOf": make_branch_parser("anyOf"),
    "oneOf": make_branch_parser("oneOf"),
    "allOf": make_branch_parser("allOf"),
}
"""All keywords that the parser knows."""
