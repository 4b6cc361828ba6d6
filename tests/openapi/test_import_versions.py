"""Every version of a large real description imports and compiles, and its services have every operation.

The descriptions are too large for this repository: the variable WIRELOCK_OPENAPI names a folder with
`opencode-openapi-<version>.json`. `versions.txt` says what comes of each; RECORD=1 writes it anew.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from wirelock.api import import_document
from wirelock.build import build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic

TABLE = Path(__file__).parent / "versions.txt"
FOLDER = os.environ.get("WIRELOCK_OPENAPI", "")
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

pytestmark = pytest.mark.skipif(not FOLDER, reason="WIRELOCK_OPENAPI names no folder with descriptions")


def versions() -> list[str]:
    names = [path.stem.rpartition("-")[2] for path in Path(FOLDER).glob("opencode-openapi-*.json")] if FOLDER else []
    return sorted(names, key=lambda name: tuple(map(int, name.split("."))))


def counted(diagnostics: tuple[Diagnostic, ...]) -> str:
    codes = Counter(diagnostic.code.id for diagnostic in diagnostics)
    return ", ".join(f"{count} {code}" for code, count in sorted(codes.items())) or "none"


def row(version: str, root: Path) -> str:
    """What comes of one version, in one line; fails where something is lost without a word."""
    document = Path(FOLDER) / f"opencode-openapi-{version}.json"
    stated = json.loads(document.read_text("utf-8"))
    operations = {(v.upper(), p) for p, item in stated["paths"].items() for v in item if v in VERBS}
    config = Config(root, "wirelock.toml", "opencode_api", "opencode")
    report = import_document(config, str(document))
    assert report.exit_code == 0
    built = build(config)
    assert built.sound
    methods = [method for service in built.graph.services for method in service.methods]
    described = {(method.verb, method.path.replace("{path=**}", "*")) for method in methods}
    assert described == operations and len(methods) == len(operations)
    names = {source["source"].rpartition("/")[2] for source in _manifest(root)["files"].values()}
    assert set(stated["components"]["schemas"]) <= names
    paths = [path.relative_to(root).as_posix().casefold() for path in root.rglob("*.json")]
    assert len(paths) == len(set(paths))
    summary = report.summary["import"]
    cells = [version, *(str(summary[key]) for key in ("schemas", "operations", "packages", "files"))]
    return f"{' | '.join(cells)} | {counted((*report.diagnostics, *built.diagnostics))}"


def _manifest(root: Path) -> dict[str, dict[str, dict[str, str]]]:
    manifest: dict[str, dict[str, dict[str, str]]] = json.loads((root / "schemas/import.json").read_text("utf-8"))
    return manifest


def test_every_version_imports_and_compiles(tmp_path: Path) -> None:
    rows = ["version | schemas | operations | packages | files | warnings"]
    for version in versions():
        (tmp_path / version).mkdir()
        rows.append(row(version, tmp_path / version))
    text = "\n".join(rows) + "\n"
    if os.environ.get("RECORD"):
        TABLE.write_text(text, "utf-8")
    assert text == TABLE.read_text("utf-8")


def test_versions_import_on_top_of_each_other(tmp_path: Path) -> None:
    config = Config(tmp_path, "wirelock.toml", "opencode_api", "opencode")
    for version in versions():
        assert import_document(config, str(Path(FOLDER) / f"opencode-openapi-{version}.json")).exit_code == 0
        assert build(config).sound
