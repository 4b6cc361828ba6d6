"""TypeGraph to the canonical schema, from which datamodel-code-generator writes the Pydantic models.

The canonical schema is an OpenAPI 3.1 document with components only. Every class has its name in it, discriminators
are stated, types are explicit, and nothing comes from a user's schema but names, values and descriptions: no keyword
that the generator would obey as code can reach it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never, cast

from wirelock.config import Config
from wirelock.ir import (
    Anything,
    Array,
    Boolean,
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
    Text,
    Tuple,
    TypeGraph,
    TypeId,
    Union,
)
from wirelock.lower.class_names import ClassName, ClassNames
from wirelock.lower.constraints import Constraints, Schema, is_fixed, without_null
from wirelock.lower.overlaps import Overlaps
from wirelock.lower.unions import Tagged, union_rule

ATTRIBUTE = "x-attribute"
"""The Python attribute of a property, where it is not the JSON name."""
CHECKS = "x-checks"
"""JSON Schema that the runtime enforces beside pydantic."""
SCHEMA = "x-schema"
"""The place of the schema that the runtime holds a class against, where it has rules that no type says."""
_RUNTIME = "runtime.model"
_INTEGER: Schema = {"type": "integer", "customTypePath": f"{_RUNTIME}.WireInteger"}
_UNTYPED: Mapping[str, Schema] = {
    "object": {"type": "object", "additionalProperties": True},
    "array": {"type": "array", "items": {}},
}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def components(graph: TypeGraph, names: ClassNames, config: Config) -> dict[str, Schema]:
    """The components of the canonical schema by `<module>.<class>`, in the order of the graph."""
    return _Canonical(graph, names, config).components()


class _Canonical:
    """Collects the components of one document; inline shapes are added when they are met."""

    def __init__(self, graph: TypeGraph, names: ClassNames, config: Config) -> None:
        self._definitions = graph.definitions
        self._config = config
        self._names = names
        self._constraints = Constraints(graph.definitions, self._has_class, config.format_assertion)
        self._overlaps = Overlaps(graph.definitions, self._has_class)
        self._components: dict[str, Schema] = {}

    def components(self) -> dict[str, Schema]:
        for key, definition in self._definitions.items():
            self._add(self._names.roots[key], definition.node)
        return self._components

    def _add(self, name: ClassName, node: Node) -> None:
        if str(name) in self._components:
            return
        self._components[str(name)] = {}  # recursion finds it there
        schema = self._class(name, node)
        self._components[str(name)] = {**schema, **_words(node)}

    def _class(self, name: ClassName, node: Node) -> Schema:
        match node.shape:
            case Record(properties, rest) if properties or not isinstance(rest, Node) or _is_free(rest):
                return self._record(name, node, node.shape)
            case Tuple():
                schema = self._tuple(name, node.shape)
            case Union(branches) if len(self._non_null(branches)) == len(branches):
                schema = self._union(name, branches)
            case Ref():
                schema = self._bare(node, name)
            case _:
                schema = self._whole(node, name)
        checks = self._constraints.of_class(node)
        beyond = {**({CHECKS: checks} if checks else {}), **self._place(node)}
        if beyond and isinstance(node.shape, Record):  # of a map alone, datamodel-code-generator drops them
            schema = {"anyOf": [schema]}
        return {**schema, **beyond}

    def _place(self, node: Node) -> Schema:
        blurred = self._config.unknown_fields != "keep" and self._overlaps.inside(node)
        if self._constraints.are_all(node) and not blurred:
            return {}
        where = node.where
        return {SCHEMA: str(TypeId(where.file.removeprefix(f"{self._config.schemas}/"), where.pointer))}

    # records

    def _record(self, name: ClassName, node: Node, record: Record) -> Schema:
        rest = record.rest
        attributes = self._names.attributes(node, record)
        properties = {p.name: self._property(name, p, attributes[p.name]) for p in record.properties}
        checks = self._constraints.of_rest(record)
        place = self._place(node)
        bases = self._bases(record, checks | place)
        schema: Schema = {"type": "object", "customBasePath": bases, "properties": properties, **place}
        required = [p.name for p in record.properties if p.required]
        schema |= {"required": required} if required else {}
        if isinstance(rest, Node) and not _is_free(rest):
            schema["additionalProperties"] = self._bare(rest, name.below("additionalProperty"))
        return {**schema, CHECKS: checks} if checks else schema

    def _bases(self, record: Record, checks: Schema) -> list[str]:
        base = _base(record, self._config)
        checked = checks or any(self._constraints.beyond_native(self._plain(p.node)) for p in record.properties)
        bases = (*(["CheckedWireModel"] if checked else []), *([base] if base != "WireModel" or not checked else []))
        return [f"{_RUNTIME}.{name}" for name in bases]

    def _property(self, owner: ClassName, prop: Property, attribute: str) -> Schema:
        node = self._plain(prop.node)
        schema = self._whole(node, owner.below(prop.name))
        checks = self._constraints.beyond_native(node)
        schema |= {CHECKS: checks} if checks else {}
        schema |= {ATTRIBUTE: attribute} if attribute != prop.name else {}
        inline = "$ref" in schema and not isinstance(node.shape, Ref)  # then the class has the description
        words = {} if inline else _words(node)
        return {**schema, **words, **({"deprecated": True} if node.deprecated else {})}

    # values

    def _plain(self, node: Node) -> Node:
        """The node with named scalars written out, as they have no class where they are used."""
        match node.shape:
            case Ref(target) if not self._has_class(node):
                inner = self._plain(self._definitions[target].node)
                return replace(inner, description=node.description or inner.description, deprecated=node.deprecated)
            case Union(branches):
                return replace(node, shape=replace(node.shape, branches=tuple(self._plain(b) for b in branches)))
            case _:
                return node

    def _whole(self, node: Node, wanted: ClassName) -> Schema:
        """The schema of a value that fills a whole field, with the constraints that pydantic enforces itself."""
        core = without_null(node)
        if core is node:
            return {**self._bare(node, wanted), **self._constraints.native(node)}
        schema = {**self._bare(core, wanted), **self._constraints.native(core)}
        if isinstance(core.shape, Text | Integer | Number | Boolean | Array):
            return {**schema, "type": [schema["type"], "null"]}
        return _any_of([schema, {"type": "null"}])

    def _bare(self, node: Node, wanted: ClassName) -> Schema:
        """The schema of a value's Python type alone."""
        shape = node.shape
        match shape:
            case Ref(target):
                inline = self._definitions[target].node
                return _reference(self._names.roots[target]) if self._has_class(node) else self._bare(inline, wanted)
            case Anything() | Never():
                return {}
            case Null():
                return {"type": "null"}
            case Boolean():
                return {"type": "boolean"}
            case Text():
                return {"type": "string"}
            case Integer():
                return dict(_INTEGER)
            case Number():
                return {"type": "number"}
            case Choice(values, extensible):
                return {"type": "string"} if extensible else {"type": "string", "enum": list(values)}
            case Constant(values):
                return _constant(values)
            case Array(items):
                return {"type": "array", "items": self._bare(items, wanted.below("item"))}
            case Record(rest=rest) if not self._has_class(node):
                typed = isinstance(rest, Node) and not _is_free(rest)
                value = self._bare(rest, wanted.below("value")) if isinstance(rest, Node) and typed else True
                return {"type": "object", "additionalProperties": value}
            case Record() | Tuple():
                return self._inline(node, wanted)
            case Union(branches):
                return self._union_value(node, branches, wanted)
            case _:
                assert_never(shape)

    def _union_value(self, node: Node, branches: Sequence[Node], wanted: ClassName) -> Schema:
        left = self._non_null(branches)
        if not self._has_class(node):
            options = [self._bare(branch, wanted.below(f"option{i}")) for i, branch in enumerate(branches, 1)]
            return _any_of([*options, *self._untyped(branches)])
        if len(left) == len(branches):
            return self._inline(node, wanted)
        core = replace(node, shape=Union(left))
        return _any_of([self._inline(core, wanted), {"type": "null"}])

    def _untyped(self, branches: Sequence[Node]) -> list[Schema]:
        """What takes a value with properties of several branches, where the class of each refuses those of the rest."""
        types = self._overlaps.types(branches) if self._config.unknown_fields == "error" else ()
        return [dict(_UNTYPED[name]) for name in types]

    def _inline(self, node: Node, wanted: ClassName) -> Schema:
        name = self._names.inline(node, wanted)
        self._add(name, node)
        return _reference(name)

    def _tuple(self, name: ClassName, shape: Tuple) -> Schema:
        items = [self._bare(item, name.below(f"position{i}")) for i, item in enumerate(shape.items, 1)]
        if is_fixed(shape):
            count = len(items)
            return {"type": "array", "prefixItems": items, "items": False, "minItems": count, "maxItems": count}
        rest = [self._bare(shape.rest, name.below("rest"))] if shape.rest else []
        return {"type": "array", "items": _any_of([*items, *rest])}

    def _union(self, name: ClassName, branches: Sequence[Node]) -> Schema:
        rule = union_rule(branches, self._definitions)
        options = [self._bare(branch, name.below(f"option{i}")) for i, branch in enumerate(branches, 1)]
        schema = _any_of([*options, *self._untyped(branches)])
        if not isinstance(rule, Tagged) or not all("$ref" in option for option in options):
            return schema
        mapping = {str(v): option["$ref"] for values, option in zip(rule.values, options, strict=True) for v in values}
        return {"oneOf": options, "discriminator": {"propertyName": rule.key, "mapping": mapping}}

    # which nodes have a class

    def _has_class(self, node: Node) -> bool:
        match node.shape:
            case Ref():
                return not self._is_leaf(node, set())
            case Record(properties, rest):
                return bool(properties) or rest == "closed"
            case Tuple():
                return True
            case Union(branches):
                return len(self._non_null(branches)) > 1 and self._names.message(node) is not None
            case _:
                return False

    def _is_leaf(self, node: Node, seen: set[TypeId]) -> bool:
        """Whether a node is written out where a named type is used: scalars, free-form values and unions of them."""
        match node.shape:
            case Ref(target):
                if target in seen:
                    return False
                return self._is_leaf(self._definitions[target].node, {*seen, target})
            case Array() | Tuple():
                return False
            case Record(properties, rest):
                return not properties and (rest == "undeclared" or (isinstance(rest, Node) and _is_free(rest)))
            case Union(branches):
                return not self._has_class(node) and all(self._is_leaf(branch, seen) for branch in branches)
            case _:
                return True

    def _non_null(self, branches: Sequence[Node]) -> tuple[Node, ...]:
        return tuple(branch for branch in branches if not isinstance(branch.shape, Null))


