"""Fields, messages and enums with the names and numbers of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import AnyValue, Definition, Node, TypeId
from wirelock.lower.descriptions import format_constraints, format_type
from wirelock.lower.ledger.allocation import FieldRequest, allocate
from wirelock.lower.ledger.ledger import Ledger, Scope, get_package, get_short_name
from wirelock.lower.plan import Enum, EnumType, EnumValue, Field, Form, MapOf, Message, Repeated, Scalar, ValueShape
from wirelock.lower.unions import resolve_refs
from wirelock.naming import (
    assign_unique_names,
    get_clash_key,
    get_default_json_name,
    to_field_name,
    to_upper_snake_case,
)

NAME_TAKEN = Code("NAME_TAKEN", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class UnnumberedField:
    """A field without a number.

    `json` is the property, union branch or position that it represents, None for a synthetic field. The proto name is
    derived from `name`.
    """

    json: str | None
    name: str
    shape: ValueShape
    node: Node
    required: bool = True
    nullable: bool = False
    explicit: bool = False
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key in the ledger: the property (a leading `$` is doubled), or `$` and the name of a synthetic field."""
        return f"${self.name}" if self.json is None else to_ledger_key(self.json)


def to_ledger_key(property: str) -> str:
    """Return the ledger key of a property, which no synthetic field can have."""
    return f"${property}" if property.startswith("$") else property


