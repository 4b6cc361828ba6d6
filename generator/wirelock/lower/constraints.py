"""Constraints of JSON Schema that a Python type does not express.

Pydantic enforces some of them exactly. The rest goes into the models as JSON Schema (draft 2020-12), which the runtime
checks, so that no keyword is approximated (patterns are ECMA-262, multipleOf is decimal, 1 is not true).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from wirelock.ir import (
    AnyValue,
    Array,
    Boolean,
    Bounds,
    ConstSet,
    Definition,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Object,
    Ref,
    Shape,
    String,
    StringEnum,
    Tuple,
    TypeId,
    Union,
    children,
)
from wirelock.lower.unions import ByDiscriminator, ByJsonType, choose_rule

Schema = dict[str, object]
_TYPE_INDEPENDENT_KEYWORDS = frozenset({"enum", "anyOf", "oneOf", "not"})
"""Keywords that apply to values of every type; the others allow null."""


class Constraints:
    """The constraints of the nodes of one graph; `has_class` returns True for nodes whose own class checks them."""

    def __init__(
        self, definitions: Mapping[TypeId, Definition], has_class: Callable[[Node], bool], formats: bool
    ) -> None:
        self._definitions = definitions
        self._has_class = has_class
        self._formats = formats

    def get_native(self, node: Node) -> Schema:
        """Return the constraints that pydantic enforces exactly, for a node that is a whole field."""
        return {k: v for k, v in self._get_keywords(node.shape).items() if _is_native(k, v, node.shape)}

    def get_field_checks(self, node: Node) -> Schema:
        """Return the checks that a field needs in addition to its Python type and its native constraints."""
        return {} if self._has_class(node) else self.get_class_checks(node)

    def get_class_checks(self, node: Node) -> Schema:
        """Return the checks of the root of a class."""
        if isinstance(node.shape, Ref) and self._has_class(node):
            return {}
        defs: Schema = {}
        schema = self._get_remaining_checks(node, self.get_native(strip_null(node)), defs)
        return {**schema, "$defs": defs} if defs else schema

    def get_additional_property_checks(self, shape: Object) -> Schema:
        """Return the checks of additional properties that their Python type does not express."""
        defs: Schema = {}
        if not isinstance(shape.additional_properties, Node):
            return {}
        rest = self._get_nested_checks(shape.additional_properties, defs)
        if not rest:
            return {}
        schema: Schema = {"properties": {prop.name: True for prop in shape.properties}, "additionalProperties": rest}
        return {**schema, "$defs": defs} if defs else schema

    def is_complete(self, node: Node) -> bool:
        """Return True if types and constraints express the whole schema of a class; other classes are not visited."""
        return self._is_complete(node, lambda inner: inner is not node and self._has_class(inner))

    def _is_complete(
        self, node: Node, has_class: Callable[[Node], bool], seen: frozenset[TypeId] = frozenset()
    ) -> bool:
        if node.unmodelled_keywords:
            return False
        if has_class(node):
            return True
        match node.shape:
            case Ref(target):
                node = self._definitions[target].node
                return target in seen or self._is_complete(node, has_class, seen | {target})
            case _:
                return all(self._is_complete(child, has_class, seen) for child in children(node))

    def _get_nested_checks(self, node: Node, defs: Schema) -> Schema:
        return {} if self._has_class(node) else self._get_remaining_checks(node, {}, defs)

    def _get_remaining_checks(self, node: Node, done: Schema, defs: Schema) -> Schema:
        """Return the schema of a node without its Python type and without the keywords in `done`."""
        shape = node.shape
        own = {k: v for k, v in self._get_keywords(shape).items() if k not in done}
        match shape:
            case Ref(target):
                return self._get_remaining_checks(self._definitions[target].node, {}, defs)
            case Never():
                return {"not": {}}
            case ConstSet(values):
                return {"enum": list(values)}
            case Array(items):
                inner = self._get_nested_checks(items, defs)
                return {**own, "items": inner} if inner else own
            case Tuple():
                return self._get_tuple_checks(node, shape, defs)
            case Object(properties, rest) if not properties and isinstance(rest, Node):
                inner = self._get_nested_checks(rest, defs)
                return {"additionalProperties": inner} if inner else {}
            case Union():
                return self._get_union_checks(shape, done, defs)
            case AnyValue() | Null() | Boolean() | String() | Integer() | Number() | StringEnum() | Object():
                return own
            case _:
                assert_never(shape)

    def _get_tuple_checks(self, node: Node, shape: Tuple, defs: Schema) -> Schema:
        if not has_fixed_length(shape):
            return self._build_schema(node, defs)
        inner = [self._get_nested_checks(item, defs) for item in shape.items]
        return {"prefixItems": [schema or True for schema in inner]} if any(inner) else {}

    def _get_union_checks(self, shape: Union, done: Schema, defs: Schema) -> Schema:
        branches = [branch for branch in shape.branches if not isinstance(branch.shape, Null)]
        null: Schema = {"type": "null"}
        if len(branches) == 1:
            schema = {} if self._has_class(branches[0]) else self._get_remaining_checks(branches[0], done, defs)
            return (
                {"anyOf": [null, schema]}
                if _TYPE_INDEPENDENT_KEYWORDS & schema.keys() and len(shape.branches) > 1
                else schema
            )
        is_discriminated = bool(branches) and isinstance(
            choose_rule(branches, self._definitions), ByDiscriminator | ByJsonType
        )
        if (
            shape.exclusive
            and not is_discriminated
            and all(self._is_complete(branch, _has_no_class) for branch in shape.branches)
        ):
            return {"oneOf": [self._build_schema(branch, defs) for branch in shape.branches]}
        if not any(self._get_nested_checks(branch, {}) for branch in branches):
            return {}
        return {"anyOf": [self._build_schema(branch, defs) for branch in shape.branches]}

    def _build_schema(self, node: Node, defs: Schema) -> Schema:
        """Return the full schema of a node; named types go to `$defs` under numbers, which need no escaping."""
        shape = node.shape
        own = self._get_keywords(shape)
        match shape:
            case Ref(target):
                return self._build_reference(target, defs)
            case AnyValue():
                return {}
            case Never():
                return {"not": {}}
            case Null():
                return {"type": "null"}
            case Boolean():
                return {"type": "boolean"}
            case String():
                return {"type": "string", **own}
            case Integer():
                return {"type": "integer", **own}
            case Number():
                return {"type": "number", **own}
            case StringEnum(values, extensible):
                return {"type": "string"} if extensible else {"enum": list(values)}
            case ConstSet(values):
                return {"enum": list(values)}
            case Array(items):
                return {"type": "array", "items": self._build_schema(items, defs), **own}
            case Tuple(items, rest):
                prefix = [self._build_schema(item, defs) for item in items]
                return {
                    "type": "array",
                    "prefixItems": prefix,
                    "items": self._build_additional_schema(rest, defs),
                    **own,
                }
            case Object():
                return self._build_object_schema(shape, defs)
            case Union(branches, exclusive):
                counted = exclusive and all(self._is_complete(branch, _has_no_class) for branch in branches)
                return {"oneOf" if counted else "anyOf": [self._build_schema(branch, defs) for branch in branches]}
            case _:
                assert_never(shape)

    def _build_reference(self, target: TypeId, defs: Schema) -> Schema:
        # the content may refer to the entry, so add the entry first
        number = list(self._definitions).index(target)
        if str(number) not in defs:
            entry: Schema = {}
            defs[str(number)] = entry
            entry.update(self._build_schema(self._definitions[target].node, defs))
        return {"$ref": f"#/$defs/{number}"}

    def _build_additional_schema(self, rest: Node | None, defs: Schema) -> object:
        return False if rest is None else self._build_schema(rest, defs)

    def _build_object_schema(self, shape: Object, defs: Schema) -> Schema:
        schema: Schema = {"type": "object"}
        if shape.properties:
            schema["properties"] = {prop.name: self._build_schema(prop.node, defs) for prop in shape.properties}
            schema["required"] = [prop.name for prop in shape.properties if prop.required]
        if shape.additional_properties != "undeclared":
            schema["additionalProperties"] = self._build_additional_schema(
                None if shape.additional_properties == "closed" else shape.additional_properties, defs
            )
        return schema

    def _get_keywords(self, shape: Shape) -> Schema:
        match shape:
            case String(shortest, longest, pattern, form):
                asserted = form if self._formats and form else None
                keywords = {"minLength": shortest or None, "maxLength": longest, "pattern": pattern, "format": asserted}
                return _drop_unset(keywords)
            case Integer(bounds) | Number(bounds):
                return _get_bounds(bounds)
            case Array(_, fewest, most, unique):
                return _drop_unset({"minItems": fewest or None, "maxItems": most, "uniqueItems": unique or None})
            case Tuple(items=_, additional_items=_, min_items=fewest):
                return _drop_unset({"minItems": fewest or None})
            case _:
                return {}


def _has_no_class(node: Node) -> bool:
    return False


def has_fixed_length(shape: Tuple) -> bool:
    """Return True if every valid value has exactly the listed positions, as Python's tuple type requires."""
    return shape.additional_items is None and shape.min_items == len(shape.items)


