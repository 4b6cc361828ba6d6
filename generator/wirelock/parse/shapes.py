"""From the facts that the keywords of one schema state to the shape they describe together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wirelock.ir import (
    Anything,
    Array,
    Boolean,
    Bounds,
    Choice,
    Constant,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Property,
    Record,
    Ref,
    Shape,
    Text,
    Tuple,
    TypeId,
    Union,
)
from wirelock.parse.codes import ALL_OF_UNMERGEABLE, TYPE_UNSTATED
from wirelock.parse.context import Place
from wirelock.runtime.assertions import is_type
from wirelock.runtime.equality import equal

Facts = Mapping[str, Any]
JSON_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_SHAPING = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "object": ("properties", "required", "additionalProperties"),
}


def shape_of(facts: Facts, place: Place) -> tuple[Shape, tuple[str, ...]]:
    """The shape, and the shaping keywords that stand beside it without being part of it (they become checks)."""
    if "$ref" in facts:
        target = facts["$ref"]
        shape: Shape = Ref(target) if isinstance(target, TypeId) else Anything()
        return shape, _beside(facts, "$ref")
    if "const" in facts or "enum" in facts:
        return _constant(facts, place), _beside(facts, "const", "enum", "type")
    if "allOf" in facts:
        return _all_of(facts, place)
    for keyword in ("anyOf", "oneOf"):
        if keyword in facts:
            return _union(keyword, facts, place)
    return _typed(facts, place)


def _beside(facts: Facts, *taken: str) -> tuple[str, ...]:
    """Keywords with a say in the verdict that the chosen shape does not carry."""
    shaping = {"type", "enum", "const", "anyOf", "oneOf", "allOf", *(k for group in _SHAPING.values() for k in group)}
    return tuple(sorted(keyword for keyword in facts if keyword in shaping and keyword not in taken))


def _constant(facts: Facts, place: Place) -> Shape:
    values = list(facts["enum"]) if "enum" in facts else [facts["const"]]
    if "const" in facts:
        values = [value for value in values if equal(value, facts["const"])]
    allowed = facts.get("type")
    if allowed is not None:
        values = [value for value in values if any(is_type(value, name) for name in allowed)]
    strings = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
    if not values:
        return Never()
    if len(strings) == len(values) or (strings and all(isinstance(value, str) for value in values)):
        return Choice(strings, extensible=bool(facts.get("x-extensible-enum")))
    if strings and all(isinstance(value, str) or value is None for value in values):
        choice = Choice(strings, extensible=bool(facts.get("x-extensible-enum")))
        return Union((Node(choice, place.where), Node(Null(), place.where)))
    return Null() if values == [None] else Constant(tuple(values))


def _union(keyword: str, facts: Facts, place: Place) -> tuple[Shape, tuple[str, ...]]:
    branches: tuple[Node, ...] = facts[keyword]
    if "properties" in facts:  # declared properties beside a union of rules: one record, the union is a check
        shape, checks = _typed(facts, place)
        return shape, (*checks, keyword)
    live = tuple(branch for branch in branches if not isinstance(branch.shape, Never))
    if len(live) == 1 and len(branches) == 1:
        return live[0].shape, (*live[0].checks, *_beside(facts, keyword, "type"))
    return Union(live, exclusive=keyword == "oneOf"), _beside(facts, keyword)


def _all_of(facts: Facts, place: Place) -> tuple[Shape, tuple[str, ...]]:
    parts: tuple[Node, ...] = facts["allOf"]
    if len(parts) == 1 and not {"properties", "anyOf", "oneOf"} & facts.keys():
        return parts[0].shape, (*parts[0].checks, *_beside(facts, "allOf", "type"))
    own = [Node(_typed(facts, place)[0], place.where)] if "properties" in facts else []
    records = [record for node in (*own, *parts) if (record := _record_in(node, place))]
    if len(records) != len(parts) + len(own) or any(record.rest == "closed" for record in records):
        place.report(
            ALL_OF_UNMERGEABLE,
            "these allOf branches cannot be merged into one message without changing what is valid",
            "write the properties out in one schema, or drop additionalProperties: false from the branches",
            "allOf",
        )
        return Anything(), ()
    merged: dict[str, Property] = {}
    for prop in (prop for record in records for prop in record.properties):
        known = merged.get(prop.name)
        merged[prop.name] = prop if known is None else Property(prop.name, known.node, known.required or prop.required)
    return Record(tuple(merged.values())), ("allOf", *(check for part in parts for check in part.checks))


def _record_in(node: Node, place: Place) -> Record | None:
    match node.shape:
        case Record() as record:
            return record
        case Ref(target):
            named = place.named(target)
            return None if named is None else _record_in(named, place)
        case _:
            return None


def _typed(facts: Facts, place: Place) -> tuple[Shape, tuple[str, ...]]:
    names: tuple[str, ...] | None = facts.get("type")
    if names is None:
        implied = tuple(keyword for keyword in _beside(facts))
        if implied:
            place.report(
                TYPE_UNSTATED,
                f"{', '.join(implied)} without type says nothing about values of other types",
                "add the type that is meant; without it the property is carried as a free-form value",
            )
        return Anything(), implied
    shapes = [_SHAPES[name](facts, place) for name in names if not (name == "integer" and "number" in names)]
    if len(shapes) == 1:
        return shapes[0], ()
    if set(names) >= set(JSON_TYPES) - {"integer"}:
        return Anything(), _beside(facts, "type")
    return Union(tuple(Node(shape, place.where) for shape in shapes)), ()


def _text(facts: Facts, place: Place) -> Shape:
    return Text(
        int(facts.get("minLength", 0)), _int(facts, "maxLength"), facts.get("pattern"), str(facts.get("format", ""))
    )


def _int(facts: Facts, keyword: str) -> int | None:
    return int(facts[keyword]) if keyword in facts else None


def _bounds(facts: Facts) -> Bounds:
    return Bounds(
        facts.get("minimum"),
        facts.get("maximum"),
        facts.get("exclusiveMinimum"),
        facts.get("exclusiveMaximum"),
        facts.get("multipleOf"),
    )


def _array(facts: Facts, place: Place) -> Shape:
    items: Node | tuple[Node, ...] | None = facts.get("items")
    positions = items if isinstance(items, tuple) else ()
    prefix: tuple[Node, ...] = facts.get("prefixItems") or positions
    anything = Node(Anything(), place.where)
    if prefix:
        rest: Node = (facts.get("additionalItems") if isinstance(items, tuple) else items) or anything
        maximum = _int(facts, "maxItems")
        closed = isinstance(rest.shape, Never) or (maximum is not None and maximum <= len(prefix))
        return Tuple(prefix, None if closed else rest, int(facts.get("minItems", 0)))
    return Array(
        items if isinstance(items, Node) else anything,
        int(facts.get("minItems", 0)),
        _int(facts, "maxItems"),
        bool(facts.get("uniqueItems", False)),
    )


def _object(facts: Facts, place: Place) -> Shape:
    required = tuple(facts.get("required", ()))
    declared: tuple[Property, ...] = facts.get("properties", ())
    known = {prop.name for prop in declared}
    props = tuple(Property(p.name, p.node, p.name in required) for p in declared)
    undeclared = tuple(
        Property(name, Node(Anything(), place.where), required=True) for name in required if name not in known
    )
    rest: Node | None = facts.get("additionalProperties")
    if rest is None:
        return Record(props + (undeclared if declared else ()))
    return Record(props + (undeclared if declared else ()), "closed" if isinstance(rest.shape, Never) else rest)


_SHAPES: Mapping[str, Callable[[Facts, Place], Shape]] = {
    "null": lambda facts, place: Null(),
    "boolean": lambda facts, place: Boolean(),
    "integer": lambda facts, place: Integer(_bounds(facts), str(facts.get("format", ""))),
    "number": lambda facts, place: Number(_bounds(facts)),
    "string": _text,
    "array": _array,
    "object": _object,
}