class MessageBuilder:
    """Builds the messages and enums of one run, with their requests to the ledger and their scopes, by full name."""

    def __init__(self, definitions: Mapping[TypeId, Definition], ledger: Ledger) -> None:
        self._definitions = definitions
        self._ledger = ledger
        self.messages: dict[str, Message] = {}
        self.enums: dict[str, Enum] = {}
        self.requests: dict[str, tuple[FieldRequest, ...]] = {}
        self.message_scopes: dict[str, Scope] = {}
        self.enum_scopes: dict[str, Scope] = {}
        self.diagnostics: list[Diagnostic] = []

    def add_message(
        self,
        name: str,
        form: Form,
        declared: Sequence[UnnumberedField],
        node: Node,
        origin: str,
        closed: bool = False,
        extra: UnnumberedField | None = None,
    ) -> None:
        """Add a message with the declared fields, `extra`, and a presence field if it needs one."""
        old = self._ledger.messages.get(name, Scope(origin))
        presence = self._build_presence_field(declared, node, old) if form == "object" else None
        all_fields = [*declared, *([extra] if extra else []), *([presence] if presence else [])]
        names = self._assign_field_names(all_fields, old)
        requests = [
            FieldRequest(
                field.key,
                names[field.key],
                format_type(field.shape),
                field.node.location,
                field.node.extensions.proto_field,
                "" if field.json is None else to_ledger_key(field.node.extensions.renamed_from),
                field.node.location.file in self._ledger.imported,
            )
            for field in all_fields
        ]
        scope, diagnostics = allocate(_relocate(old, origin), requests, name)
        self.diagnostics.extend(diagnostics)
        self.requests[name] = tuple(requests)
        self.message_scopes[name] = scope
        properties = frozenset(field.json for field in all_fields if field.json is not None)
        fields = {field.key: self._build_field(field, scope, properties) for field in all_fields}
        self.messages[name] = Message(
            name=name,
            form=form,
            fields=tuple(fields[field.key] for field in declared),
            source=node.location,
            json_type=self.messages[name].json_type if name in self.messages else None,
            closed=closed,
            extra=fields[extra.key] if extra else None,
            explicit_fields=fields[presence.key] if presence else None,
            reserved_numbers=scope.reserved_numbers,
            reserved_names=scope.reserved_names,
            description=node.description,
            deprecated=node.deprecated,
        )

    def _build_presence_field(
        self, declared: Sequence[UnnumberedField], node: Node, old: Scope
    ) -> UnnumberedField | None:
        needed = any(
            not field.required and (field.nullable or isinstance(field.shape, Repeated | MapOf)) for field in declared
        )
        if not needed and "$explicit_fields" not in old.live:
            return None
        shape = Repeated(Scalar("int32"))
        description = "Numbers of optional fields that are present in JSON as [], {} or null; empty if there are none."
        return UnnumberedField(
            None, "explicit_fields", shape, Node(AnyValue(), node.location, description=description), required=False
        )

    def _assign_field_names(self, unnumbered: Sequence[UnnumberedField], old: Scope) -> dict[str, str]:
        """Return the proto name of each field by key: from `x-proto-name`, or else the ledger, or else a free name."""
        requested = {field.key: field.node.extensions.proto_name for field in unnumbered if field.json is not None}
        requested = {key: name for key, name in requested.items() if name}
        known = {entry.key: entry.name for entry in old.entries}
        kept = {
            field.key: known[field.key] for field in unnumbered if field.key in known and field.key not in requested
        }
        fresh = [field for field in unnumbered if field.key not in kept and field.key not in requested]
        synthetic = {field.key: field.name for field in fresh if field.json is None}
        synthetic_names = assign_unique_names(synthetic, (*kept.values(), *requested.values()))
        oneofs = [d.json[1:] for d in unnumbered if d.json and d.json.startswith("_")]  # see `to_field_name`
        taken = (*kept.values(), *requested.values(), *synthetic_names.values(), *oneofs)
        names = {field.key: to_field_name(field.name) for field in fresh if field.json is not None}
        self._report_name_clashes([field for field in unnumbered if field.key in requested], kept)
        return {**kept, **requested, **synthetic_names, **assign_unique_names(names, taken)}

    def _report_name_clashes(self, unnumbered: Sequence[UnnumberedField], kept: Mapping[str, str]) -> None:
        used = {get_clash_key(name): key for key, name in kept.items()}
        for field in unnumbered:
            name = field.node.extensions.proto_name
            other = used.setdefault(get_clash_key(name), field.key)
            if other != field.key:
                message = f"x-proto-name is {name}, which is already the name of the field for {other}"
                hint = "choose another name; names that differ only in case or underscores clash too"
                self.diagnostics.append(Diagnostic(NAME_TAKEN, field.node.location, message, hint))

    def _build_field(self, unnumbered: UnnumberedField, scope: Scope, properties: frozenset[str]) -> Field:
        entry = scope.live[unnumbered.key]
        json_name = _choose_json_name(unnumbered, entry.name, properties)
        target = resolve_refs(unnumbered.node, self._definitions)
        return Field(
            name=entry.name,
            number=entry.number,
            json=unnumbered.json or "",
            shape=unnumbered.shape,
            required=unnumbered.required,
            nullable=unnumbered.nullable,
            explicit=unnumbered.explicit,
            description=unnumbered.node.description or (target.description if unnumbered.node is not target else ""),
            deprecated=unnumbered.node.deprecated,
            json_name=json_name if json_name != get_default_json_name(entry.name) else "",
            proto_type=format_type(unnumbered.shape),
            notes=(*format_constraints(target), *unnumbered.notes),
        )

    def add_enum(self, name: str, origin: str, values: tuple[str, ...], node: Node) -> EnumType:
        """Add an enum with these JSON values, if it was not added before."""
        if name in self.enums:
            return EnumType(name)
        prefix = to_upper_snake_case(get_short_name(name))
        old = self._ledger.enums.get(name, Scope(origin))
        zero = f"{prefix}_UNSPECIFIED"
        kept = {entry.key: entry.name for entry in old.entries if entry.key in values}
        taken = (
            *kept.values(),
            zero,
            *(v.name for n, e in self.enums.items() if get_package(n) == get_package(name) for v in e.values),
        )
        fresh = assign_unique_names({v: f"{prefix}_{to_upper_snake_case(v)}" for v in values if v not in kept}, taken)
        requests = [FieldRequest(value, kept.get(value) or fresh[value], "value", node.location) for value in values]
        scope, diagnostics = allocate(_relocate(old, origin), requests, name)
        self.diagnostics.extend(diagnostics)
        self.requests[name] = tuple(requests)
        self.enum_scopes[name] = scope
        live = (EnumValue(entry.name, entry.number, entry.key) for entry in scope.live.values())
        self.enums[name] = Enum(
            name,
            (EnumValue(zero, 0, None), *live),
            node.location,
            scope.reserved_numbers,
            scope.reserved_names,
            node.description,
            node.deprecated,
        )
        return EnumType(name)


def _relocate(scope: Scope, origin: str) -> Scope:
    """Return a scope with a new origin; the old one is kept as a former name."""
    if scope.origin == origin:
        return scope
    return replace(scope, origin=origin, former_names=tuple(dict.fromkeys((*scope.former_names, scope.origin))))


def _choose_json_name(unnumbered: UnnumberedField, name: str, properties: frozenset[str]) -> str:
    """Return the JSON name of a field, or the default if protoc rejects it; the codec does not use JSON names."""
    default = get_default_json_name(name)
    if unnumbered.json is None:  # a property takes precedence over a synthetic field
        return f"${name}" if default in properties else default
    return default if "\0" in unnumbered.json or unnumbered.json.startswith("[") else unnumbered.json
