"""A project whose schemas change over time, with one ledger."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from checkout import load_config
from edge_cases import write_project

from wirelock.build import Build, build
from wirelock.diagnostics import Location
from wirelock.emit import proto
from wirelock.lower.ledger.ledger import Ledger, read_ledger


class SchemaHistory:
    """A project whose schemas change, with its ledger kept from one build to the next."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.folder = folder
        self.settings = settings

    def build(self, schemas: dict[str, Any] | None = None, /, **of_t: Any) -> Build:
        """Build the project with new schemas: by name, or as keywords for those of the package `t`."""
        for old in self.folder.glob("schemas/**/*.json"):
            old.unlink()
        schemas = {**(schemas or {}), **{f"t/{name}": schema for name, schema in of_t.items()}}
        write_project(self.folder, schemas, self.settings)
        built = build(load_config(self.folder))
        if built.is_sound:
            path = self.folder / built.ledger.path
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(built.ledger.content)
        return built

    def emit_proto(self, schemas: dict[str, Any] | None = None, /, **of_t: Any) -> str:
        """Build the project without diagnostics, and return its protos."""
        built = self.build(schemas, **of_t)
        assert built.diagnostics == ()
        return "".join(artifact.content.decode() for artifact in proto.emit(built).artifacts)

    def find_error_codes(self, schemas: dict[str, Any] | None = None, /, **of_t: Any) -> set[str]:
        """Build the project, and return the codes of its errors."""
        return {diagnostic.code.id for diagnostic in self.build(schemas, **of_t).diagnostics if diagnostic.is_failure}

    @property
    def ledger(self) -> Ledger:
        """The ledger on disk."""
        ledger = read_ledger((self.folder / "proto/numbers.json").read_bytes(), Location("numbers.json"))
        assert isinstance(ledger, Ledger), ledger
        return ledger


def find_numbers(proto: str) -> dict[str, int]:
    """Return the numbers of fields and enum values by name."""
    return {name: int(number) for name, number in re.findall(r"(\w+) = (\d+)[ ;]", proto)}


def find_message(proto: str, name: str) -> str:
    """Return the text of one message or enum."""
    match = re.search(rf"^(?:message|enum) {name} \{{.*?^\}}", proto, re.MULTILINE | re.DOTALL)
    assert match, f"no {name} in:\n{proto}"
    return match[0]