def strip_null(node: Node) -> Node:
    """Return the only branch besides null, or else the node itself."""
    match node.shape:
        case Union(branches):
            remaining = [branch for branch in branches if not isinstance(branch.shape, Null)]
            return remaining[0] if len(remaining) == 1 else node
        case _:
            return node


def _get_bounds(bounds: Bounds) -> Schema:
    return _drop_unset(
        {
            "minimum": bounds.minimum,
            "maximum": bounds.maximum,
            "exclusiveMinimum": bounds.exclusive_minimum,
            "exclusiveMaximum": bounds.exclusive_maximum,
            "multipleOf": bounds.multiple_of,
        }
    )


def _drop_unset(schema: Mapping[str, object]) -> Schema:
    return {keyword: value for keyword, value in schema.items() if value is not None}


def _is_native(keyword: str, value: object, shape: Shape) -> bool:
    match shape:
        case String():
            return keyword in ("minLength", "maxLength")
        case Array():
            return keyword in ("minItems", "maxItems")
        case Integer():  # a fractional bound would be written as an integer
            return keyword != "multipleOf" and isinstance(value, int)
        case Number():  # pydantic compares doubles
            return keyword != "multipleOf" and isinstance(value, int | float) and _is_double(value)
        case _:
            return False


def _is_double(value: int | float) -> bool:
    try:
        return float(value) == value
    except OverflowError:
        return False
