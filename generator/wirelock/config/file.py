"""One configuration file with the position of every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wirelock.diagnostics import Location
from wirelock.runtime.json.pointers import join_pointer


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The keys of a configuration file.

    `table` is the JSON Pointer of the table with the keys, and `positions` has line and column of each pointer.
    `project_version` is the version in `[project]`, "" if there is none.
    """

    name: str
    keys: Mapping[str, Any]
    positions: Mapping[str, tuple[int, int]]
    table: str = ""
    project_version: str = ""

    @property
    def version(self) -> str:
        """The version of the project: the key `version`, else the version in `[project]`, else ""."""
        return str(self.keys.get("version", "") or self.project_version)

    def locate(self, *path: str | int) -> Location:
        """Return the location of a key, or of the nearest table that contains it."""
        pointer = self.table + join_pointer(path)
        while pointer not in self.positions and pointer:
            pointer = pointer.rpartition("/")[0]
        line, column = self.positions.get(pointer, (1, 1))
        return Location(self.name, line, column)
