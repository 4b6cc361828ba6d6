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

from wirelock.api.emit import EmittedFiles, emit_all
from wirelock.api.import_ import import_document
from wirelock.api.project import Project
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.diagnostics import Report
from wirelock.loader import LoadedArtifacts, load_artifacts
from wirelock.progress import noop_progress

FOLDER = os.environ.get("WIRELOCK_OPENAPI", "")


@dataclass(frozen=True, slots=True)
class GeneratedVersion:
    """One version: the description, the import report, and everything generated from it."""

    description: dict[str, Any]
    root: Path
    imported: Report
    build: Build
    output: EmittedFiles
    loaded: LoadedArtifacts


def get_path(version: str) -> Path:
    """Return the file of a version."""
    return Path(FOLDER) / f"opencode-openapi-{version}.json"


def find_versions() -> list[str]:
    """Return the available versions, oldest first."""
    names = [path.stem.rpartition("-")[2] for path in Path(FOLDER).glob("opencode-openapi-*.json")] if FOLDER else []
    return sorted(names, key=lambda name: tuple(map(int, name.split("."))))


def generate_version(version: str, root: Path) -> GeneratedVersion:
    """Import and generate a version in an empty folder."""
    config = Config(root, "wirelock.toml", "opencode_api", "opencode")
    report = import_document(Project(config), str(get_path(version)))
    assert report.exit_code == 0
    built = build(config)
    output = emit_all(built, noop_progress)
    assert output.is_sound, output.diagnostics
    description = json.loads(get_path(version).read_text("utf-8"))
    return GeneratedVersion(description, root, report, built, output, load_artifacts(built, output.artifacts))
