"""Shapes to messages, fields and enums.

Lowering runs twice over the graph: the first run asks every message and enum for the name it would like, the second
uses the names that were settled between them (see `proto`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import (
    Anything,
    Array,
    Boolean,
    Choice,
    Constant,
    Definition,
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
    TypeId,
    Union,
)
from wirelock.lower.fields import Draft, Numbering
from wirelock.lower.ledger.ledger import Ledger
from wirelock.lower.plan import (
    Branch,
    EnumType,
    Form,
    FreeForm,
    MapOf,
    Message,
    MessageType,
    Repeated,
    Scalar,
    ScalarName,
    ValueShape,
)
from wirelock.lower.unions import Merged, Tagged, Typed, Untold, follow, split_null, union_rule
from wirelock.naming import pascal, snake

UNION_NOT_DISCRIMINATED = Code("UNION_NOT_DISCRIMINATED", Severity.WARNING)
PROTO_TYPE_UNSUPPORTED = Code("PROTO_TYPE_UNSUPPORTED", Severity.ERROR, fatal=True)
ItemShape = Scalar | EnumType | MessageType | FreeForm
_SCALARS: Mapping[str, tuple[ScalarName, ...]] = {
    "string": ("string",),
    "base64": ("string", "bytes"),
    "integer": ("int32", "int64", "uint32", "uint64"),
    "number": ("double",),
}
_ENCODED = {("string", "bytes"): '; for bytes, state "contentEncoding": "base64" beside it'}


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a shape stands: the package, the name that a message made for it would like, and its schema place."""

    package: str
    name: str
    source: str

    def below(self, words: str, mark: str) -> Slot:
        """The slot of something inside; `mark` tells it apart from its owner in the ledger."""
        return Slot(self.package, self.name + pascal(words), f"{self.source}@{mark}")


