"""The number ledger: which number every field and enum value has had, for ever.

The file is committed and only ever grows. One entry stands on one line, so that two branches which both add a field
conflict under git instead of renumbering silently.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wirelock.diagnostics import Code, Diagnostic, Location, Severity

LEDGER_UNREADABLE = Code("LEDGER_UNREADABLE", Severity.ERROR, fatal=True)
LEDGER_TYPE_CHANGED = Code("LEDGER_TYPE_CHANGED", Severity.ERROR, fatal=True)
LEDGER_RETYPED = Code("LEDGER_RETYPED", Severity.WARNING)
LEDGER_PIN_TAKEN = Code("LEDGER_PIN_TAKEN", Severity.ERROR, fatal=True)
FILE_NAME = "numbers.json"
_FORMAT = 1
_IMPLEMENTATION_RANGE = range(19000, 20000)


@dataclass(frozen=True, slots=True)
class Entry:
    """One number: the JSON key it stands for, its proto name, and what it carries. Reserved: not in use any more."""

    number: int
    key: str
    name: str
    type: str
    reserved: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The numbers of one message or enum; `source` is the schema place that it was made from."""

    source: str = ""
    entries: tuple[Entry, ...] = ()

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
class Wanted:
    """What a field or value asks for.

    `pinned` is a number that the schema demands (`x-proto-field`); `foreign` says that the schema is an imported one,
    whose author knows nothing of numbers.
    """

    key: str
    name: str
    type: str
    where: Location
    pinned: int | None = None
    renamed_from: str = ""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every scope by full proto name; `foreign` are the schema files that were imported, which is not in its file."""

    messages: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    enums: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    foreign: frozenset[str] = frozenset()

    def name_of(self, source: str, package: str) -> str | None:
        """The short name once given to that schema place in that package."""
        for scopes in (self.messages, self.enums):
            for name, scope in scopes.items():
                if scope.source == source and name.rpartition(".")[0] == package:
                    return name.rpartition(".")[2]
        return None


def allocate(scope: Scope, wanted: Sequence[Wanted], label: str) -> tuple[Scope, tuple[Diagnostic, ...]]:
    """Numbers for everything wanted: the old ones where there are any, then max + 1 in the order given.

    What is no longer wanted becomes reserved. A key that comes back with its old type gets its old number; with
    another type it takes a new one. A live key whose type changed is an error: old data would be misread; in an
    imported schema it is as if the one were removed and the other added (decision 0011).
    """
    kept: dict[str, Entry] = {}
    found: list[Diagnostic] = []
    for want in wanted:
        old = _previous(scope, want)
        if old is not None and (old.type == want.type or not old.reserved):
            if old.type != want.type:
                found.append(_type_changed(old, want, label))
            kept[want.key] = replace(old, key=want.key, name=want.name, reserved=False)
        elif old is None and (former := scope.live.get(want.key)) is not None:
            found.append(_retyped(former, want, label))
    numbers = {entry.number for entry in scope.entries}
    for want in wanted:
        if want.key in kept:
            continue
        if want.pinned is not None and want.pinned in numbers:
            found.append(_pin_taken(want, label))
        number = want.pinned if want.pinned is not None else _next(numbers)
        numbers.add(number)
        kept[want.key] = Entry(number, want.key, want.name, want.type)
    in_use = {entry.number for entry in kept.values()}
    retired = [replace(entry, reserved=True) for entry in scope.entries if entry.number not in in_use]
    return Scope(scope.source, tuple(sorted([*kept.values(), *retired], key=lambda entry: entry.number))), tuple(found)


def _previous(scope: Scope, want: Wanted) -> Entry | None:
    candidates = [entry for entry in scope.entries if entry.key == want.key]
    live = [entry for entry in candidates if not entry.reserved]
    same = [entry for entry in candidates if entry.type == want.type]
    renamed = [e for e in scope.entries if want.renamed_from and e.key == want.renamed_from and e.type == want.type]
    return next(iter((*same, *renamed) if want.foreign else (*live, *same, *renamed)), None)


def _next(numbers: set[int]) -> int:
    number = max(numbers, default=0) + 1
    return _IMPLEMENTATION_RANGE.stop if number in _IMPLEMENTATION_RANGE else number


def _type_changed(old: Entry, want: Wanted, label: str) -> Diagnostic:
    return Diagnostic(
        LEDGER_TYPE_CHANGED,
        want.where,
        f"{label}.{old.name} was {old.type} and would become {want.type}; old data under number {old.number} "
        "would be misread",
        "give the property a new name, or remove it in one generation and add it again in the next: "
        "it then takes a new number",
    )


def _retyped(old: Entry, want: Wanted, label: str) -> Diagnostic:
    return Diagnostic(
        LEDGER_RETYPED,
        want.where,
        f"{label}.{old.name} was {old.type} and is {want.type} now: {old.number} is reserved, it takes a new number",
        "clients built before do not see the field until they are built again",
    )


def _pin_taken(want: Wanted, label: str) -> Diagnostic:
    return Diagnostic(
        LEDGER_PIN_TAKEN,
        want.where,
        f"x-proto-field asks for number {want.pinned} of {label}, which is taken or reserved",
        "choose a number that was never used in this message",
    )


def read_ledger(text: bytes, where: Location) -> Ledger | Diagnostic:
    """The ledger that a file holds; a file with merge conflicts or faults is a diagnostic, never an empty ledger."""
    if b"<<<<<<<" in text or b">>>>>>>" in text:
        hint = "two branches added numbers: keep both lines and give the later branch's fields the next free numbers"
        return Diagnostic(LEDGER_UNREADABLE, where, "the number ledger holds a merge conflict", hint)
    try:
        value: Any = json.loads(text)
        if value["format"] != _FORMAT:
            raise ValueError(f"format {value['format']}")
        return Ledger(_scopes(value["messages"]), _scopes(value["enums"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = "restore the file from version control; without it numbers would be given out again"
        return Diagnostic(LEDGER_UNREADABLE, where, f"the number ledger cannot be read: {error}", hint)


def _scopes(value: dict[str, Any]) -> dict[str, Scope]:
    return {
        name: Scope(
            scope["source"],
            tuple(
                Entry(int(e["number"]), str(e["key"]), str(e["name"]), str(e["type"]), bool(e.get("reserved", False)))
                for e in scope["entries"]
            ),
        )
        for name, scope in value.items()
    }


def print_ledger(ledger: Ledger) -> bytes:
    """The ledger's file: sorted scopes, one entry a line."""
    parts = [_print_scopes("messages", ledger.messages), _print_scopes("enums", ledger.enums)]
    note = "written by wirelock generate; commit it, never edit it: it keeps the numbers"
    head = f'{{\n  "format": {_FORMAT},\n  "note": {json.dumps(note)},\n'
    return (head + ",\n".join(parts) + "\n}\n").encode()


def _print_scopes(kind: str, scopes: Mapping[str, Scope]) -> str:
    if not scopes:
        return f'  "{kind}": {{}}'
    blocks = [f"    {json.dumps(name)}: {_print_scope(scopes[name])}" for name in sorted(scopes)]
    return f'  "{kind}": {{\n' + ",\n".join(blocks) + "\n  }"


def _print_scope(scope: Scope) -> str:
    lines = [f"        {_print_entry(entry)}" for entry in scope.entries]
    body = "[\n" + ",\n".join(lines) + "\n      ]" if lines else "[]"
    return f'{{\n      "source": {json.dumps(scope.source)},\n      "entries": {body}\n    }}'


def _print_entry(entry: Entry) -> str:
    value: dict[str, object] = {"number": entry.number, "key": entry.key, "name": entry.name, "type": entry.type}
    if entry.reserved:
        value["reserved"] = True
    return json.dumps(value, ensure_ascii=True)
