"""Construction of shapes from the parsed keywords of a schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wirelock.ir import (
    AnyValue,
    Array,
    Boolean,
    Bounds,
    ConstSet,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Object,
    Property,
    Ref,
    Shape,
    String,
    StringEnum,
    Tuple,
    TypeId,
    Union,
)
from wirelock.parse.codes import ALL_OF_UNMERGEABLE, TYPE_MISSING
from wirelock.parse.context import SchemaContext
from wirelock.runtime.json.equality import are_equal
from wirelock.runtime.schema.assertions import has_type

Keywords = Mapping[str, Any]
JSON_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_KEYWORDS_BY_TYPE = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "format"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "object": ("properties", "required", "additionalProperties"),
}
_SUBSCHEMA_KEYWORDS = frozenset({"properties", "additionalProperties", "items", "prefixItems"})
_TYPED_KEYWORDS = ("type", *(keyword for group in _KEYWORDS_BY_TYPE.values() for keyword in group))
_ASSERTIONS = frozenset({"enum", "const", "anyOf", "oneOf", "allOf", *_TYPED_KEYWORDS})


def build_shape(keywords: Keywords, context: SchemaContext) -> tuple[Shape, tuple[str, ...]]:
    """Return the shape of a schema, and the keywords that the shape does not express."""
    if "$ref" in keywords:
        target = keywords["$ref"]
        return (
            (Ref(target), _find_unmodelled(keywords))
            if isinstance(target, TypeId)
            else (AnyValue(), ("$ref", *_find_unmodelled(keywords)))
        )
    if "const" in keywords or "enum" in keywords:
        return _build_constant(keywords, context), _find_unmodelled(keywords, "const", "enum", "type")
    if "allOf" in keywords:
        return _build_all_of(keywords, context)
    for keyword in ("anyOf", "oneOf"):
        if keyword in keywords:
            return _build_union(keyword, keywords, context)
    return _build_typed(keywords, context)


def _find_unmodelled(keywords: Keywords, *taken: str) -> tuple[str, ...]:
    """Return the assertion keywords of a schema except those in `taken`."""
    return tuple(sorted(keyword for keyword in keywords if keyword in _ASSERTIONS and keyword not in taken))


def _build_constant(keywords: Keywords, context: SchemaContext) -> Shape:
    values = list(keywords["enum"]) if "enum" in keywords else [keywords["const"]]
    if "const" in keywords:
        values = [value for value in values if are_equal(value, keywords["const"])]
    allowed = keywords.get("type")
    if allowed is not None:
        values = [value for value in values if any(has_type(value, name) for name in allowed)]
    strings = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
    if not values:
        return Never()
    if len(strings) == len(values) or (strings and all(isinstance(value, str) for value in values)):
        return StringEnum(strings, extensible=bool(keywords.get("x-extensible-enum")))
    if strings and all(isinstance(value, str) or value is None for value in values):
        enum = StringEnum(strings, extensible=bool(keywords.get("x-extensible-enum")))
        return Union((Node(enum, context.location), Node(Null(), context.location)))
    return Null() if values == [None] else ConstSet(tuple(values))


def _build_union(keyword: str, keywords: Keywords, context: SchemaContext) -> tuple[Shape, tuple[str, ...]]:
    branches: tuple[Node, ...] = (
        keywords[keyword] if keyword == "oneOf" else _drop_repeated_references(keywords[keyword])
    )
    inhabited = tuple(branch for branch in branches if not isinstance(branch.shape, Never))
    is_typed = "type" in keywords or _is_typed_by_context((keyword,), context.surrounding_keywords)
    has_only_rules = is_typed and all(isinstance(branch.shape, AnyValue) for branch in inhabited)
    if "properties" in keywords or has_only_rules:  # the declared properties are the shape, the union adds assertions
        shape, unmodelled = _build_typed(keywords, context)
        return shape, (*unmodelled, *_find_unmodelled(keywords, *_TYPED_KEYWORDS))
    if len(inhabited) == 1:
        (branch,) = inhabited
        return branch.shape, (*branch.unmodelled_keywords, *_find_unmodelled_beside(branch.shape, keywords, keyword))
    return (Union(inhabited, exclusive=keyword == "oneOf") if inhabited else Never()), _find_unmodelled(
        keywords, keyword
    )


def _drop_repeated_references(branches: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return the branches without repeated references, which add nothing to an anyOf."""
    seen: set[object] = set()
    distinct: list[Node] = []
    for branch in branches:
        is_bare_reference = isinstance(branch.shape, Ref) and not branch.unmodelled_keywords
        if not (is_bare_reference and branch.shape in seen):
            distinct.append(branch)
        if is_bare_reference:
            seen.add(branch.shape)
    return tuple(distinct)


