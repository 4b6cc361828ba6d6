"""The canonical schema, from which datamodel-code-generator writes the Pydantic models.

It is an OpenAPI 3.1 document with components only: every class is named, discriminators are present and types are
explicit. Only names, values and descriptions come from a user's schema, so that no keyword which the generator would
emit as code can get in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never, cast

from wirelock.config import Config
from wirelock.ir import (
    AnyValue,
    Array,
    Boolean,
    ConstSet,
    Integer,
    Never,
    Node,
    Null,
    Number,
    Object,
    Property,
    Ref,
    String,
    StringEnum,
    Tuple,
    TypeGraph,
    TypeId,
    Union,
)
from wirelock.lower.class_names import ClassName, ClassNames
from wirelock.lower.constraints import Constraints, Schema, has_fixed_length, strip_null
from wirelock.lower.overlaps import OverlappingUnions
from wirelock.lower.unions import ByDiscriminator, choose_rule

ATTRIBUTE = "x-attribute"
"""The Python attribute of a property, if it differs from the JSON name."""
CHECKS = "x-checks"
"""JSON Schema that the runtime checks in addition to pydantic."""
SCHEMA = "x-schema"
"""The location of the schema that the runtime validates a class with, if types cannot express all its rules."""
_RUNTIME = "runtime.model"
_INTEGER: Schema = {"type": "integer", "customTypePath": f"{_RUNTIME}.WireInteger"}
_UNTYPED: Mapping[str, Schema] = {
    "object": {"type": "object", "additionalProperties": True},
    "array": {"type": "array", "items": {}},
}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def build_components(graph: TypeGraph, names: ClassNames, config: Config) -> dict[str, Schema]:
    """Return the components of the canonical schema by `<module>.<class>`, in the order of the graph."""
    return _ComponentBuilder(graph, names, config).build()


class _ComponentBuilder:
    """Builds the components of one document; a class is added at its first use."""

    def __init__(self, graph: TypeGraph, names: ClassNames, config: Config) -> None:
        self._definitions = graph.definitions
        self._config = config
        self._names = names
        self._constraints = Constraints(graph.definitions, self._has_class, config.format_assertion)
        self._overlaps = OverlappingUnions(graph.definitions, self._has_class)
        self._components: dict[str, Schema] = {}

    def build(self) -> dict[str, Schema]:
        for key, definition in self._definitions.items():
            self._add(self._names.roots[key], definition.node)
        return self._components

    def _add(self, name: ClassName, node: Node) -> None:
        if str(name) in self._components:
            return
        self._components[str(name)] = {}  # for recursive references
        schema = self._build_class(name, node)
        self._components[str(name)] = {**schema, **_build_description(node)}

    def _build_class(self, name: ClassName, node: Node) -> Schema:
        match node.shape:
            case Object(properties, rest) if properties or not isinstance(rest, Node) or _is_any(rest):
                return self._build_object_class(name, node, node.shape)
            case Tuple():
                schema = self._build_tuple_class(name, node.shape)
            case Union(branches) if len(self._drop_null(branches)) == len(branches):
                schema = self._build_union_class(name, branches)
            case Ref():
                schema = self._build_type(node, name)
            case _:
                schema = self._build_field_schema(node, name)
        checks = self._constraints.get_class_checks(node)
        extensions = {**({CHECKS: checks} if checks else {}), **self._build_schema_link(node)}
        if extensions and isinstance(node.shape, Object):  # datamodel-code-generator drops extensions of a map
            schema = {"anyOf": [schema]}
        return {**schema, **extensions}

    def _build_schema_link(self, node: Node) -> Schema:
        is_ambiguous = self._config.unknown_fields != "keep" and self._overlaps.has_overlap(node)
        if self._constraints.is_complete(node) and not is_ambiguous:
            return {}
        location = node.location
        return {SCHEMA: str(TypeId(location.file.removeprefix(f"{self._config.schemas}/"), location.pointer))}

    # objects

    def _build_object_class(self, name: ClassName, node: Node, shape: Object) -> Schema:
        rest = shape.additional_properties
        attributes = self._names.name_attributes(node, shape)
        properties = {p.name: self._build_property(name, p, attributes[p.name]) for p in shape.properties}
        checks = self._constraints.get_additional_property_checks(shape)
        link = self._build_schema_link(node)
        bases = self._choose_bases(shape, checks | link)
        schema: Schema = {"type": "object", "customBasePath": bases, "properties": properties, **link}
        required = [p.name for p in shape.properties if p.required]
        schema |= {"required": required} if required else {}
        if isinstance(rest, Node) and not _is_any(rest):
            schema["additionalProperties"] = self._build_type(rest, name.nest("additionalProperty"))
        return {**schema, CHECKS: checks} if checks else schema

    def _choose_bases(self, shape: Object, checks: Schema) -> list[str]:
        base = _choose_base(shape, self._config)
        checked = checks or any(
            self._constraints.get_field_checks(self._inline_scalars(p.node)) for p in shape.properties
        )
        bases = (*(["CheckedWireModel"] if checked else []), *([base] if base != "WireModel" or not checked else []))
        return [f"{_RUNTIME}.{name}" for name in bases]

    def _build_property(self, owner: ClassName, prop: Property, attribute: str) -> Schema:
        node = self._inline_scalars(prop.node)
        schema = self._build_field_schema(node, owner.nest(prop.name))
        checks = self._constraints.get_field_checks(node)
        schema |= {CHECKS: checks} if checks else {}
        schema |= {ATTRIBUTE: attribute} if attribute != prop.name else {}
        inline = "$ref" in schema and not isinstance(node.shape, Ref)  # the class has the description
        description = {} if inline else _build_description(node)
        return {**schema, **description, **({"deprecated": True} if node.deprecated else {})}

    # values

    def _inline_scalars(self, node: Node) -> Node:
        """Return a node with references to named scalars replaced by the scalars, which have no class of their own."""
        match node.shape:
            case Ref(target) if not self._has_class(node):
                inner = self._inline_scalars(self._definitions[target].node)
                return replace(inner, description=node.description or inner.description, deprecated=node.deprecated)
            case Union(branches):
                inlined = tuple(self._inline_scalars(branch) for branch in branches)
                return replace(node, shape=replace(node.shape, branches=inlined))
            case _:
                return node

    def _build_field_schema(self, node: Node, preferred: ClassName) -> Schema:
        """Return the schema of a whole field, with the constraints that pydantic enforces."""
        core = strip_null(node)
        if core is node:
            return {**self._build_type(node, preferred), **self._constraints.get_native(node)}
        schema = {**self._build_type(core, preferred), **self._constraints.get_native(core)}
        if isinstance(core.shape, String | Integer | Number | Boolean | Array):
            return {**schema, "type": [schema["type"], "null"]}
        return _build_any_of([schema, {"type": "null"}])

    def _build_type(self, node: Node, preferred: ClassName) -> Schema:
        """Return the schema of a value's Python type, without constraints."""
        shape = node.shape
        match shape:
            case Ref(target) if self._has_class(node):
                return _build_reference(self._names.roots[target])
            case Ref(target):
                return self._build_type(self._definitions[target].node, preferred)
            case AnyValue() | Never():
                return {}
            case Null():
                return {"type": "null"}
            case Boolean():
                return {"type": "boolean"}
            case String():
                return {"type": "string"}
            case Integer():
                return dict(_INTEGER)
            case Number():
                return {"type": "number"}
            case StringEnum(values, extensible):
                return {"type": "string"} if extensible else {"type": "string", "enum": list(values)}
            case ConstSet(values):
                return _build_constant_type(values)
            case Array(items):
                return {"type": "array", "items": self._build_type(items, preferred.nest("item"))}
            case Object(additional_properties=Node() as rest) if not self._has_class(node) and not _is_any(rest):
                return {"type": "object", "additionalProperties": self._build_type(rest, preferred.nest("value"))}
            case Object() if not self._has_class(node):
                return {"type": "object", "additionalProperties": True}
            case Object() | Tuple():
                return self._add_inline(node, preferred)
            case Union(branches):
                return self._build_union_type(node, branches, preferred)
            case _:
                assert_never(shape)

    def _build_union_type(self, node: Node, branches: Sequence[Node], preferred: ClassName) -> Schema:
        non_null = self._drop_null(branches)
        if not self._has_class(node):
            options = [self._build_type(branch, preferred.nest(f"option{i}")) for i, branch in enumerate(branches, 1)]
            return _build_any_of([*options, *self._build_overlap_types(branches)])
        if len(non_null) == len(branches):
            return self._add_inline(node, preferred)
        core = replace(node, shape=Union(non_null))
        return _build_any_of([self._add_inline(core, preferred), {"type": "null"}])

    def _build_overlap_types(self, branches: Sequence[Node]) -> list[Schema]:
        """Return types for values with properties of several branches, which the class of each branch would reject."""
        types = self._overlaps.find_types(branches) if self._config.unknown_fields == "error" else ()
        return [dict(_UNTYPED[name]) for name in types]

    def _add_inline(self, node: Node, preferred: ClassName) -> Schema:
        name = self._names.name_inline(node, preferred)
        self._add(name, node)
        return _build_reference(name)

    def _build_tuple_class(self, name: ClassName, shape: Tuple) -> Schema:
        items = [self._build_type(item, name.nest(f"position{i}")) for i, item in enumerate(shape.items, 1)]
        if has_fixed_length(shape):
            count = len(items)
            return {"type": "array", "prefixItems": items, "items": False, "minItems": count, "maxItems": count}
        rest = [self._build_type(shape.additional_items, name.nest("rest"))] if shape.additional_items else []
        return {"type": "array", "items": _build_any_of([*items, *rest])}

    def _build_union_class(self, name: ClassName, branches: Sequence[Node]) -> Schema:
        rule = choose_rule(branches, self._definitions)
        options = [self._build_type(branch, name.nest(f"option{i}")) for i, branch in enumerate(branches, 1)]
        schema = _build_any_of([*options, *self._build_overlap_types(branches)])
        if not isinstance(rule, ByDiscriminator) or not all("$ref" in option for option in options):
            return schema
        mapping = {str(v): option["$ref"] for values, option in zip(rule.values, options, strict=True) for v in values}
        return {"oneOf": options, "discriminator": {"propertyName": rule.key, "mapping": mapping}}

    # which nodes have a class

    def _has_class(self, node: Node) -> bool:
        match node.shape:
            case Ref():
                return not self._is_leaf(node, set())
            case Object(properties, rest):
                return bool(properties) or rest == "closed"
            case Tuple():
                return True
            case Union(branches):
                return len(self._drop_null(branches)) > 1 and self._names.get_message(node) is not None
            case _:
                return False

    def _is_leaf(self, node: Node, seen: set[TypeId]) -> bool:
        """Return True for a named type that is replaced by its content: scalars, free-form values, unions of them."""
        match node.shape:
            case Ref(target):
                if target in seen:
                    return False
                return self._is_leaf(self._definitions[target].node, {*seen, target})
            case Array() | Tuple():
                return False
            case Object(properties, rest):
                return not properties and (rest == "undeclared" or (isinstance(rest, Node) and _is_any(rest)))
            case Union(branches):
                return not self._has_class(node) and all(self._is_leaf(branch, seen) for branch in branches)
            case _:
                return True

    def _drop_null(self, branches: Sequence[Node]) -> tuple[Node, ...]:
        return tuple(branch for branch in branches if not isinstance(branch.shape, Null))


