"""Schemas that no value can meet: keywords that contradict each other, and types that only endless values have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from wirelock.diagnostics import Diagnostic
from wirelock.ir import Array, Definition, Never, Node, Record, Ref, Tuple, TypeId, Union
from wirelock.parse.codes import SCHEMA_UNSATISFIABLE
from wirelock.parse.context import Place
from wirelock.runtime.json.formatting import either, json_type, name, type_name

_AMOUNTS = (
    ("string", "minLength", "maxLength"),
    ("array", "minItems", "maxItems"),
    ("object", "minProperties", "maxProperties"),
)
_NUMBERS = frozenset({"integer", "number"})
_HINT = "change one of the two, or write false where there is to be no value"
_ENDLESS = "make a property on the way back optional, or let it be null"


def contradictions(facts: Mapping[str, Any], place: Place) -> None:
    """Report the first two keywords of one schema that no value can both meet."""
    types = frozenset[str](facts.get("type", ()))
    for keyword, message in (*_values(facts, types), *_limits(facts, types), *_properties(facts, types)):
        place.report(SCHEMA_UNSATISFIABLE, f"no value is valid: {message}", _HINT, keyword)
        return


def _values(facts: Mapping[str, Any], types: frozenset[str]) -> Iterator[tuple[str, str]]:
    for keyword, listed in (("enum", facts.get("enum", ())), ("const", (facts.get("const"),))):
        if keyword in facts and not any(not types or {json_type(one), type_name(one)} & types for one in listed):
            yield keyword, f"{keyword} has no value" + (f" of type {either(sorted(types))}" if types else "")


def _limits(facts: Mapping[str, Any], types: frozenset[str]) -> Iterator[tuple[str, str]]:
    for kind, least, most in _AMOUNTS:
        if types == frozenset((kind,)) and facts.get(least, 0) > facts.get(most, math.inf):
            yield least, f"{least} is {facts[least]} and {most} {facts[most]}"
    if types and types <= _NUMBERS:
        yield from _bounds(facts, whole=types == frozenset(("integer",)))


def _bounds(facts: Mapping[str, Any], *, whole: bool) -> Iterator[tuple[str, str]]:
    low, least = max((facts.get(word, -math.inf), word) for word in ("minimum", "exclusiveMinimum"))
    high, most = min((facts.get(word, math.inf), word) for word in ("maximum", "exclusiveMaximum"))
    if math.isinf(low) or math.isinf(high):
        return
    is_open = {least, most} & {"exclusiveMinimum", "exclusiveMaximum"}
    first = math.floor(low) + 1 if least == "exclusiveMinimum" else math.ceil(low)
    last = math.ceil(high) - 1 if most == "exclusiveMaximum" else math.floor(high)
    if low > high or (low == high and is_open) or (whole and first > last):
        yield least, f"{least} is {low} and {most} {high}"


def _properties(facts: Mapping[str, Any], types: frozenset[str]) -> Iterator[tuple[str, str]]:
    if types != frozenset(("object",)):
        return
    declared = {one.name: one.node for one in facts.get("properties", ())}
    rest: Node | None = None if "patternProperties" in facts else facts.get("additionalProperties")
    for wanted in facts.get("required", ()):
        node = declared.get(wanted, rest)
        if node is not None and isinstance(node.shape, Never):
            yield "required", f"{name(wanted)} is required and may not be there"


def endless(definitions: Mapping[TypeId, Definition]) -> Iterator[Diagnostic]:
    """The first type of which every value would have to contain another one, without end."""
    ends: set[TypeId] = set()
    while more := {key for key, one in definitions.items() if key not in ends and _ends(one.node, definitions, ends)}:
        ends |= more
    for key in definitions:
        if key not in ends:
            words = "no value is valid: each would have to contain another one, without end"
            yield Diagnostic(SCHEMA_UNSATISFIABLE, definitions[key].node.where, words, _ENDLESS)
            return


def _ends(node: Node, known: Mapping[TypeId, Definition], ends: set[TypeId]) -> bool:
    """Whether a shape has a value without those types whose values are not yet known to end."""
    match node.shape:
        case Ref(target):
            return target in ends or target not in known
        case Union(branches):
            return any(_ends(branch, known, ends) for branch in branches)
        case Record(properties):
            return all(_ends(one.node, known, ends) for one in properties if one.required)
        case Array(items, least):
            return not least or _ends(items, known, ends)
        case Tuple(items, _, least):
            return all(_ends(item, known, ends) for item in items[:least])
        case _:
            return True
