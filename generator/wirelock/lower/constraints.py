"""What JSON Schema asks of a value beyond its Python type.

Pydantic's own constraints say some of it; the rest goes into the models as JSON Schema (draft 2020-12) that the
runtime checks, so that no keyword is approximated (patterns are ECMA-262, multipleOf is decimal, 1 is not true).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import assert_never

from wirelock.ir import (
    Anything,
    Array,
    Boolean,
    Bounds,
    Choice,
    Constant,
    Definition,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Record,
    Ref,
    Shape,
    Text,
    Tuple,
    TypeId,
    Union,
)
from wirelock.lower.unions import Tagged, Typed, union_rule

Schema = dict[str, object]
_NEITHER_TYPE = frozenset({"enum", "anyOf", "oneOf", "not"})  # keywords that also judge values of other types


class Constraints:
    """The constraints of the nodes of one graph; `apart` tells which nodes have a class that checks for itself."""

    def __init__(self, definitions: Mapping[TypeId, Definition], apart: Callable[[Node], bool], formats: bool) -> None:
        self._definitions = definitions
        self._apart = apart
        self._formats = formats

    def native(self, node: Node) -> Schema:
        """The constraints that pydantic enforces exactly, where the node is a whole field."""
        return {k: v for k, v in self._keywords(node.shape).items() if _is_native(k, v, node.shape)}

    def beyond_native(self, node: Node) -> Schema:
        """What a field of this node needs besides its Python type and its native constraints."""
        return {} if self._apart(node) else self.of_class(node)

    def of_class(self, node: Node) -> Schema:
        """The same for the root of a class."""
        if isinstance(node.shape, Ref) and self._apart(node):
            return {}
        defs: Schema = {}
        schema = self._left(node, self.native(without_null(node)), defs)
        return {**schema, "$defs": defs} if defs else schema

    def of_rest(self, record: Record) -> Schema:
        """What the undeclared properties of a class need besides their Python type."""
        defs: Schema = {}
        rest = self._nested(record.rest, defs) if isinstance(record.rest, Node) else {}
        if not rest:
            return {}
        schema: Schema = {"properties": {prop.name: True for prop in record.properties}, "additionalProperties": rest}
        return {**schema, "$defs": defs} if defs else schema

    def are_all(self, node: Node) -> bool:
        """Whether types and constraints say all that the schema of a class does; no other class speaks for its own."""
        return self._says_all(node, lambda inner: inner is not node and self._apart(inner))

    def _says_all(self, node: Node, apart: Callable[[Node], bool], seen: frozenset[TypeId] = frozenset()) -> bool:
        if node.checks:
            return False
        if apart(node):
            return True
        match node.shape:
            case Ref(target):
                named = self._definitions[target].node
                return target in seen or self._says_all(named, apart, seen | {target})
            case Array(items):
                inner: tuple[Node | None, ...] = (items,)
            case Tuple(items, rest):
                inner = (*items, rest)
            case Record(properties, rest):
                inner = (*(prop.node for prop in properties), rest if isinstance(rest, Node) else None)
            case Union(branches):
                inner = branches
            case _:
                inner = ()
        return all(self._says_all(one, apart, seen) for one in inner if one is not None)

    def _nested(self, node: Node, defs: Schema) -> Schema:
        return {} if self._apart(node) else self._left(node, {}, defs)

    def _left(self, node: Node, done: Schema, defs: Schema) -> Schema:
        """The schema of a node without what its Python type says and without `done`."""
        shape = node.shape
        own = {k: v for k, v in self._keywords(shape).items() if k not in done}
        match shape:
            case Ref(target):
                return self._left(self._definitions[target].node, {}, defs)
            case Never():
                return {"not": {}}
            case Constant(values):
                return {"enum": list(values)}
            case Array(items):
                inner = self._nested(items, defs)
                return {**own, "items": inner} if inner else own
            case Tuple():
                return self._tuple(node, shape, defs)
            case Record(properties, rest) if not properties and isinstance(rest, Node):
                inner = self._nested(rest, defs)
                return {"additionalProperties": inner} if inner else {}
            case Union():
                return self._union(shape, done, defs)
            case Anything() | Null() | Boolean() | Text() | Integer() | Number() | Choice() | Record():
                return own
            case _:
                assert_never(shape)

    def _tuple(self, node: Node, shape: Tuple, defs: Schema) -> Schema:
        if not is_fixed(shape):
            return self._exact(node, defs)
        inner = [self._nested(item, defs) for item in shape.items]
        return {"prefixItems": [schema or True for schema in inner]} if any(inner) else {}

    def _union(self, shape: Union, done: Schema, defs: Schema) -> Schema:
        branches = [branch for branch in shape.branches if not isinstance(branch.shape, Null)]
        null: Schema = {"type": "null"}
        if len(branches) == 1:
            schema = {} if self._apart(branches[0]) else self._left(branches[0], done, defs)
            return {"anyOf": [null, schema]} if _NEITHER_TYPE & schema.keys() and len(shape.branches) > 1 else schema
        told_apart = bool(branches) and isinstance(union_rule(branches, self._definitions), Tagged | Typed)
        if shape.exclusive and not told_apart and all(self._says_all(branch, _nowhere) for branch in shape.branches):
            return {"oneOf": [self._exact(branch, defs) for branch in shape.branches]}
        if not any(self._nested(branch, {}) for branch in branches):
            return {}
        return {"anyOf": [self._exact(branch, defs) for branch in shape.branches]}

    def _exact(self, node: Node, defs: Schema) -> Schema:
        """The whole meaning of a node; named types go to `$defs`, under numbers, which need no escaping."""
        shape = node.shape
        own = self._keywords(shape)
        match shape:
            case Ref(target):
                return self._reference(target, defs)
            case Anything():
                return {}
            case Never():
                return {"not": {}}
            case Null():
                return {"type": "null"}
            case Boolean():
                return {"type": "boolean"}
            case Text():
                return {"type": "string", **own}
            case Integer():
                return {"type": "integer", **own}
            case Number():
                return {"type": "number", **own}
            case Choice(values, extensible):
                return {"type": "string"} if extensible else {"enum": list(values)}
            case Constant(values):
                return {"enum": list(values)}
            case Array(items):
                return {"type": "array", "items": self._exact(items, defs), **own}
            case Tuple(items, rest):
                prefix = [self._exact(item, defs) for item in items]
                return {"type": "array", "prefixItems": prefix, "items": self._rest(rest, defs), **own}
            case Record():
                return self._record(shape, defs)
            case Union(branches, exclusive):
                counted = exclusive and all(self._says_all(branch, _nowhere) for branch in branches)
                return {"oneOf" if counted else "anyOf": [self._exact(branch, defs) for branch in branches]}
            case _:
                assert_never(shape)

    def _reference(self, target: TypeId, defs: Schema) -> Schema:
        # the entry stands there before its content, which may refer to it again
        number = list(self._definitions).index(target)
        if str(number) not in defs:
            entry: Schema = {}
            defs[str(number)] = entry
            entry.update(self._exact(self._definitions[target].node, defs))
        return {"$ref": f"#/$defs/{number}"}

    def _rest(self, rest: Node | None, defs: Schema) -> object:
        return False if rest is None else self._exact(rest, defs)

    def _record(self, record: Record, defs: Schema) -> Schema:
        schema: Schema = {"type": "object"}
        if record.properties:
            schema["properties"] = {prop.name: self._exact(prop.node, defs) for prop in record.properties}
            schema["required"] = [prop.name for prop in record.properties if prop.required]
        if record.rest != "undeclared":
            schema["additionalProperties"] = self._rest(None if record.rest == "closed" else record.rest, defs)
        return schema

    def _keywords(self, shape: Shape) -> Schema:
        match shape:
            case Text(shortest, longest, pattern, form):
                asserted = form if self._formats and form else None
                found = {"minLength": shortest or None, "maxLength": longest, "pattern": pattern, "format": asserted}
                return _stated(found)
            case Integer(bounds) | Number(bounds):
                return _bounds(bounds)
            case Array(_, fewest, most, unique):
                return _stated({"minItems": fewest or None, "maxItems": most, "uniqueItems": unique or None})
            case Tuple(items=_, rest=_, min_items=fewest):
                return _stated({"minItems": fewest or None})
            case _:
                return {}


def _nowhere(node: Node) -> bool:
    return False


def is_fixed(shape: Tuple) -> bool:
    """Whether every valid value has exactly the listed positions, which is what Python's tuple type says."""
    return shape.rest is None and shape.min_items == len(shape.items)


def without_null(node: Node) -> Node:
    """The node that is left when null is dropped, if it is one."""
    match node.shape:
        case Union(branches):
            left = [branch for branch in branches if not isinstance(branch.shape, Null)]
            return left[0] if len(left) == 1 else node
        case _:
            return node


def _bounds(bounds: Bounds) -> Schema:
    return _stated(
        {
            "minimum": bounds.minimum,
            "maximum": bounds.maximum,
            "exclusiveMinimum": bounds.exclusive_minimum,
            "exclusiveMaximum": bounds.exclusive_maximum,
            "multipleOf": bounds.multiple_of,
        }
    )


def _stated(schema: Mapping[str, object]) -> Schema:
    return {keyword: value for keyword, value in schema.items() if value is not None}


def _is_native(keyword: str, value: object, shape: Shape) -> bool:
    match shape:
        case Text():
            return keyword in ("minLength", "maxLength")
        case Array():
            return keyword in ("minItems", "maxItems")
        case Integer():  # a bound with a fraction would be written as an integer
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