def _choose_base(shape: Object, config: Config) -> str:
    """Return the base class for the policy on undeclared properties; a free-form object has none of them."""
    if shape.additional_properties == "closed":
        return "ClosedWireModel"
    if shape.additional_properties != "undeclared" or not shape.properties or config.unknown_fields == "keep":
        return "OpenWireModel"
    return "ClosedWireModel" if config.unknown_fields == "error" else "WireModel"


def _build_reference(name: ClassName) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _is_any(node: Node) -> bool:
    return isinstance(node.shape, AnyValue)


def _build_any_of(options: Iterable[Schema]) -> Schema:
    """Return a union without duplicates; the empty schema absorbs all others."""
    distinct: list[Schema] = []
    for option in options:
        parts = cast("list[Schema]", option.get("anyOf", [option]))
        distinct += [part for part in parts if part not in distinct]
    if {} in distinct:
        return {}
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}


def _build_constant_type(values: Sequence[object]) -> Schema:
    """Return the type of constants; the checks compare the values exactly."""
    if all(isinstance(value, bool) for value in values):
        return {"type": "boolean", "enum": list(dict.fromkeys(values))}
    if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return {"type": "integer", "enum": list(dict.fromkeys(values))}
    return _build_any_of(_get_value_type(value) for value in values)


def _get_value_type(value: object) -> Schema:
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


def _build_description(node: Node) -> Schema:
    """Return the description without control and bidirectional characters, which are unsafe in source code."""
    lines = node.description.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    text = _UNPRINTABLE.sub(" ", lines).strip()
    return {"description": text} if text else {}