def _base(record: Record, config: Config) -> str:
    """The base class that says what becomes of undeclared properties; a free-form object has none."""
    if record.rest == "closed":
        return "ClosedWireModel"
    if record.rest != "undeclared" or not record.properties or config.unknown_fields == "keep":
        return "OpenWireModel"
    return "ClosedWireModel" if config.unknown_fields == "error" else "WireModel"


def _reference(name: ClassName) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _is_free(node: Node) -> bool:
    return isinstance(node.shape, Anything)


def _any_of(options: Iterable[Schema]) -> Schema:
    """A union without repetitions; anything swallows the rest."""
    distinct: list[Schema] = []
    for option in options:
        parts = cast("list[Schema]", option.get("anyOf", [option]))
        distinct += [part for part in parts if part not in distinct]
    if {} in distinct:
        return {}
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def _constant(values: Sequence[object]) -> Schema:
    """The type of a constant; which value it is, the checks say exactly."""
    if all(isinstance(value, bool) for value in values):
        return {"type": "boolean", "enum": list(dict.fromkeys(values))}
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return {"type": "integer", "enum": list(dict.fromkeys(values))}
    return _any_of(_type_of(value) for value in values)


def _type_of(value: object) -> Schema:
    match value:
        case None:
            return {"type": "null"}
        case bool():
            return {"type": "boolean"}
        case int():
            return dict(_INTEGER)
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case _:
            return {}


def _words(node: Node) -> Schema:
    """The description, as plain lines: control and direction characters have no place in source code."""
    lines = node.description.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _UNPRINTABLE.sub(" ", lines).strip()
    return {"description": text} if text else {}
