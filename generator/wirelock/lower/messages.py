"""Lowering of nodes to messages, fields and enums.

Lowering runs twice over the graph: the first run collects the preferred name of each message and enum, the second uses
the names that were assigned in between (see `proto`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import (
    AnyValue,
    Array,
    Boolean,
    ConstSet,
    Definition,
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
    TypeId,
    Union,
)
from wirelock.lower.fields import MessageBuilder, UnnumberedField
from wirelock.lower.ledger.ledger import Ledger
from wirelock.lower.plan import (
    Branch,
    EnumType,
    Form,
    MapOf,
    Message,
    MessageType,
    Repeated,
    Scalar,
    ScalarName,
    StructValue,
    ValueShape,
    get_proto_package,
)
from wirelock.lower.unions import (
    ByDiscriminator,
    ByJsonType,
    SingleScalar,
    Undiscriminated,
    choose_rule,
    resolve_refs,
    split_null,
)
from wirelock.naming import to_pascal_case

UNION_NOT_DISCRIMINATED = Code("UNION_NOT_DISCRIMINATED", Severity.WARNING)
PROTO_TYPE_UNSUPPORTED = Code("PROTO_TYPE_UNSUPPORTED", Severity.ERROR, fatal=True)
ItemShape = Scalar | EnumType | MessageType | StructValue
_SCALARS: Mapping[str, tuple[ScalarName, ...]] = {
    "string": ("string",),
    "base64": ("string", "bytes"),
    "integer": ("int32", "int64", "uint32", "uint64"),
    "number": ("double",),
}
_ENCODING_HINTS = {("string", "bytes"): '; for bytes, also set contentEncoding to "base64"'}


@dataclass(frozen=True, slots=True)
class MessageContext:
    """The package, the preferred name and the schema origin of a message that a node may need."""

    package: str
    name: str
    origin: str

    def nest(self, suffix: str, mark: str) -> MessageContext:
        """Return the context of a part that is named after its owner; `mark` makes its origin distinct."""
        return MessageContext(self.package, self.name + to_pascal_case(suffix), f"{self.origin}@{mark}")


class Lowering:
    """One run over the graph; `names` has the short name of each schema origin, None in the first run.

    `requested_names` are the package and preferred name of each origin. `roots` are the root messages of named types.
    """

    def __init__(
        self, definitions: Mapping[TypeId, Definition], config: Config, ledger: Ledger, names: Mapping[str, str] | None
    ) -> None:
        self._definitions = definitions
        self._config = config
        self._ledger = ledger
        self._names = names
        self.requested_names: dict[str, tuple[str, str]] = {}
        self.builder = MessageBuilder(definitions, ledger)
        self.roots: dict[TypeId, MessageType] = {}
        self.diagnostics = self.builder.diagnostics

    def run(self, needed: Sequence[TypeId]) -> None:
        """Lower every named type; those in `needed` get a root message even if they are scalars."""
        for key in self._definitions:
            self._lower_type(key)
        for key in needed:
            self.lower_root(key)

    # names

    def _request_name(self, context: MessageContext) -> str:
        self.requested_names[context.origin] = (context.package, context.name)
        short = context.origin if self._names is None else self._names[context.origin]
        return f"{context.package}.{short}"

    def _get_context(self, key: TypeId) -> MessageContext:
        package = get_proto_package(self._config, key.package)
        return MessageContext(package, to_pascal_case(self._definitions[key].name), str(key))

    # named types

    def lower_root(self, key: TypeId) -> MessageType:
        """Return the root message of a type: its own, that of the type it refers to, or else a message around it."""
        shape = self._lower_type(key)
        if key in self.roots:
            return self.roots[key]
        node = self._definitions[key].node
        core, nullable = split_null(node, self._definitions)
        if isinstance(shape, MessageType) and not nullable:
            self.roots[key] = shape
            return shape
        context = self._get_context(key)
        if nullable and core is not None and isinstance(shape, MessageType | Repeated | MapOf):
            shape = self._wrap_collection(self.lower_value(core, context), core, context)
        form: Form = "list" if isinstance(shape, Repeated) else "map" if isinstance(shape, MapOf) else "box"
        label = {"list": "items", "map": "entries"}.get(form, "value")
        root = MessageContext(context.package, context.name + "Value", f"{context.origin}@root")
        self.roots[key] = self._add_wrapper(form, label, shape, node, root, nullable=nullable)
        return self.roots[key]

    def _lower_type(self, key: TypeId) -> ValueShape:
        """Return the shape of a reference to a named type."""
        if key in self.roots:
            return self.roots[key]
        definition = self._definitions[key]
        context = self._get_context(key)
        core, nullable = split_null(definition.node, self._definitions)
        if core is not None and not isinstance(core.shape, Ref) and not nullable:
            match core.shape:
                case Array(items):
                    return self._add_root_message(key, context, lambda name: self._add_list(name, items, context, core))
                case Object(properties, rest) if not properties and isinstance(rest, Node) and not _is_free_form(rest):
                    return self._add_root_message(key, context, lambda name: self._add_map(name, rest, context, core))
                case Object() | Union() | Tuple() if self._has_message(core):
                    return self._add_root_message(key, context, lambda name: self._add_message(name, context, core))
                case _:
                    pass
        return self.lower_value(definition.node, context)

    def _add_root_message(self, key: TypeId, context: MessageContext, add: Callable[[str], None]) -> MessageType:
        name = self._request_name(context)
        self.roots[key] = MessageType(name)
        add(name)
        self.builder.messages[name] = replace(self.builder.messages[name], json_type=key)
        return self.roots[key]

    def _has_message(self, node: Node) -> bool:
        match node.shape:
            case Object(properties, rest):
                return bool(properties) or rest == "closed"
            case Union(branches):
                return isinstance(choose_rule(branches, self._definitions), ByDiscriminator | ByJsonType)
            case Tuple(items, rest, least):
                nullable = any(split_null(item, self._definitions)[1] for item in items)
                return rest is None and (least >= len(items) or not nullable)
            case _:
                return True

    # values

    def lower_value(self, node: Node, context: MessageContext) -> ValueShape:
        """Return the shape of a value; where null matters, the caller has split it off."""
        shape = node.shape
        match shape:
            case Ref(target):
                core, _ = split_null(node, self._definitions)
                if core is None or core is node:
                    return self._lower_type(target)
                inner = self._get_context(core.shape.target) if isinstance(core.shape, Ref) else context
                return self.lower_value(core, inner)
            case AnyValue() | Never() | ConstSet() as free:
                return _lower_constant(free)
            case Null():
                return Scalar("null")
            case Boolean():
                return Scalar("bool")
            case String(base64=base64):
                return self._lower_scalar(node, "base64" if base64 else "string", "string")
            case Integer(format=format):
                return self._lower_scalar(node, "integer", format if format in _SCALARS["integer"] else "int64")
            case Number():
                return self._lower_scalar(node, "number", "double")
            case StringEnum(extensible=True):
                return Scalar("string")
            case StringEnum(values):
                return self.builder.add_enum(self._request_name(context), context.origin, values, node)
            case Array(items):
                return Repeated(self.lower_item(items, context.nest("item", "item")))
            case Tuple():
                return self._lower_inline(node, context) if self._has_message(node) else StructValue("array")
            case Object(properties, rest) if not properties and rest != "closed":
                if isinstance(rest, Node) and not _is_free_form(rest):
                    return MapOf(self.lower_item(rest, context.nest("value", "value")))
                return StructValue("object")
            case Object():
                return self._lower_inline(node, context)
            case Union(branches):
                return self._lower_union(branches, node, context)
            case _:
                assert_never(shape)

    def lower_item(self, node: Node, context: MessageContext) -> ItemShape:
        """Return the shape of an array item or map value; a list, a map or a nullable value gets a wrapper message."""
        core, nullable = split_null(node, self._definitions)
        if core is None:
            return Scalar("null")
        shape = self._wrap_collection(self.lower_value(core, context), core, context)
        if nullable and not _is_free_form(core):
            inner = context.nest("nullable", "nullable")
            return self._add_wrapper("box", "value", shape, core, inner, nullable=True)
        return shape

    def _wrap_collection(self, shape: ValueShape, node: Node, context: MessageContext) -> ItemShape:
        match shape:
            case Repeated():
                return self._add_wrapper("list", "items", shape, node, context.nest("list", "list"))
            case MapOf():
                return self._add_wrapper("map", "entries", shape, node, context.nest("map", "map"))
            case _:
                return shape

    def _add_wrapper(
        self, form: Form, label: str, shape: ValueShape, node: Node, context: MessageContext, nullable: bool = False
    ) -> MessageType:
        name = self._request_name(context)
        self._add_single_field(name, form, label, shape, node, nullable, context.origin)
        return MessageType(name)

    def _lower_scalar(self, node: Node, kind: str, default: str) -> Scalar:
        proto_type = node.extensions.proto_type or default
        for name in _SCALARS[kind]:
            if name == proto_type:
                return Scalar(name)
        self.diagnostics.append(
            Diagnostic(
                PROTO_TYPE_UNSUPPORTED,
                node.location,
                f"a JSON {'string' if kind == 'base64' else kind} cannot have the proto type {proto_type}",
                f"use a supported x-proto-type: {', '.join(_SCALARS[kind])}"
                + _ENCODING_HINTS.get((kind, proto_type), ""),
            )
        )
        return Scalar(_SCALARS[kind][0])

    def _lower_inline(self, node: Node, context: MessageContext) -> MessageType:
        name = self._request_name(context)
        if name not in self.builder.messages:
            self._add_message(name, context, node)
        return MessageType(name)

    def _lower_union(self, branches: tuple[Node, ...], node: Node, context: MessageContext) -> ValueShape:
        rule = choose_rule(branches, self._definitions)
        match rule:
            case SingleScalar(merged):
                return self.lower_value(replace(merged, extensions=node.extensions), context)
            case ByDiscriminator() | ByJsonType():
                return self._lower_inline(node, context)
            case Undiscriminated():
                self.diagnostics.append(
                    Diagnostic(
                        UNION_NOT_DISCRIMINATED,
                        node.location,
                        "the branches of this union overlap, so it becomes a free-form value (google.protobuf.Value)",
                        "give each branch a required property with its own constant, or different JSON types",
                    )
                )
                return StructValue("any")
            case _:
                assert_never(rule)

    # messages

    def _add_message(self, name: str, context: MessageContext, node: Node) -> None:
        shape = node.shape
        match shape:
            case Object():
                self._add_object(name, context, node, shape)
            case Union(branches):
                self._add_union(name, context, node, branches)
            case Tuple(items):
                positions = [self._build_position(index, item, context) for index, item in enumerate(items)]
                self.builder.add_message(name, "tuple", positions, node, context.origin)
            case _:
                raise AssertionError(f"{shape} has no message")

    def _build_position(self, index: int, node: Node, context: MessageContext) -> UnnumberedField:
        label = ("first", "second", "third", "fourth", "fifth")[index] if index < 5 else f"position_{index + 1}"
        core, nullable = split_null(node, self._definitions)
        inner = context.nest(label, label)
        shape = Scalar("null") if core is None else self._wrap_collection(self.lower_value(core, inner), core, inner)
        return UnnumberedField(
            str(index), label, shape, node, required=True, nullable=nullable and core is not None, explicit=True
        )

    def _add_object(self, name: str, context: MessageContext, node: Node, shape: Object) -> None:
        self.builder.messages[name] = Message(name, "object", (), node.location)  # for recursive references
        fields = [self._build_property(prop, context) for prop in shape.properties]
        closed = shape.additional_properties == "closed" or (
            shape.additional_properties == "undeclared" and self._config.unknown_fields == "error"
        )
        extra = self._build_extra_field(shape, node, context)
        self.builder.add_message(name, "object", fields, node, context.origin, closed=closed, extra=extra)

    def _build_extra_field(self, shape: Object, node: Node, context: MessageContext) -> UnnumberedField | None:
        additional = shape.additional_properties
        if isinstance(additional, Node):
            extra_shape: ValueShape = StructValue("object")
            if not _is_free_form(additional):
                extra_shape = MapOf(self.lower_item(additional, context.nest("additionalProperty", "rest")))
            return UnnumberedField(None, "additional_properties", extra_shape, additional, required=False)
        if additional == "undeclared" and self._config.unknown_fields == "keep":
            any_node = Node(AnyValue(), node.location)
            return UnnumberedField(None, "undeclared", StructValue("object"), any_node, required=False)
        return None

    def _build_property(self, prop: Property, context: MessageContext) -> UnnumberedField:
        core, nullable = split_null(prop.node, self._definitions)
        inner = MessageContext(context.package, context.name + to_pascal_case(prop.name), self._get_origin(prop.node))
        if core is None:
            return UnnumberedField(
                prop.name, prop.name, Scalar("null"), prop.node, prop.required, explicit=not prop.required
            )
        if isinstance(resolve_refs(core, self._definitions).shape, AnyValue | ConstSet):
            nullable = False
        shape = self.lower_value(core, inner)
        if nullable and isinstance(shape, Repeated | MapOf):
            shape = self._wrap_collection(shape, core, inner)
        explicit = not isinstance(shape, Repeated | MapOf) and (not prop.required or nullable)
        return UnnumberedField(prop.name, prop.name, shape, prop.node, prop.required, nullable, explicit)

    def _get_origin(self, node: Node) -> str:
        file = node.location.file.removeprefix(self._config.schemas + "/")
        return str(TypeId(file, node.location.pointer))

    def _add_union(self, name: str, context: MessageContext, node: Node, branches: tuple[Node, ...]) -> None:
        self.builder.messages[name] = Message(name, "union", (), node.location)
        rule = choose_rule(branches, self._definitions)
        assert isinstance(rule, ByDiscriminator | ByJsonType), "other unions have no message"
        unnumbered: list[UnnumberedField] = []
        for key, branch in zip(rule.branch_keys, branches, strict=True):
            inner = context.nest(key, f"branch:{key}")
            shape = self._wrap_collection(self.lower_value(branch, inner), branch, inner)
            unnumbered.append(UnnumberedField(key, key, shape, branch, required=False))
        self.builder.add_message(name, "union", unnumbered, node, context.origin)
        message = self.builder.messages[name]
        names = {field.json: field.name for field in message.fields}
        described = tuple(_build_branch(rule, index, names[key]) for index, key in enumerate(rule.branch_keys))
        self.builder.messages[name] = replace(message, branches=described, rule=rule.description)

    def _add_list(self, name: str, items: Node, context: MessageContext, node: Node) -> None:
        self.builder.messages[name] = Message(name, "list", (), node.location)
        shape = Repeated(self.lower_item(items, context.nest("item", "item")))
        label = node.extensions.proto_name or "items"
        self._add_single_field(name, "list", label, shape, node, nullable=False, origin=context.origin)

    def _add_map(self, name: str, rest: Node, context: MessageContext, node: Node) -> None:
        self.builder.messages[name] = Message(name, "map", (), node.location)
        shape = MapOf(self.lower_item(rest, context.nest("value", "value")))
        label = node.extensions.proto_name or "entries"
        self._add_single_field(name, "map", label, shape, node, nullable=False, origin=context.origin)

    def _add_single_field(
        self, name: str, form: Form, label: str, shape: ValueShape, node: Node, nullable: bool, origin: str
    ) -> None:
        explicit = form == "box" and not isinstance(shape, StructValue)
        field = UnnumberedField(None, label, shape, node, nullable=nullable, explicit=explicit)
        self.builder.add_message(name, form, [field], node, origin)


def _is_free_form(node: Node) -> bool:
    return isinstance(node.shape, AnyValue | ConstSet)


def _lower_constant(shape: AnyValue | Never | ConstSet) -> ValueShape:
    if isinstance(shape, ConstSet):
        kinds = {type(value) for value in shape.values}
        if kinds == {bool}:
            return Scalar("bool")
        if kinds == {int} and all(isinstance(v, int) and -(2**63) <= v < 2**63 for v in shape.values):
            return Scalar("int64")
        if kinds <= {int, float} and kinds:
            return Scalar("double")
    return StructValue("any")


def _build_branch(rule: ByDiscriminator | ByJsonType, index: int, field: str) -> Branch:
    match rule:
        case ByDiscriminator(key, values):
            return Branch(field, tags=(((key,), values[index]),))
        case ByJsonType(types):
            return Branch(field, types=types[index])
