"""Excerpts of recorded documents around a fault, as a few lines of JSON without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wirelock.diagnostics import Excerpt
from wirelock.runtime.json.formatting import escape_unprintable, format_count
from wirelock.runtime.json.pointers import join_pointer, split_pointer
from wirelock.runtime.json.text import Json
from wirelock.runtime.schema.documents import MISSING, get_value_at
from wirelock.traffic.secrets import Secrecy, classify_name, classify_pair, redact_value

MAX_ENTRIES = 12
"""Maximum number of properties or items shown per object or array, besides the one with the fault."""
MAX_LEVELS = 6
"""Maximum number of levels shown around the fault."""
MAX_TEXT_LENGTH = 120
"""Maximum number of characters shown per string."""


def cut_excerpt(value: Json, pointer: str) -> Excerpt:
    """Return the lines around a pointer, with the fault marked; a missing property has its own line."""
    names = split_pointer(pointer)
    cut = max(0, len(names) - MAX_LEVELS)
    writer = _ExcerptWriter()
    if cut:
        writer.write_line(0, f"… at {_format_name(join_pointer(names[:cut]))}")
    secrecy: Secrecy = "none"
    for name in names[:cut]:
        secrecy = _combine_secrecy(secrecy, classify_name(name))
    writer.write_value(_ExcerptEntry(get_value_at(value, names[:cut]), secrecy=secrecy), names[cut:], 0)
    return Excerpt(tuple(writer.lines), tuple(writer.marked))


@dataclass(frozen=True, slots=True)
class _ExcerptEntry:
    """A value with the text before and behind it on its line."""

    value: Json
    head: str = ""
    tail: str = ""
    secrecy: Secrecy = "none"


@dataclass(slots=True)
class _ExcerptWriter:
    """Lines of an excerpt; lines written while `marking` are marked."""

    lines: list[str] = field(default_factory=list[str])
    marked: list[int] = field(default_factory=list[int])
    marking: bool = False

    def write_line(self, depth: int, text: str) -> None:
        """Write one line."""
        if self.marking:
            self.marked.append(len(self.lines))
        self.lines.append("  " * depth + text)

    def write_value(self, entry: _ExcerptEntry, path: Sequence[str], depth: int) -> None:
        """Write a value on the path to the fault, with its neighbors."""
        if not path:
            self.marking = True
            self._write_fault(entry, depth)
            self.marking = False
            return
        entries = _list_entries(entry)
        if not entries and not isinstance(entry.value, dict):
            self.marking = True  # a scalar has no members
            self.write_line(depth, _format_short(entry))
            self.marking = False
            return
        self._open(entry, depth)
        self._write_entries(entries, path, depth + 1)
        self._close(entry, depth)

    def _write_fault(self, entry: _ExcerptEntry, depth: int) -> None:
        """Write the value at fault, with its members in short form."""
        entries = _list_entries(entry)
        if not entries:
            self.write_line(depth, _format_short(entry))
            return
        self._open(entry, depth)
        for inner in list(entries.values())[:MAX_ENTRIES]:
            self.write_line(depth + 1, _format_short(inner))
        if len(entries) > MAX_ENTRIES:
            self.write_line(depth + 1, f"… {len(entries) - MAX_ENTRIES} more")
        self._close(entry, depth)

    def _write_entries(self, entries: Mapping[str, _ExcerptEntry], path: Sequence[str], depth: int) -> None:
        last = -1
        for index, name in _choose_entries(list(entries), path[0]):
            if index > last + 1:
                self.write_line(depth, f"… {index - last - 1} more")
            if name == path[0]:
                self.write_value(entries[name], path[1:], depth)
            else:
                self.write_line(depth, _format_short(entries[name]))
            last = index
        if last < len(entries) - 1:
            self.write_line(depth, f"… {len(entries) - last - 1} more")
        if path[0] not in entries:
            self.marking = True
            self.write_line(depth, f"{_format_name(path[0])} is missing")
            self.marking = False

    def _open(self, entry: _ExcerptEntry, depth: int) -> None:
        self.write_line(depth, f"{entry.head}{'{' if isinstance(entry.value, dict) else '['}")

    def _close(self, entry: _ExcerptEntry, depth: int) -> None:
        self.write_line(depth, f"{'}' if isinstance(entry.value, dict) else ']'}{entry.tail}")


def _list_entries(entry: _ExcerptEntry) -> dict[str, _ExcerptEntry]:
    """Return the members of an object or array by name or index."""
    match entry.value:
        case dict() as value:
            pair = classify_pair(value)
            last = len(value) - 1
            return {
                name: _ExcerptEntry(
                    inner,
                    f"{_format_name(name)}: ",
                    "," if index < last else "",
                    _combine_secrecy(entry.secrecy, pair if name == "value" else classify_name(name)),
                )
                for index, (name, inner) in enumerate(value.items())
            }
        case list() as value:
            last = len(value) - 1
            return {
                str(index): _ExcerptEntry(inner, "", "," if index < last else "", entry.secrecy)
                for index, inner in enumerate(value)
            }
        case _:
            return {}


def _choose_entries(names: Sequence[str], target: str) -> Iterator[tuple[int, str]]:
    """Return the shown entries: the one with the fault and its neighbors, or the first ones if it is missing."""
    at = names.index(target) if target in names else 0
    first = max(0, min(at - MAX_ENTRIES // 2, len(names) - MAX_ENTRIES - 1))
    yield from list(enumerate(names))[first : first + MAX_ENTRIES + 1]


def _format_short(entry: _ExcerptEntry) -> str:
    """Format an entry on one line; objects and arrays are shown by size."""
    match entry.value:
        case dict() as value:
            text = f"{{ {format_count(len(value), 'property')} }}" if value else "{}"
        case list() as value:
            text = f"[ {format_count(len(value), 'item')} ]" if value else "[]"
        case _ if entry.value is MISSING:
            text = "is missing"
        case _:
            text = _format_scalar(redact_value(entry.value, entry.secrecy))
    return f"{entry.head}{text}{entry.tail}"


def _format_scalar(value: Json) -> str:
    if isinstance(value, str):
        return _format_name(value)
    text = json.dumps(value)
    return text if len(text) <= MAX_TEXT_LENGTH else text[:MAX_TEXT_LENGTH] + "…"


def _format_name(text: str) -> str:
    """Format a text as JSON, shortened and with unprintable characters escaped."""
    more = "…" if len(text) > MAX_TEXT_LENGTH else ""
    return escape_unprintable(json.dumps(text[:MAX_TEXT_LENGTH], ensure_ascii=False)[:-1]) + more + '"'


def _combine_secrecy(item: Secrecy, other: Secrecy) -> Secrecy:
    return "all" if "all" in (item, other) else "texts" if "texts" in (item, other) else "none"
