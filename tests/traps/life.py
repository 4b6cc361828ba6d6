"""A project that lives: its schemas change from one generation to the next, and its ledger stays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from checkout import configuration
from traps import written

from wirelock.build import Build, build
from wirelock.diagnostics import Location
from wirelock.emit import proto
from wirelock.lower.ledger.ledger import Ledger, read_ledger


class Life:
    """A project whose schemas change, with its ledger kept from one build to the next."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder = folder
        self.settings = settings

    def build(self, schemas: dict[str, Any] | None = None, /, **of_t: Any) -> Build:
        """The next generation: schemas by name, those of the package `t` as keywords; the ledger stays."""
        for old in self.folder.glob("schemas/**/*.json"):
            old.unlink()
        written(
            self.folder, {**(schemas or {}), **{f"t/{name}": schema for name, schema in of_t.items()}}, self.settings
        )
        built = build(configuration(self.folder))
        if built.sound:
            path = self.folder / built.ledger.path
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(built.ledger.content)
        return built

    def proto(self, schemas: dict[str, Any] | None = None, /, **of_t: Any) -> str:
        """The protos of the next generation, which must be sound and silent."""
        built = self.build(schemas, **of_t)
        assert built.diagnostics == ()
        return "".join(artifact.content.decode() for artifact in proto.emit(built).artifacts)

    def codes(self, schemas: dict[str, Any] | None = None, /, **of_t: Any) -> set[str]:
        """What keeps the next generation from being made."""
        return {diagnostic.code.id for diagnostic in self.build(schemas, **of_t).diagnostics if diagnostic.fails}

    @property
    def ledger(self) -> Ledger:
        """The ledger as it is on disk."""
        read = read_ledger((self.folder / "proto/numbers.json").read_bytes(), Location("numbers.json"))
        assert isinstance(read, Ledger), read
        return read


def numbers(proto: str) -> dict[str, int]:
    """Number by field or enum value."""
    return {name: int(number) for name, number in re.findall(r"(\w+) = (\d+)[ ;]", proto)}


def message(proto: str, name: str) -> str:
    """The text of one message or enum."""
    found = re.search(rf"^(?:message|enum) {name} \{{.*?^\}}", proto, re.MULTILINE | re.DOTALL)
    assert found, f"no {name} in:\n{proto}"
    return found[0]