def _build_all_of(keywords: Keywords, context: SchemaContext) -> tuple[Shape, tuple[str, ...]]:
    """Build one shape from the branches of allOf: objects are merged, other keywords stay unmodelled."""
    parts: tuple[Node, ...] = keywords["allOf"]
    has_own_shape = bool(keywords.keys() & {"properties", "anyOf", "oneOf"})
    if len(parts) == 1 and not has_own_shape and _is_constrained(parts[0]):
        (part,) = parts
        return part.shape, (*part.unmodelled_keywords, *_find_unmodelled_beside(part.shape, keywords, "allOf"))
    own: Shape = AnyValue()
    unmodelled: tuple[str, ...] = ()
    if "type" in keywords or "properties" in keywords:
        own, unmodelled = _build_typed(keywords, context)
    constrained = [node for node in (Node(own, context.location), *parts) if _is_constrained(node)]
    unmodelled = ("allOf", *unmodelled, *_find_unmodelled(keywords, *_TYPED_KEYWORDS))
    if len(constrained) <= 1:
        return (constrained[0].shape if constrained else AnyValue()), unmodelled
    objects = [shape for node in constrained if (shape := _find_object(node, context))]
    if len(objects) == len(constrained) and not any(shape.additional_properties == "closed" for shape in objects):
        return _merge_objects(objects), (
            *unmodelled,
            *(keyword for part in parts for keyword in part.unmodelled_keywords),
        )
    context.report(
        ALL_OF_UNMERGEABLE,
        "the allOf branches cannot be merged into one message; the value becomes free-form",
        "declare the properties in one schema, or remove additionalProperties: false from the branches",
        "allOf",
    )
    return AnyValue(), unmodelled


def _is_constrained(node: Node) -> bool:
    return not isinstance(node.shape, AnyValue)


def _merge_objects(objects: Sequence[Object]) -> Object:
    merged: dict[str, Property] = {}
    for prop in (prop for shape in objects for prop in shape.properties):
        known = merged.get(prop.name)
        merged[prop.name] = prop if known is None else Property(prop.name, known.node, known.required or prop.required)
    return Object(tuple(merged.values()))


def _find_unmodelled_beside(shape: Shape, keywords: Keywords, keyword: str) -> tuple[str, ...]:
    """Return the keywords beside a union or allOf of one branch, except for a type that the branch has anyway."""
    types: tuple[str, ...] = keywords.get("type", ())
    is_redundant = len(types) == 1 and isinstance(shape, _SHAPES_BY_TYPE[types[0]])
    return _find_unmodelled(keywords, keyword, *(["type"] if is_redundant else []))


def _find_object(node: Node, context: SchemaContext) -> Object | None:
    match node.shape:
        case Object() as shape:
            return shape
        case Ref(target):
            named = context.get_named_node(target)
            return None if named is None else _find_object(named, context)
        case _:
            return None


def _build_typed(keywords: Keywords, context: SchemaContext) -> tuple[Shape, tuple[str, ...]]:
    names: tuple[str, ...] | None = keywords.get("type")
    if names is None:
        typing_keywords = tuple(keyword for keyword in _find_unmodelled(keywords))
        if typing_keywords and not _is_typed_by_context(typing_keywords, context.surrounding_keywords):
            context.report(
                TYPE_MISSING,
                f"{', '.join(typing_keywords)} without type allows values of every other type",
                "add type; without it the value is free-form",
            )
        return AnyValue(), typing_keywords
    shapes = [
        _SHAPE_BUILDERS[name](keywords, context) for name in names if not (name == "integer" and "number" in names)
    ]
    unmodelled = tuple(keyword for shape in shapes for keyword in _find_inexpressible(shape, keywords))
    if len(shapes) == 1:
        return shapes[0], unmodelled
    if set(names) >= set(JSON_TYPES) - {"integer"}:
        return AnyValue(), _find_unmodelled(keywords, "type")
    return Union(tuple(Node(shape, context.location) for shape in shapes)), unmodelled


