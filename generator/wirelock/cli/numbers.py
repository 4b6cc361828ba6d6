"""numbers: the ledger as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from wirelock.api.numbers import LedgerEntry
from wirelock.lower.ledger.ledger import Entry
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.version import VERSION

_HEAD = ("number", "name", "json", "type", "")


def print_numbers(entries: Sequence[LedgerEntry], format: str) -> str:
    """Print the numbers of messages and enums as text or JSON."""
    return (
        _format_json(entries) if format == "json" else "\n\n".join("\n".join(_format_entry(entry)) for entry in entries)
    )


def _format_entry(ledger_entry: LedgerEntry) -> Iterator[str]:
    yield escape_unprintable(f"{ledger_entry.kind} {ledger_entry.name}  {ledger_entry.scope.origin}")
    rows = [_HEAD, *(_format_row(entry) for entry in ledger_entry.scope.entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for number, *cells in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"  {number.rjust(widths[0])}  {line}".rstrip()


def _format_row(entry: Entry) -> tuple[str, ...]:
    former = [f"was {key}" for key in entry.former_keys]
    marks = ", ".join([*(["reserved"] if entry.reserved else []), *former])
    return tuple(
        escape_unprintable(cell) for cell in (str(entry.number), entry.name, to_json_key(entry.key), entry.type, marks)
    )


def to_json_key(key: str) -> str:
    """Return the JSON property or value of a ledger key; `-` for a field without one."""
    if key.startswith("$$"):
        return key[1:]
    return "-" if key.startswith("$") else key


def _format_json(entries: Iterable[LedgerEntry]) -> str:
    value = {"wirelock": VERSION, "numbers": [_to_facts(entry) for entry in entries]}
    return "\n".join(escape_unprintable(line) for line in json.dumps(value, indent=2, ensure_ascii=False).split("\n"))


def _to_facts(ledger_entry: LedgerEntry) -> dict[str, object]:
    return {
        "kind": ledger_entry.kind,
        "name": ledger_entry.name,
        "source": ledger_entry.scope.origin,
        "was": list(ledger_entry.scope.former_names),
        "entries": [_to_number_facts(entry) for entry in ledger_entry.scope.entries],
    }


def _to_number_facts(entry: Entry) -> dict[str, object]:
    synthetic = entry.key.startswith("$") and not entry.key.startswith("$$")
    return {
        "number": entry.number,
        "name": entry.name,
        "json": None if synthetic else to_json_key(entry.key),
        "type": entry.type,
        "reserved": entry.reserved,
        "was": list(entry.former_keys),
    }
