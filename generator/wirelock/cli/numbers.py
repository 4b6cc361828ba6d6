"""numbers: the ledger as a table, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from wirelock.api.numbers import Numbered
from wirelock.lower.ledger.ledger import Entry
from wirelock.runtime.json.formatting import visible
from wirelock.version import VERSION

_HEAD = ("number", "name", "json", "type", "")


def listing(found: Sequence[Numbered], format: str) -> str:
    """The numbers of messages and enums as text or JSON."""
    return _json(found) if format == "json" else "\n\n".join("\n".join(_lines(one)) for one in found)


def _lines(one: Numbered) -> Iterator[str]:
    yield visible(f"{one.kind} {one.name}  {one.scope.source}")
    rows = [_HEAD, *(_row(entry) for entry in one.scope.entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for number, *cells in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths[1:], strict=True))
        yield f"  {number.rjust(widths[0])}  {line}".rstrip()


def _row(entry: Entry) -> tuple[str, ...]:
    former = [f"was {key}" for key in entry.was]
    marks = ", ".join([*(["reserved"] if entry.reserved else []), *former])
    return tuple(visible(cell) for cell in (str(entry.number), entry.name, json_key(entry.key), entry.type, marks))


def json_key(key: str) -> str:
    """The JSON property or value of a ledger's key; `-` for a field that stands for none."""
    if key.startswith("$$"):
        return key[1:]
    return "-" if key.startswith("$") else key


def _json(found: Iterable[Numbered]) -> str:
    value = {"wirelock": VERSION, "numbers": [_facts(one) for one in found]}
    return "\n".join(visible(line) for line in json.dumps(value, indent=2, ensure_ascii=False).split("\n"))


def _facts(one: Numbered) -> dict[str, object]:
    return {
        "kind": one.kind,
        "name": one.name,
        "source": one.scope.source,
        "was": list(one.scope.was),
        "entries": [_entry(entry) for entry in one.scope.entries],
    }


def _entry(entry: Entry) -> dict[str, object]:
    synthetic = entry.key.startswith("$") and not entry.key.startswith("$$")
    return {
        "number": entry.number,
        "name": entry.name,
        "json": None if synthetic else json_key(entry.key),
        "type": entry.type,
        "reserved": entry.reserved,
        "was": list(entry.was),
    }
