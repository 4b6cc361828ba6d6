"""From drafts to fields: names, numbers and presence, as the ledger has them and the schema asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import Anything, Definition, Node, TypeId
from wirelock.lower.descriptions import constraints, type_words
from wirelock.lower.ledger.allocation import Wanted, allocate
from wirelock.lower.ledger.ledger import Ledger, Scope
from wirelock.lower.plan import Enum, EnumType, EnumValue, Field, Form, MapOf, Message, Repeated, Scalar, ValueShape
from wirelock.lower.unions import follow
from wirelock.naming import clash_key, default_json_name, field_name, settle, upper_snake

NAME_TAKEN = Code("NAME_TAKEN", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Draft:
    """A field before it has a number.

    `json` is the property, union branch or position that it carries, None for a field that stands for none; `name` is
    what its proto name is made from.
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
        """The key in the ledger: the property (a `$` before it is doubled), or `$` and the name of a field of ours."""
        return f"${self.name}" if self.json is None else ledger_key(self.json)


def ledger_key(property: str) -> str:
    """The key of a property in the ledger, which no field of ours can have."""
    return f"${property}" if property.startswith("$") else property


class Numbering:
    """The messages and enums of one run, and the scopes that keep their numbers."""

    def __init__(self, definitions: Mapping[TypeId, Definition], ledger: Ledger) -> None:
        self._definitions = definitions
        self._ledger = ledger
        self.messages: dict[str, Message] = {}
        self.enums: dict[str, Enum] = {}
        self.wanted: dict[str, tuple[Wanted, ...]] = {}
        self.scopes: dict[str, Scope] = {}
        self.enum_scopes: dict[str, Scope] = {}
        self.diagnostics: list[Diagnostic] = []

    def message(
        self,
        name: str,
        form: Form,
        drafts: Sequence[Draft],
        node: Node,
        source: str,
        closed: bool = False,
        extra: Draft | None = None,
    ) -> None:
        """Add the message whose fields these drafts become, and the fields of ours that it needs."""
        old = self._ledger.messages.get(name, Scope(source))
        presence = self._presence(drafts, node, old) if form == "object" else None
        wanted_drafts = [*drafts, *([extra] if extra else []), *([presence] if presence else [])]
        names = self._field_names(wanted_drafts, old)
        wanted = [
            Wanted(
                draft.key,
                names[draft.key],
                type_words(draft.shape),
                draft.node.where,
                draft.node.hints.proto_field,
                "" if draft.json is None else ledger_key(draft.node.hints.renamed_from),
                draft.node.where.file in self._ledger.foreign,
            )
            for draft in wanted_drafts
        ]
        scope, found = allocate(_at(old, source), wanted, name)
        self.diagnostics.extend(found)
        self.wanted[name] = tuple(wanted)
        self.scopes[name] = scope
        properties = frozenset(draft.json for draft in wanted_drafts if draft.json is not None)
        fields = {draft.key: self._field(draft, scope, properties) for draft in wanted_drafts}
        self.messages[name] = Message(
            name=name,
            form=form,
            fields=tuple(fields[draft.key] for draft in drafts),
            source=node.where,
            json_type=self.messages[name].json_type if name in self.messages else None,
            closed=closed,
            extra=fields[extra.key] if extra else None,
            explicit_fields=fields[presence.key] if presence else None,
            reserved_numbers=scope.reserved_numbers,
            reserved_names=scope.reserved_names,
            description=node.description,
            deprecated=node.deprecated,
        )

    def _presence(self, drafts: Sequence[Draft], node: Node, old: Scope) -> Draft | None:
        needed = any(
            not draft.required and (draft.nullable or isinstance(draft.shape, Repeated | MapOf)) for draft in drafts
        )
        if not needed and "$explicit_fields" not in old.live:
            return None
        shape = Repeated(Scalar("int32"))
        words = (
            "Numbers of the fields that were sent as [], {} or null although they might have been left out; "
            "empty in every other document."
        )
        return Draft(None, "explicit_fields", shape, Node(Anything(), node.where, description=words), required=False)

    def _field_names(self, drafts: Sequence[Draft], old: Scope) -> dict[str, str]:
        """The proto name of each draft by its key: as the schema asks, else as the ledger has it, else a free one."""
        asked = {draft.key: draft.node.hints.proto_name for draft in drafts if draft.json is not None}
        asked = {key: name for key, name in asked.items() if name}
        known = {entry.key: entry.name for entry in old.entries}
        kept = {draft.key: known[draft.key] for draft in drafts if draft.key in known and draft.key not in asked}
        fresh = [draft for draft in drafts if draft.key not in kept and draft.key not in asked]
        synthetic = {draft.key: draft.name for draft in fresh if draft.json is None}
        ours = settle(synthetic, (*kept.values(), *asked.values()))
        oneofs = [d.json[1:] for d in drafts if d.json and d.json.startswith("_")]  # see `field_name`
        taken = (*kept.values(), *asked.values(), *ours.values(), *oneofs)
        names = {draft.key: field_name(draft.name) for draft in fresh if draft.json is not None}
        self._report_taken([draft for draft in drafts if draft.key in asked], kept)
        return {**kept, **asked, **ours, **settle(names, taken)}

    def _report_taken(self, drafts: Sequence[Draft], kept: Mapping[str, str]) -> None:
        used = {clash_key(name): key for key, name in kept.items()}
        for draft in drafts:
            name = draft.node.hints.proto_name
            other = used.setdefault(clash_key(name), draft.key)
            if other != draft.key:
                words = f"x-proto-name asks for {name}, which is the field of {other}"
                hint = "names that differ in case or underscores alone clash too; choose another"
                self.diagnostics.append(Diagnostic(NAME_TAKEN, draft.node.where, words, hint))

    def _field(self, draft: Draft, scope: Scope, properties: frozenset[str]) -> Field:
        entry = scope.live[draft.key]
        json_name = _json_name(draft, entry.name, properties)
        bare = follow(draft.node, self._definitions)
        return Field(
            name=entry.name,
            number=entry.number,
            json=draft.json or "",
            shape=draft.shape,
            required=draft.required,
            nullable=draft.nullable,
            explicit=draft.explicit,
            description=draft.node.description or (bare.description if draft.node is not bare else ""),
            deprecated=draft.node.deprecated,
            json_name=json_name if json_name != default_json_name(entry.name) else "",
            type_words=type_words(draft.shape),
            notes=(*constraints(bare), *draft.notes),
        )

    def enum(self, name: str, source: str, values: tuple[str, ...], node: Node) -> EnumType:
        """Add an enum of these JSON values, unless it is there."""
        if name in self.enums:
            return EnumType(name)
        short = name.rpartition(".")[2]
        prefix = upper_snake(short)
        old = self._ledger.enums.get(name, Scope(source))
        zero = f"{prefix}_UNSPECIFIED"
        kept = {entry.key: entry.name for entry in old.entries if entry.key in values}
        taken = (
            *kept.values(),
            zero,
            *(v.name for n, e in self.enums.items() if _same_package(n, name) for v in e.values),
        )
        fresh = settle({v: f"{prefix}_{upper_snake(v)}" for v in values if v not in kept}, taken)
        wanted = [Wanted(value, kept.get(value) or fresh[value], "value", node.where) for value in values]
        scope, found = allocate(_at(old, source), wanted, name)
        self.diagnostics.extend(found)
        self.wanted[name] = tuple(wanted)
        self.enum_scopes[name] = scope
        live = (EnumValue(entry.name, entry.number, entry.key) for entry in scope.live.values())
        self.enums[name] = Enum(
            name,
            (EnumValue(zero, 0, None), *live),
            node.where,
            scope.reserved_numbers,
            scope.reserved_names,
            node.description,
            node.deprecated,
        )
        return EnumType(name)


def _at(scope: Scope, source: str) -> Scope:
    """A scope whose name was found again at another place."""
    if scope.source == source:
        return scope
    return replace(scope, source=source, was=tuple(dict.fromkeys((*scope.was, scope.source))))


def _json_name(draft: Draft, name: str, properties: frozenset[str]) -> str:
    """The JSON name of a field, where protoc takes it; the codec does not need it."""
    default = default_json_name(name)
    if draft.json is None:  # a field of ours makes way for a property
        return f"${name}" if default in properties else default
    return default if "\0" in draft.json or draft.json.startswith("[") else draft.json


def _same_package(left: str, right: str) -> bool:
    return left.rpartition(".")[0] == right.rpartition(".")[0]
