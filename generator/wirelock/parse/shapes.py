"""From the facts that the keywords of one schema state to the shape they describe together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from wirelock.parse.codes import ALL_OF_UNMERGEABLE, TYPE_MISSING
from wirelock.parse.context import Place
from wirelock.runtime.json.equality import equal
from wirelock.runtime.schema.assertions import is_type

Facts = Mapping[str, Any]
JSON_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_SHAPING = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "object": ("properties", "required", "additionalProperties"),
}
_SHAPES_INSIDE = frozenset({"properties", "additionalProperties", "items", "prefixItems"})
_TYPED = ("type", *(keyword for group in _SHAPING.values() for keyword in group))


def shape_of(facts: Facts, place: Place) -> tuple[Shape, tuple[str, ...]]:
    """The shape, and the shaping keywords that stand beside it without being part of it (they become checks)."""
    if "$ref" in facts:
        target = facts["$ref"]
        return (Ref(target), _beside(facts)) if isinstance(target, TypeId) else (Anything(), ("$ref", *_beside(facts)))
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
    branches: tuple[Node, ...] = facts[keyword] if keyword == "oneOf" else _distinct(facts[keyword])
    live = tuple(branch for branch in branches if not isinstance(branch.shape, Never))
    typed = "type" in facts or _said_around((keyword,), place.around)
    rules = typed and all(isinstance(branch.shape, Anything) for branch in live)
    if "properties" in facts or rules:  # what is declared beside a union of rules is the shape, the union is a check
        shape, checks = _typed(facts, place)
        return shape, (*checks, *_beside(facts, *_TYPED))
    if len(live) == 1:
        return live[0].shape, (*live[0].checks, *_beside_shape(live[0].shape, facts, keyword))
    return (Union(live, exclusive=keyword == "oneOf") if live else Never()), _beside(facts, keyword)


def _distinct(branches: tuple[Node, ...]) -> tuple[Node, ...]:
    """The branches without references that are there already, which add nothing to an anyOf."""
    seen: set[object] = set()
    kept: list[Node] = []
    for branch in branches:
        plain = isinstance(branch.shape, Ref) and not branch.checks
        if not (plain and branch.shape in seen):
            kept.append(branch)
        if plain:
            seen.add(branch.shape)
    return tuple(kept)


def _all_of(facts: Facts, place: Place) -> tuple[Shape, tuple[str, ...]]:
    """Whatever one part says is said of the whole; records become one, and all else is a check."""
    parts: tuple[Node, ...] = facts["allOf"]
    if len(parts) == 1 and facts.keys() & {"type", "properties", "anyOf", "oneOf"} <= {"type"} and _tells(parts[0]):
        return parts[0].shape, (*parts[0].checks, *_beside_shape(parts[0].shape, facts, "allOf"))
    own, checks = _typed(facts, place) if "type" in facts or "properties" in facts else (Anything(), ())
    telling = [node for node in (Node(own, place.where), *parts) if _tells(node)]
    left = ("allOf", *checks, *_beside(facts, *_TYPED))
    if len(telling) <= 1:
        return (telling[0].shape if telling else Anything()), left
    records = [record for node in telling if (record := _record_in(node, place))]
    if len(records) == len(telling) and not any(record.rest == "closed" for record in records):
        return _merged(records), (*left, *(check for part in parts for check in part.checks))
    place.report(
        ALL_OF_UNMERGEABLE,
        "these allOf branches cannot be merged into one message, so the value is carried free-form",
        "write the properties out in one schema, or drop additionalProperties: false from the branches",
        "allOf",
    )
    return Anything(), left


def _tells(node: Node) -> bool:
    return not isinstance(node.shape, Anything)


def _merged(records: Sequence[Record]) -> Record:
    merged: dict[str, Property] = {}
    for prop in (prop for record in records for prop in record.properties):
        known = merged.get(prop.name)
        merged[prop.name] = prop if known is None else Property(prop.name, known.node, known.required or prop.required)
    return Record(tuple(merged.values()))


def _beside_shape(shape: Shape, facts: Facts, keyword: str) -> tuple[str, ...]:
    """The keywords beside a union or allOf of one part; a type that the part has anyway is none of them."""
    stated: tuple[str, ...] = facts.get("type", ())
    said = len(stated) == 1 and isinstance(shape, _OF_TYPE[stated[0]])
    return _beside(facts, keyword, *(["type"] if said else []))


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
        if implied and not _said_around(implied, place.around):
            place.report(
                TYPE_MISSING,
                f"{', '.join(implied)} without type says nothing about values of other types",
                "add the type that is meant; without it the property is carried as a free-form value",
            )
        return Anything(), implied
    shapes = [_SHAPES[name](facts, place) for name in names if not (name == "integer" and "number" in names)]
    unsaid = tuple(keyword for shape in shapes for keyword in _unsaid(shape, facts))
    if len(shapes) == 1:
        return shapes[0], unsaid
    if set(names) >= set(JSON_TYPES) - {"integer"}:
        return Anything(), _beside(facts, "type")
    return Union(tuple(Node(shape, place.where) for shape in shapes)), unsaid


def _said_around(implied: tuple[str, ...], around: frozenset[str]) -> bool:
    """Whether keywords without a type are only rules for a value whose type and shape are stated around them."""
    is_typed = bool(around - {"properties"})
    return is_typed and ("properties" in around or _SHAPES_INSIDE.isdisjoint(implied))


def _unsaid(shape: Shape, facts: Facts) -> tuple[str, ...]:
    """The keywords of a type that its shape does not say."""
    match shape:
        case Tuple(items, rest):
            counted = "maxItems" in facts and (rest is not None or facts["maxItems"] < len(items))
            return (*(["maxItems"] if counted else []), *(["uniqueItems"] if facts.get("uniqueItems") else []))
        case Record(properties, rest):
            names = {prop.name for prop in facts.get("properties", ())}
            free = rest == "undeclared" or (isinstance(rest, Node) and not _tells(rest))
            return () if names.issuperset(facts.get("required", ())) or (properties and free) else ("required",)
        case _:
            return ()


def _text(facts: Facts, place: Place) -> Shape:
    form = str(facts.get("format", ""))
    base64 = str(facts.get("contentEncoding", "")).lower() == "base64" or form == "byte"
    return Text(int(facts.get("minLength", 0)), _int(facts, "maxLength"), facts.get("pattern"), form, base64)


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
    if rest is not None and "patternProperties" in facts:  # which of the others it speaks of, no shape says
        rest = Node(Anything(), place.where)
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
_OF_TYPE: Mapping[str, type[Shape] | tuple[type[Shape], ...]] = {
    "null": Null,
    "boolean": Boolean,
    "integer": Integer,
    "number": (Integer, Number),
    "string": (Text, Choice),
    "array": (Array, Tuple),
    "object": Record,
}