def _is_typed_by_context(typing_keywords: tuple[str, ...], surrounding_keywords: frozenset[str]) -> bool:
    """Return True if surrounding schemas define the type and shape, so that the keywords only add assertions."""
    is_typed = bool(surrounding_keywords - {"properties"})
    return is_typed and ("properties" in surrounding_keywords or _SUBSCHEMA_KEYWORDS.isdisjoint(typing_keywords))


def _find_inexpressible(shape: Shape, keywords: Keywords) -> tuple[str, ...]:
    """Return the keywords of a type that its shape does not express."""
    match shape:
        case Tuple(items, additional):
            is_limited = "maxItems" in keywords and (additional is not None or keywords["maxItems"] < len(items))
            return (*(["maxItems"] if is_limited else []), *(["uniqueItems"] if keywords.get("uniqueItems") else []))
        case Object(properties, additional):
            names = {prop.name for prop in keywords.get("properties", ())}
            is_free = additional == "undeclared" or (isinstance(additional, Node) and not _is_constrained(additional))
            return () if names.issuperset(keywords.get("required", ())) or (properties and is_free) else ("required",)
        case _:
            return ()


def _build_string(keywords: Keywords, context: SchemaContext) -> Shape:
    format = str(keywords.get("format", ""))
    base64 = str(keywords.get("contentEncoding", "")).lower() == "base64" or format == "byte"
    return String(
        int(keywords.get("minLength", 0)), _get_int(keywords, "maxLength"), keywords.get("pattern"), format, base64
    )


def _get_int(keywords: Keywords, keyword: str) -> int | None:
    return int(keywords[keyword]) if keyword in keywords else None


def _build_bounds(keywords: Keywords) -> Bounds:
    return Bounds(
        keywords.get("minimum"),
        keywords.get("maximum"),
        keywords.get("exclusiveMinimum"),
        keywords.get("exclusiveMaximum"),
        keywords.get("multipleOf"),
    )


def _build_array(keywords: Keywords, context: SchemaContext) -> Shape:
    items: Node | tuple[Node, ...] | None = keywords.get("items")
    positions = items if isinstance(items, tuple) else ()
    prefix: tuple[Node, ...] = keywords.get("prefixItems") or positions
    anything = Node(AnyValue(), context.location)
    if prefix:
        additional: Node = (keywords.get("additionalItems") if isinstance(items, tuple) else items) or anything
        maximum = _get_int(keywords, "maxItems")
        closed = isinstance(additional.shape, Never) or (maximum is not None and maximum <= len(prefix))
        return Tuple(prefix, None if closed else additional, int(keywords.get("minItems", 0)))
    return Array(
        items if isinstance(items, Node) else anything,
        int(keywords.get("minItems", 0)),
        _get_int(keywords, "maxItems"),
        bool(keywords.get("uniqueItems", False)),
    )


def _build_object(keywords: Keywords, context: SchemaContext) -> Shape:
    required = tuple(keywords.get("required", ()))
    declared: tuple[Property, ...] = keywords.get("properties", ())
    known = {prop.name for prop in declared}
    props = tuple(Property(p.name, p.node, p.name in required) for p in declared)
    undeclared = tuple(
        Property(name, Node(AnyValue(), context.location), required=True) for name in required if name not in known
    )
    additional: Node | None = keywords.get("additionalProperties")
    if additional is not None and "patternProperties" in keywords:  # no shape expresses which properties it applies to
        additional = Node(AnyValue(), context.location)
    if additional is None:
        return Object(props + (undeclared if declared else ()))
    return Object(
        props + (undeclared if declared else ()), "closed" if isinstance(additional.shape, Never) else additional
    )


_SHAPE_BUILDERS: Mapping[str, Callable[[Keywords, SchemaContext], Shape]] = {
    "null": lambda keywords, context: Null(),
    "boolean": lambda keywords, context: Boolean(),
    "integer": lambda keywords, context: Integer(_build_bounds(keywords), str(keywords.get("format", ""))),
    "number": lambda keywords, context: Number(_build_bounds(keywords)),
    "string": _build_string,
    "array": _build_array,
    "object": _build_object,
}
_SHAPES_BY_TYPE: Mapping[str, type[Shape] | tuple[type[Shape], ...]] = {
    "null": Null,
    "boolean": Boolean,
    "integer": Integer,
    "number": (Integer, Number),
    "string": (String, StringEnum),
    "array": (Array, Tuple),
    "object": Object,
}