class Lowering:
    """One run over the graph; `names` maps schema places to settled names, None in the first run."""

    def __init__(
        self, definitions: Mapping[TypeId, Definition], config: Config, ledger: Ledger, names: Mapping[str, str] | None
    ) -> None:
        self._definitions = definitions
        self._config = config
        self._ledger = ledger
        self._names = names
        self.wanted: dict[str, tuple[str, str]] = {}
        self.numbering = Numbering(definitions, ledger)
        self.roots: dict[TypeId, MessageType] = {}
        self.diagnostics = self.numbering.diagnostics

    def run(self, needed: Sequence[TypeId]) -> None:
        """Lower every named type; those in `needed` get a message even if they are scalars."""
        for key in self._definitions:
            self._named(key)
        for key in needed:
            self.root(key)

    # names

    def _full_name(self, slot: Slot) -> str:
        self.wanted[slot.source] = (slot.package, slot.name)
        short = slot.source if self._names is None else self._names[slot.source]
        return f"{slot.package}.{short}"

    def _slot(self, key: TypeId) -> Slot:
        parts = [self._config.proto_package, *(snake(part) for part in key.package.split("/") if part)]
        return Slot(".".join(part for part in parts if part), pascal(self._definitions[key].name), str(key))

    # named types

    def root(self, key: TypeId) -> MessageType:
        """The message that carries a document of this type: its own, that of the type it is, or else a box."""
        shape = self._named(key)
        if key in self.roots:
            return self.roots[key]
        node = self._definitions[key].node
        core, nullable = split_null(node, self._definitions)
        if isinstance(shape, MessageType) and not nullable:
            self.roots[key] = shape
            return shape
        slot = self._slot(key)
        if nullable and core is not None and isinstance(shape, MessageType | Repeated | MapOf):
            shape = self._plain(self.value(core, slot), core, slot)
        name = self._full_name(Slot(slot.package, slot.name + "Value", f"{slot.source}@root"))
        form: Form = "list" if isinstance(shape, Repeated) else "map" if isinstance(shape, MapOf) else "box"
        label = {"list": "items", "map": "entries"}.get(form, "value")
        message = MessageType(name)
        self._single(name, form, label, shape, node, nullable, f"{slot.source}@root")
        self.roots[key] = message
        return message

    def _named(self, key: TypeId) -> ValueShape:
        """How a reference to this type is carried."""
        if key in self.roots:
            return self.roots[key]
        definition = self._definitions[key]
        slot = self._slot(key)
        core, nullable = split_null(definition.node, self._definitions)
        if core is not None and not isinstance(core.shape, Ref) and not nullable:
            match core.shape:
                case Array(items):
                    return self._root_message(key, slot, lambda name: self._list(name, items, slot, core))
                case Record(properties, rest) if not properties and isinstance(rest, Node) and not _free(rest):
                    return self._root_message(key, slot, lambda name: self._map(name, rest, slot, core))
                case Record() | Union() | Tuple() if self._has_message(core):
                    return self._root_message(key, slot, lambda name: self._message(name, slot, core))
                case _:
                    pass
        return self.value(definition.node, slot)

    def _root_message(self, key: TypeId, slot: Slot, make: Callable[[str], None]) -> MessageType:
        name = self._full_name(slot)
        self.roots[key] = MessageType(name)
        make(name)
        self.numbering.messages[name] = replace(self.numbering.messages[name], json_type=key)
        return self.roots[key]

    def _has_message(self, node: Node) -> bool:
        match node.shape:
            case Record(properties, rest):
                return bool(properties) or rest == "closed"
            case Union(branches):
                return isinstance(union_rule(branches, self._definitions), Tagged | Typed)
            case Tuple(items, rest, least):
                nullable = any(split_null(item, self._definitions)[1] for item in items)
                return rest is None and (least >= len(items) or not nullable)
            case _:
                return True

    # values

    def value(self, node: Node, slot: Slot) -> ValueShape:
        """How a value of this node is carried; null must have been split off already where that matters."""
        shape = node.shape
        match shape:
            case Ref(target):
                core, _ = split_null(node, self._definitions)
                if core is not None and core is not node:
                    return self.value(core, slot if not isinstance(core.shape, Ref) else self._slot(core.shape.target))
                return self._named(target)
            case Anything() | Never() | Constant() as free:
                return _constant_shape(free)
            case Null():
                return Scalar("null")
            case Boolean():
                return Scalar("bool")
            case Text(base64=base64):
                return self._scalar(node, "base64" if base64 else "string", "string")
            case Integer(format=wanted):
                return self._scalar(node, "integer", wanted if wanted in _SCALARS["integer"] else "int64")
            case Number():
                return self._scalar(node, "number", "double")
            case Choice(values, extensible):
                return (
                    Scalar("string")
                    if extensible
                    else self.numbering.enum(self._full_name(slot), slot.source, values, node)
                )
            case Array(items):
                return Repeated(self.item(items, slot.below("item", "item")))
            case Tuple():
                return self._inline(node, slot) if self._has_message(node) else FreeForm("array")
            case Record(properties, rest) if not properties and rest != "closed":
                if isinstance(rest, Node) and not _free(rest):
                    return MapOf(self.item(rest, slot.below("value", "value")))
                return FreeForm("object")
            case Record():
                return self._inline(node, slot)
            case Union(branches):
                return self._union_value(branches, node, slot)
            case _:
                assert_never(shape)

    def item(self, node: Node, slot: Slot) -> ItemShape:
        """How an array item or map value is carried: what cannot be repeated gets a wrapper message."""
        core, nullable = split_null(node, self._definitions)
        if core is None:
            return Scalar("null")
        if isinstance(core.shape, Anything | Constant):
            return self._plain(self.value(core, slot), core, slot)
        if nullable:
            shape = self.value(core, slot)
            return self._wrapper(
                "box", "value", self._plain(shape, core, slot), core, slot.below("nullable", "nullable")
            )
        return self._plain(self.value(core, slot), core, slot)

    def _plain(self, shape: ValueShape, node: Node, slot: Slot) -> ItemShape:
        match shape:
            case Repeated():
                return self._wrapper("list", "items", shape, node, slot.below("list", "list"))
            case MapOf():
                return self._wrapper("map", "entries", shape, node, slot.below("map", "map"))
            case _:
                return shape

    def _wrapper(self, form: Form, label: str, shape: ValueShape, node: Node, slot: Slot) -> MessageType:
        name = self._full_name(slot)
        self._single(name, form, label, shape, node, nullable=form == "box", source=slot.source)
        return MessageType(name)

    def _scalar(self, node: Node, kind: str, default: str) -> Scalar:
        wanted = node.hints.proto_type or default
        for name in _SCALARS[kind]:
            if name == wanted:
                return Scalar(name)
        self.diagnostics.append(
            Diagnostic(
                PROTO_TYPE_UNSUPPORTED,
                node.where,
                f"a JSON {'string' if kind == 'base64' else kind} cannot be carried as {wanted}",
                f"x-proto-type may be {', '.join(_SCALARS[kind])} here" + _ENCODED.get((kind, wanted), ""),
            )
        )
        return Scalar(_SCALARS[kind][0])

    def _inline(self, node: Node, slot: Slot) -> MessageType:
        name = self._full_name(slot)
        if name not in self.numbering.messages:
            self._message(name, slot, node)
        return MessageType(name)

    def _union_value(self, branches: tuple[Node, ...], node: Node, slot: Slot) -> ValueShape:
        rule = union_rule(branches, self._definitions)
        match rule:
            case Merged(merged):
                return self.value(replace(merged, hints=node.hints), slot)
            case Tagged() | Typed():
                return self._inline(node, slot)
            case Untold():
                self.diagnostics.append(
                    Diagnostic(
                        UNION_NOT_DISCRIMINATED,
                        node.where,
                        "nothing tells the branches of this union apart, so it is carried as a free-form value",
                        "give each branch a required constant property of its own, or different JSON types",
                    )
                )
                return FreeForm("any")
            case _:
                assert_never(rule)

    # messages

    def _message(self, name: str, slot: Slot, node: Node) -> None:
        shape = node.shape
        match shape:
            case Record():
                self._record(name, slot, node, shape)
            case Union(branches):
                self._union(name, slot, node, branches)
            case Tuple(items):
                drafts = [self._position(index, item, slot) for index, item in enumerate(items)]
                self.numbering.message(name, "tuple", drafts, node, slot.source)
            case _:
                raise AssertionError(f"{shape} has no message")

    def _position(self, index: int, node: Node, slot: Slot) -> Draft:
        label = ("first", "second", "third", "fourth", "fifth")[index] if index < 5 else f"position_{index + 1}"
        core, nullable = split_null(node, self._definitions)
        inner = slot.below(label, label)
        shape = Scalar("null") if core is None else self._plain(self.value(core, inner), core, inner)
        return Draft(
            str(index), label, shape, node, required=True, nullable=nullable and core is not None, explicit=True
        )

    def _record(self, name: str, slot: Slot, node: Node, record: Record) -> None:
        self.numbering.messages[name] = Message(name, "object", (), node.where)  # recursion finds it there
        drafts = [self._property(prop, slot) for prop in record.properties]
        closed = record.rest == "closed" or (record.rest == "undeclared" and self._config.unknown_fields == "error")
        extra = self._extra(record, node, slot)
        self.numbering.message(name, "object", drafts, node, slot.source, closed=closed, extra=extra)

    def _extra(self, record: Record, node: Node, slot: Slot) -> Draft | None:
        if isinstance(record.rest, Node):
            shape: ValueShape = FreeForm("object")
            if not _free(record.rest):
                shape = MapOf(self.item(record.rest, slot.below("additionalProperty", "rest")))
            return Draft(None, "additional_properties", shape, record.rest, required=False)
        if record.rest == "undeclared" and self._config.unknown_fields == "keep":
            return Draft(None, "undeclared", FreeForm("object"), Node(Anything(), node.where), required=False)
        return None

    def _property(self, prop: Property, slot: Slot) -> Draft:
        core, nullable = split_null(prop.node, self._definitions)
        inner = Slot(slot.package, slot.name + pascal(prop.name), self._source(prop.node))
        if core is None:
            return Draft(prop.name, prop.name, Scalar("null"), prop.node, prop.required, explicit=not prop.required)
        if isinstance(follow(core, self._definitions).shape, Anything | Constant):
            nullable = False
        shape = self.value(core, inner)
        if nullable and isinstance(shape, Repeated | MapOf):
            shape = self._plain(shape, core, inner)
        explicit = not isinstance(shape, Repeated | MapOf) and (not prop.required or nullable)
        return Draft(prop.name, prop.name, shape, prop.node, prop.required, nullable, explicit)

    def _source(self, node: Node) -> str:
        file = node.where.file.removeprefix(self._config.schemas + "/")
        return str(TypeId(file, node.where.pointer))

    def _union(self, name: str, slot: Slot, node: Node, branches: tuple[Node, ...]) -> None:
        self.numbering.messages[name] = Message(name, "union", (), node.where)
        rule = union_rule(branches, self._definitions)
        drafts: list[Draft] = []
        keys: list[str] = []
        for index, branch in enumerate(branches):
            key = self._branch_key(rule, index)
            inner = slot.below(key, f"branch:{key}")
            shape = self._plain(self.value(branch, inner), branch, inner)
            drafts.append(Draft(key, key, shape, branch, required=False))
            keys.append(key)
        self.numbering.message(name, "union", drafts, node, slot.source)
        fields = {field.json: field for field in self.numbering.messages[name].fields}
        described = tuple(_branch(rule, index, fields[key].name) for index, key in enumerate(keys))
        self.numbering.messages[name] = replace(
            self.numbering.messages[name], branches=described, rule=_rule_words(rule)
        )

    def _branch_key(self, rule: object, index: int) -> str:
        match rule:
            case Tagged(_, values):
                return str(values[index][0])
            case Typed(types):
                return types[index][0]
            case _:
                raise AssertionError("only unions that are told apart have messages")

    def _list(self, name: str, items: Node, slot: Slot, node: Node) -> None:
        self.numbering.messages[name] = Message(name, "list", (), node.where)
        shape = Repeated(self.item(items, slot.below("item", "item")))
        self._single(name, "list", node.hints.proto_name or "items", shape, node, nullable=False, source=slot.source)

    def _map(self, name: str, rest: Node, slot: Slot, node: Node) -> None:
        self.numbering.messages[name] = Message(name, "map", (), node.where)
        shape = MapOf(self.item(rest, slot.below("value", "value")))
        self._single(name, "map", node.hints.proto_name or "entries", shape, node, nullable=False, source=slot.source)

    def _single(
        self, name: str, form: Form, label: str, shape: ValueShape, node: Node, nullable: bool, source: str
    ) -> None:
        explicit = form == "box" and not isinstance(shape, FreeForm)
        draft = Draft(None, label, shape, node, nullable=nullable, explicit=explicit)
        self.numbering.message(name, form, [draft], node, source)


def _free(node: Node) -> bool:
    return isinstance(node.shape, Anything | Constant)


def _constant_shape(shape: Anything | Never | Constant) -> ValueShape:
    if isinstance(shape, Constant):
        kinds = {type(value) for value in shape.values}
        if kinds == {bool}:
            return Scalar("bool")
        if kinds == {int} and all(isinstance(v, int) and -(2**63) <= v < 2**63 for v in shape.values):
            return Scalar("int64")
        if kinds <= {int, float} and kinds:
            return Scalar("double")
    return FreeForm("any")


def _branch(rule: object, index: int, field: str) -> Branch:
    match rule:
        case Tagged(key, values):
            return Branch(field, tags=(((key,), values[index]),))
        case Typed(types):
            return Branch(field, types=types[index])
        case _:
            return Branch(field)


def _rule_words(rule: object) -> str:
    match rule:
        case Tagged(key):
            return f"told apart by the property {key}"
        case Typed():
            return "told apart by JSON type"
        case _:
            return ""
