"""The number ledger: `numbers.json`, which holds every field number and every name that was ever assigned.

Theory of operation
-------------------

Old clients and old data identify a field by its number, so a number never changes and is never used for another field.
JSON Schema has no numbers. wirelock therefore assigns them and keeps them in the ledger, a file that is committed and
only grows.

*Scopes and origins.* A `Scope` holds the numbers of one message or enum; the ledger finds it by the full proto name,
`opencode.session.SessionInfo`. Each scope has an origin, the schema location that it is generated from:
`session/sessionInfo.schema.json` for a file, `…#/$defs/part` for a definition, `…#/properties/time` for an inline
object, and a suffix after `@` for a part that is named after its owner: an array item, a union branch, a wrapper.
The name of a message belongs to its origin: a type that is added later takes a free name and never renames another.
`Ledger.classes` does the same for model classes that have no message.

*Entries and keys.* An `Entry` is one number of a scope. Its key identifies the field from one generation to the next:
the JSON property, the key of a union branch, the position in a tuple, or the value of an enum. Fields that stand for no
property have a key that begins with `$`; a property that begins with `$` has it doubled. The entry also keeps the proto
name and the proto type. The zero value of an enum is not in the ledger.

*Life of a number* (`allocation`). A new key takes the number after the highest that the scope ever had, or the number
that `x-proto-field` requests. Entries are found by key in each generation, so that the order of properties does not
matter. When a property is removed, its entry becomes reserved, and the printed proto reserves the number and the name.
A property that returns with its old type gets its old number back; with another type it takes a new one. A type that
changes in place is an error, except in imported schemas: there the old number becomes reserved.

*Renames* (`renames`, `relocation`). A property with `x-renamed-from` continues the entry of its former key, which is
added to `Entry.former_keys`. A type that moved to another file, package or definition continues the scope of its
former origin. `renames` finds such moves, by a hint or by comparison of old and new origins; `relocation` chooses the
names and rewrites the ledger: the scope moves with all its numbers, its former name and origin are added to
`Scope.former_names`, and the scope that it leaves behind is retired, with every number reserved. Types of other fields
that mention the old name are rewritten, so that a rename is not taken for a change of type.

*Merges* (`merge`). One entry is one line, so that two branches which both add a field conflict in git and cannot assign
one number twice. `wirelock numbers resolve` merges the two sides: our side keeps all its numbers, and an entry of the
other side whose number is taken gets the next free number and is reported.

*Order of a run* (`lower.proto`). Lower the graph with provisional names; find moves; assign names; relocate scopes;
lower again, which allocates the numbers. Scopes that the run does not use are retired, never deleted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.lower.ledger.validation import FORMAT, find_problems
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.source.conflict_markers import CONFLICT_MARKER
from wirelock.source.positions import find_positions

LEDGER_UNREADABLE = Code("LEDGER_UNREADABLE", Severity.ERROR, fatal=True)
FILE_NAME = "numbers.json"
_RESTORE_HINT = "restore the file from version control; without it, numbers would be assigned twice"


@dataclass(frozen=True, slots=True)
class Entry:
    """A number with its key, its proto name and its proto type.

    A reserved entry is not in use. `former_keys` are the keys that the field had before it was renamed.
    """

    number: int
    key: str
    name: str
    type: str
    reserved: bool = False
    former_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The numbers of one message or enum.

    `origin` is the schema location that it is generated from, `former_names` are its former origins and full names.
    """

    origin: str = ""
    entries: tuple[Entry, ...] = ()
    former_names: tuple[str, ...] = ()

    @property
    def live(self) -> Mapping[str, Entry]:
        """The entries in use, by key."""
        return {entry.key: entry for entry in self.entries if not entry.reserved}

    @property
    def reserved_numbers(self) -> tuple[int, ...]:
        """Numbers that must not be assigned again."""
        return tuple(sorted(entry.number for entry in self.entries if entry.reserved))

    @property
    def reserved_names(self) -> tuple[str, ...]:
        """Names that must not be assigned again, without those in use: protoc rejects a reserved name in use."""
        used = {entry.name for entry in self.entries if not entry.reserved}
        return tuple(sorted({entry.name for entry in self.entries if entry.reserved} - used))


