"""The number ledger: which number every field and enum value has had, for ever, and which name every schema place.

The file is committed and only ever grows. One entry stands on one line, so that two branches which both add a field
conflict under git instead of renumbering silently.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.lower.ledger.validation import FORMAT, faults
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.source.conflict_markers import CONFLICT
from wirelock.source.positions import positions

LEDGER_UNREADABLE = Code("LEDGER_UNREADABLE", Severity.ERROR, fatal=True)
FILE_NAME = "numbers.json"
_RESTORE = "restore the file from version control; without it numbers would be given out again"


@dataclass(frozen=True, slots=True)
class Entry:
    """One number: the JSON key it stands for, its proto name, and what it carries.

    Reserved: not in use any more. `was` are the keys that it was renamed from.
    """

    number: int
    key: str
    name: str
    type: str
    reserved: bool = False
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """The numbers of one message or enum.

    `source` is the schema place that it was made from, `was` are the places and names that it had before.
    """

    source: str = ""
    entries: tuple[Entry, ...] = ()
    was: tuple[str, ...] = ()

    @property
    def live(self) -> Mapping[str, Entry]:
        """The entries in use, by key."""
        return {entry.key: entry for entry in self.entries if not entry.reserved}

    @property
    def reserved_numbers(self) -> tuple[int, ...]:
        """Numbers that must not come back."""
        return tuple(sorted(entry.number for entry in self.entries if entry.reserved))

    @property
    def reserved_names(self) -> tuple[str, ...]:
        """Names that must not come back; one that is in use again with another type is free (protoc insists)."""
        used = {entry.name for entry in self.entries if not entry.reserved}
        return tuple(sorted({entry.name for entry in self.entries if entry.reserved} - used))


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every scope by full proto name, and the schema place of every class that has no message, by module and name.

    `foreign` are the schema files that were imported, which is not in its file.
    """

    messages: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    enums: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    classes: Mapping[str, str] = field(default_factory=dict[str, str])
    foreign: frozenset[str] = frozenset()


def read_ledger(text: bytes, where: Location) -> Ledger | Diagnostic:
    """The ledger that a file holds; a file with merge conflicts or faults is a diagnostic, never an empty ledger."""
    if conflict := CONFLICT.search(text):
        place = replace(where, line=text.count(b"\n", 0, conflict.start()) + 1, column=1)
        words, hint = "the number ledger holds a merge conflict", "run: wirelock numbers resolve"
        return Diagnostic(LEDGER_UNREADABLE, place, words, hint)
    try:
        value = parse(text)
    except MalformedText as error:
        words = f"the number ledger cannot be read: {error.finding.message}"
        return Diagnostic(LEDGER_UNREADABLE, where, words, _RESTORE)
    for pointer, fault in faults(value):
        line, column = positions(text.decode()).get(pointer, (0, 0))
        place = replace(where, line=line, column=column, pointer=pointer)
        return Diagnostic(LEDGER_UNREADABLE, place, f"the number ledger cannot be read: {fault}", _RESTORE)
    whole = cast("dict[str, Any]", value)
    return Ledger(_scopes(whole["messages"]), _scopes(whole["enums"]), whole.get("classes", {}))


def _scopes(value: dict[str, Any]) -> dict[str, Scope]:
    return {
        name: Scope(scope["source"], tuple(_entry(entry) for entry in scope["entries"]), tuple(scope.get("was", ())))
        for name, scope in value.items()
    }


def _entry(value: dict[str, Any]) -> Entry:
    number, key, name, type = (value[part] for part in ("number", "key", "name", "type"))
    return Entry(number, key, name, type, value.get("reserved", False), tuple(value.get("was", ())))


def print_ledger(ledger: Ledger) -> bytes:
    """The ledger's file: sorted scopes, one entry a line."""
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
    lines = [f"    {json.dumps(name)}: {json.dumps(place)}" for name, place in sorted(classes.items())]
    return '  "classes": {\n' + ",\n".join(lines) + "\n  }"


def _print_scope(scope: Scope) -> str:
    lines = [f"        {_print_entry(entry)}" for entry in scope.entries]
    body = "[\n" + ",\n".join(lines) + "\n      ]" if lines else "[]"
    was = f'      "was": {json.dumps(scope.was)},\n' if scope.was else ""
    return f'{{\n      "source": {json.dumps(scope.source)},\n{was}      "entries": {body}\n    }}'


def _print_entry(entry: Entry) -> str:
    value: dict[str, object] = {"number": entry.number, "key": entry.key, "name": entry.name, "type": entry.type}
    if entry.reserved:
        value["reserved"] = True
    if entry.was:
        value["was"] = entry.was
    return json.dumps(value, ensure_ascii=True)
