"""Detection of unsatisfiable schemas: contradicting keywords, and types that only infinitely nested values match."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from wirelock.diagnostics import Diagnostic
from wirelock.ir import Array, Definition, Never, Node, Object, Ref, Tuple, TypeId, Union
from wirelock.parse.codes import SCHEMA_UNSATISFIABLE
from wirelock.parse.context import SchemaContext
from wirelock.runtime.json.formatting import get_json_type, get_schema_type, join_alternatives, quote_name

_SIZE_KEYWORDS = (
    ("string", "minLength", "maxLength"),
    ("array", "minItems", "maxItems"),
    ("object", "minProperties", "maxProperties"),
)
_NUMBERS = frozenset({"integer", "number"})
_HINT = "correct one of the keywords, or write the schema false to allow no value"
_INFINITE_HINT = "make a property in the cycle optional or nullable"


def report_contradictions(keywords: Mapping[str, Any], context: SchemaContext) -> None:
    """Report the first contradiction between keywords of one schema."""
    types = frozenset[str](keywords.get("type", ()))
    for keyword, message in (
        *_check_values(keywords, types),
        *_check_sizes(keywords, types),
        *_check_properties(keywords, types),
    ):
        context.report(SCHEMA_UNSATISFIABLE, f"no value is valid: {message}", _HINT, keyword)
        return


def _check_values(keywords: Mapping[str, Any], types: frozenset[str]) -> Iterator[tuple[str, str]]:
    for keyword, listed in (("enum", keywords.get("enum", ())), ("const", (keywords.get("const"),))):
        if keyword in keywords and not any(
            not types or {get_json_type(value), get_schema_type(value)} & types for value in listed
        ):
            yield keyword, f"{keyword} has no value" + (f" of type {join_alternatives(sorted(types))}" if types else "")


def _check_sizes(keywords: Mapping[str, Any], types: frozenset[str]) -> Iterator[tuple[str, str]]:
    for type, minimum, maximum in _SIZE_KEYWORDS:
        if types == frozenset((type,)) and keywords.get(minimum, 0) > keywords.get(maximum, math.inf):
            yield minimum, f"{minimum} is {keywords[minimum]} and {maximum} {keywords[maximum]}"
    if types and types <= _NUMBERS:
        yield from _check_bounds(keywords, is_integer=types == frozenset(("integer",)))


def _check_bounds(keywords: Mapping[str, Any], *, is_integer: bool) -> Iterator[tuple[str, str]]:
    low, low_keyword = max((keywords.get(word, -math.inf), word) for word in ("minimum", "exclusiveMinimum"))
    high, high_keyword = min((keywords.get(word, math.inf), word) for word in ("maximum", "exclusiveMaximum"))
    if math.isinf(low) or math.isinf(high):
        return
    is_open = {low_keyword, high_keyword} & {"exclusiveMinimum", "exclusiveMaximum"}
    first = math.floor(low) + 1 if low_keyword == "exclusiveMinimum" else math.ceil(low)
    last = math.ceil(high) - 1 if high_keyword == "exclusiveMaximum" else math.floor(high)
    if low > high or (low == high and is_open) or (is_integer and first > last):
        yield low_keyword, f"{low_keyword} is {low} and {high_keyword} {high}"


def _check_properties(keywords: Mapping[str, Any], types: frozenset[str]) -> Iterator[tuple[str, str]]:
    if types != frozenset(("object",)):
        return
    declared = {prop.name: prop.node for prop in keywords.get("properties", ())}
    additional: Node | None = None if "patternProperties" in keywords else keywords.get("additionalProperties")
    for name in keywords.get("required", ()):
        node = declared.get(name, additional)
        if node is not None and isinstance(node.shape, Never):
            yield "required", f"{quote_name(name)} is required but never allowed"


def find_infinite_types(definitions: Mapping[TypeId, Definition]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for the first type whose values would all be infinitely nested."""
    finite: set[TypeId] = set()
    while newly_finite := {
        key
        for key, definition in definitions.items()
        if key not in finite and _is_finite(definition.node, definitions, finite)
    }:
        finite |= newly_finite
    for key in definitions:
        if key not in finite:
            message = "no value is valid: every value would be infinitely nested"
            yield Diagnostic(SCHEMA_UNSATISFIABLE, definitions[key].node.location, message, _INFINITE_HINT)
            return


def _is_finite(node: Node, definitions: Mapping[TypeId, Definition], finite: set[TypeId]) -> bool:
    """Return True if a node has a value that only contains types known to have finite values."""
    match node.shape:
        case Ref(target):
            return target in finite or target not in definitions
        case Union(branches):
            return any(_is_finite(branch, definitions, finite) for branch in branches)
        case Object(properties):
            return all(_is_finite(prop.node, definitions, finite) for prop in properties if prop.required)
        case Array(items, least):
            return not least or _is_finite(items, definitions, finite)
        case Tuple(items, _, least):
            return all(_is_finite(item, definitions, finite) for item in items[:least])
        case _:
            return True
