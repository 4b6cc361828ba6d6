"""Every version of a large real description, imported and generated in memory.

The descriptions are too large for this repository: the variable WIRELOCK_OPENAPI names a folder with
`opencode-openapi-<version>.json`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wirelock.api.emit import Output, emitted
from wirelock.api.import_ import import_document
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Report
from wirelock.loader import Loaded, load
from wirelock.progress import silent

FOLDER = os.environ.get("WIRELOCK_OPENAPI", "")


@dataclass(frozen=True, slots=True)
class Generated:
    """One version: the description, what importing it said, and everything generated from it."""

    description: dict[str, Any]
    root: Path
    imported: Report
    build: Build
    output: Output
    loaded: Loaded


def path_of(version: str) -> Path:
    """The description of a version."""
    return Path(FOLDER) / f"opencode-openapi-{version}.json"


def versions() -> list[str]:
    """The versions that there are, oldest first."""
    names = [path.stem.rpartition("-")[2] for path in Path(FOLDER).glob("opencode-openapi-*.json")] if FOLDER else []
    return sorted(names, key=lambda name: tuple(map(int, name.split("."))))


def generated_from(version: str, root: Path) -> Generated:
    """Import and generate a version in an empty folder."""
    config = Config(root, "wirelock.toml", "opencode_api", "opencode")
    report = import_document(config, str(path_of(version)))
    assert report.exit_code == 0
    built = build(config)
    output = emitted(built, silent)
    assert output.sound, output.diagnostics
    description = json.loads(path_of(version).read_text("utf-8"))
    return Generated(description, root, report, built, output, load(built, output.artifacts))
