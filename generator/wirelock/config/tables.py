"""The keys of one configuration file, where they stand, and what is wrong with them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from wirelock.diagnostics import Code, Diagnostic, Location, Severity

CONFIG_KEY_UNKNOWN = Code("CONFIG_KEY_UNKNOWN", Severity.ERROR, fatal=True)
CONFIG_VALUE_INVALID = Code("CONFIG_VALUE_INVALID", Severity.ERROR, fatal=True)


@dataclass(frozen=True, slots=True)
class Table:
    """The keys of one configuration file.

    `version` is the project's own: that beside it in pyproject.toml, or the key; "" where neither states one.
    """

    file: str
    text: str
    keys: Mapping[str, Any]
    version: str = ""

    def at(self, key: str) -> Location:
        """The line where a key is set; the top of the file if it is not."""
        pattern = re.compile(rf"^\s*(\[*[\w.\-\"']*(?<!\w))?{re.escape(key)}(?!\w)", re.MULTILINE)
        match = pattern.search(self.text)
        return Location(self.file, self.text.count("\n", 0, match.start()) + 1 if match else 1, 1)

    def inside(self, parent: str, key: str) -> Location:
        """The line of a key in a table, which may be one line with braces; that of the table if there is none."""
        start = self.at(parent)
        lines = self.text.splitlines()[max(start.line - 1, 0) :]
        pattern = re.compile(rf"(?<![\w.\-]){re.escape(key)}[\"']?\s*=")
        found = next((number for number, line in enumerate(lines, start.line) if pattern.search(line)), start.line)
        return Location(self.file, found, 1)


def unknown(table: Table, keys: Mapping[str, Any], known: Iterable[str]) -> list[Diagnostic]:
    """One diagnostic for each key that is not known, with the one that was probably meant."""
    names = list(known)
    faults: list[Diagnostic] = []
    for key in keys:
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(names)}"
            faults.append(Diagnostic(CONFIG_KEY_UNKNOWN, table.at(key), f"unknown key {key!r}", hint))
    return faults


def wrong(table: Table, key: str, wanted: str) -> Diagnostic:
    """A key with a value that it cannot have."""
    return Diagnostic(
        CONFIG_VALUE_INVALID, table.at(key), f"{key} has a value that it cannot have", f"it must be {wanted}"
    )


def as_table(value: object) -> Mapping[str, Any] | None:
    """A value as a table; None if it is none."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def items(value: object) -> list[object]:
    """The items of a list; what is no list counts as one wrong item."""
    return cast("list[object]", value) if isinstance(value, list) else [None]