@dataclass(frozen=True, slots=True)
class Ledger:
    """All scopes by full proto name, and the origins of classes without a message, by module and class name.

    `imported` are the schema files that `wirelock import` wrote; they are not part of `numbers.json`.
    """

    messages: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    enums: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    classes: Mapping[str, str] = field(default_factory=dict[str, str])
    imported: frozenset[str] = frozenset()


def get_short_name(full: str) -> str:
    """Return a full proto name without its package."""
    return full.rpartition(".")[2]


def get_package(full: str) -> str:
    """Return the package of a full proto name."""
    return full.rpartition(".")[0]


def read_ledger(text: bytes, location: Location) -> Ledger | Diagnostic:
    """Read a ledger file; a file with merge conflicts or errors is a diagnostic, never an empty ledger."""
    if conflict := CONFLICT_MARKER.search(text):
        position = replace(location, line=text.count(b"\n", 0, conflict.start()) + 1, column=1)
        message, hint = "the number ledger has a merge conflict", "run: wirelock numbers resolve"
        return Diagnostic(LEDGER_UNREADABLE, position, message, hint)
    try:
        value = parse(text)
    except MalformedText as error:
        message = f"the number ledger is not valid JSON: {error.finding.message}"
        return Diagnostic(LEDGER_UNREADABLE, location, message, _RESTORE_HINT)
    for pointer, problem in find_problems(value):
        line, column = find_positions(text.decode()).get(pointer, (0, 0))
        position = replace(location, line=line, column=column, pointer=pointer)
        return Diagnostic(LEDGER_UNREADABLE, position, f"the number ledger is invalid: {problem}", _RESTORE_HINT)
    content = cast("dict[str, Any]", value)
    return Ledger(_parse_scopes(content["messages"]), _parse_scopes(content["enums"]), content.get("classes", {}))


def _parse_scopes(scopes: dict[str, Any]) -> dict[str, Scope]:
    return {name: _parse_scope(scope) for name, scope in scopes.items()}


def _parse_scope(scope: dict[str, Any]) -> Scope:
    entries = tuple(_parse_entry(entry) for entry in scope["entries"])
    return Scope(scope["source"], entries, tuple(scope.get("was", ())))


def _parse_entry(entry: dict[str, Any]) -> Entry:
    number, key, name, type = (entry[part] for part in ("number", "key", "name", "type"))
    return Entry(number, key, name, type, entry.get("reserved", False), tuple(entry.get("was", ())))


def print_ledger(ledger: Ledger) -> bytes:
    """Print the ledger file: scopes sorted by name, one entry per line."""
    parts = [_print_scopes("messages", ledger.messages), _print_scopes("enums", ledger.enums)]
    parts += [_print_classes(ledger.classes)] if ledger.classes else []
    note = "written by wirelock generate; commit it, never edit it: it keeps the numbers"
    head = f'{{\n  "format": {FORMAT},\n  "note": {json.dumps(note)},\n'
    return (head + ",\n".join(parts) + "\n}\n").encode()


def _print_scopes(kind: str, scopes: Mapping[str, Scope]) -> str:
    if not scopes:
        return f'  "{kind}": {{}}'
    blocks = [f"    {json.dumps(name)}: {_print_scope(scopes[name])}" for name in sorted(scopes)]
    return f'  "{kind}": {{\n' + ",\n".join(blocks) + "\n  }"


def _print_classes(classes: Mapping[str, str]) -> str:
    lines = [f"    {json.dumps(name)}: {json.dumps(origin)}" for name, origin in sorted(classes.items())]
    return '  "classes": {\n' + ",\n".join(lines) + "\n  }"


def _print_scope(scope: Scope) -> str:
    lines = [f"        {_print_entry(entry)}" for entry in scope.entries]
    body = "[\n" + ",\n".join(lines) + "\n      ]" if lines else "[]"
    was = f'      "was": {json.dumps(scope.former_names)},\n' if scope.former_names else ""
    return f'{{\n      "source": {json.dumps(scope.origin)},\n{was}      "entries": {body}\n    }}'


def _print_entry(entry: Entry) -> str:
    value: dict[str, object] = {"number": entry.number, "key": entry.key, "name": entry.name, "type": entry.type}
    if entry.reserved:
        value["reserved"] = True
    if entry.former_keys:
        value["was"] = entry.former_keys
    return json.dumps(value, ensure_ascii=True)
