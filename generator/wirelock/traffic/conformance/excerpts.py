"""What of a recorded document is near a fault, as lines of JSON: short whatever its size, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wirelock.diagnostics import Excerpt
from wirelock.runtime.json.formatting import counted, visible
from wirelock.runtime.json.pointers import names_of, pointer_of
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.documents import MISSING, value_at
from wirelock.traffic.secrets import Secrecy, of_pair, secrecy, shown

MOST_ENTRIES = 12
"""How many properties or items of one object or array are shown, besides the one that leads to the fault."""
MOST_LEVELS = 6
"""How many levels around the fault are shown."""
LONGEST = 120
"""How many characters of a text are shown."""


def excerpt(value: Json, pointer: str) -> Excerpt:
    """The lines around the place of a pointer, which are marked; a property that is missing has a line of its own."""
    names = names_of(pointer)
    cut = max(0, len(names) - MOST_LEVELS)
    page = _Page()
    if cut:
        page.line(0, f"… at {_name(pointer_of(names[:cut]))}")
    kept: Secrecy = "none"
    for name in names[:cut]:
        kept = _stricter(kept, secrecy(name))
    page.value(_Entry(value_at(value, names[:cut]), kept=kept), names[cut:], 0)
    return Excerpt(tuple(page.lines), tuple(page.marked))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A value with what stands before and behind it on its line."""

    value: Json
    head: str = ""
    tail: str = ""
    kept: Secrecy = "none"


@dataclass(slots=True)
class _Page:
    """Lines as they are written; those written while `marking` are marked."""

    lines: list[str] = field(default_factory=list[str])
    marked: list[int] = field(default_factory=list[int])
    marking: bool = False

    def line(self, depth: int, text: str) -> None:
        """Write one line."""
        if self.marking:
            self.marked.append(len(self.lines))
        self.lines.append("  " * depth + text)

    def value(self, entry: _Entry, path: Sequence[str], depth: int) -> None:
        """Write a value on the way to the fault, with what stands around the way."""
        if not path:
            self.marking = True
            self._fault(entry, depth)
            self.marking = False
            return
        entries = _entries(entry)
        if not entries and not isinstance(entry.value, dict):
            self.marking = True  # nothing can be inside it
            self.line(depth, _short(entry))
            self.marking = False
            return
        self._open(entry, depth)
        self._around(entries, path, depth + 1)
        self._close(entry, depth)

    def _fault(self, entry: _Entry, depth: int) -> None:
        """Write the value at fault: itself, or what it holds in short."""
        entries = _entries(entry)
        if not entries:
            self.line(depth, _short(entry))
            return
        self._open(entry, depth)
        for inner in list(entries.values())[:MOST_ENTRIES]:
            self.line(depth + 1, _short(inner))
        if len(entries) > MOST_ENTRIES:
            self.line(depth + 1, f"… {len(entries) - MOST_ENTRIES} more")
        self._close(entry, depth)

    def _around(self, entries: Mapping[str, _Entry], path: Sequence[str], depth: int) -> None:
        last = -1
        for index, name in _chosen(list(entries), path[0]):
            if index > last + 1:
                self.line(depth, f"… {index - last - 1} more")
            if name == path[0]:
                self.value(entries[name], path[1:], depth)
            else:
                self.line(depth, _short(entries[name]))
            last = index
        if last < len(entries) - 1:
            self.line(depth, f"… {len(entries) - last - 1} more")
        if path[0] not in entries:
            self.marking = True
            self.line(depth, f"{_name(path[0])} is missing")
            self.marking = False

    def _open(self, entry: _Entry, depth: int) -> None:
        self.line(depth, f"{entry.head}{'{' if isinstance(entry.value, dict) else '['}")

    def _close(self, entry: _Entry, depth: int) -> None:
        self.line(depth, f"{'}' if isinstance(entry.value, dict) else ']'}{entry.tail}")


def _entries(entry: _Entry) -> dict[str, _Entry]:
    """What an object or array holds, by name or index."""
    match entry.value:
        case dict() as value:
            pair = of_pair(value)
            last = len(value) - 1
            return {
                name: _Entry(
                    inner,
                    f"{_name(name)}: ",
                    "," if index < last else "",
                    _stricter(entry.kept, pair if name == "value" else secrecy(name)),
                )
                for index, (name, inner) in enumerate(value.items())
            }
        case list() as value:
            last = len(value) - 1
            return {
                str(index): _Entry(inner, "", "," if index < last else "", entry.kept)
                for index, inner in enumerate(value)
            }
        case _:
            return {}


def _chosen(names: Sequence[str], wanted: str) -> Iterator[tuple[int, str]]:
    """The entries that are shown: the wanted one and those beside it, or the first where it is missing."""
    at = names.index(wanted) if wanted in names else 0
    first = max(0, min(at - MOST_ENTRIES // 2, len(names) - MOST_ENTRIES - 1))
    yield from list(enumerate(names))[first : first + MOST_ENTRIES + 1]


def _short(entry: _Entry) -> str:
    """An entry on one line; objects and arrays as how much they hold."""
    match entry.value:
        case dict() as value:
            text = f"{{ {counted(len(value), 'property')} }}" if value else "{}"
        case list() as value:
            text = f"[ {counted(len(value), 'item')} ]" if value else "[]"
        case _ if entry.value is MISSING:
            text = "is missing"
        case _:
            text = _scalar(shown(entry.value, entry.kept))
    return f"{entry.head}{text}{entry.tail}"


def _scalar(value: Json) -> str:
    if isinstance(value, str):
        return _name(value)
    text = json.dumps(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _name(text: str) -> str:
    """A text as JSON, shortened; what is not printable is escaped."""
    more = "…" if len(text) > LONGEST else ""
    return visible(json.dumps(text[:LONGEST], ensure_ascii=False)[:-1]) + more + '"'


def _stricter(one: Secrecy, other: Secrecy) -> Secrecy:
    return "all" if "all" in (one, other) else "texts" if "texts" in (one, other) else "none"
