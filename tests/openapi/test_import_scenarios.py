"""Import of small descriptions: each folder has a `document.*`, and its imported files and findings in `output/`.

`RECORD=1 pytest` writes `output/` again. The imported files are then compiled, so that every scenario has valid schemas.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wirelock.build import build
from wirelock.config import Config
from wirelock.openapi import ImportResult, import_description
from wirelock.source import Document
from wirelock.source.origins import FolderOrigin

HERE = Path(__file__).parent
SCENARIOS = sorted(path.name for path in HERE.iterdir() if list(path.glob("document.*")))
BAD = [name for name in SCENARIOS if name.startswith("bad-")]
FINDINGS = "findings.txt"


def run_import(folder: Path) -> ImportResult:
    """Import the document of a folder."""
    [document] = folder.glob("document.*")
    origin = FolderOrigin(folder, "", document.name)
    entry = origin.read(origin.entry)
    if not isinstance(entry, Document):
        return ImportResult(diagnostics=(entry,))
    grouping = "path" if folder.name.endswith("by-path") else "tag"
    return import_description(entry, origin, "schemas", grouping, {})


def format_findings(result: ImportResult) -> str:
    """Format one finding per line, each followed by its hint."""
    return "".join(f"{d.level} {d.code.id} {d.location}: {d.message}\n    {d.hint}\n" for d in result.diagnostics)


def read_output(folder: Path) -> dict[str, str]:
    """Read the files below a folder, by path."""
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_description_becomes_these_files(name: str) -> None:
    result = run_import(HERE / name)
    files = {a.path: a.content.decode() for a in result.artifacts if result.is_sound} | {
        FINDINGS: format_findings(result)
    }
    if os.environ.get("RECORD"):
        write_output(HERE / name / "output", files)
    assert files == read_output(HERE / name / "output")


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in BAD])
def test_the_files_compile(name: str, tmp_path: Path) -> None:
    result = run_import(HERE / name)
    write_output(tmp_path, {artifact.path: artifact.content.decode() for artifact in result.artifacts})
    built = build(Config(tmp_path, "wirelock.toml", "small", "small"))
    assert [d for d in built.diagnostics if d.is_failure] == []
    described = sum(len(service.methods) for service in built.graph.services)
    assert described == result.counts["operations"]


def write_output(folder: Path, files: dict[str, str]) -> None:
    """Replace all files below a folder."""
    for path in read_output(folder):
        (folder / path).unlink()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, "utf-8")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_description_has_one_finding_with_location_and_hint(name: str) -> None:
    result = run_import(HERE / name)
    [finding] = [finding for finding in result.diagnostics if finding.is_failure]
    assert finding.location.line and finding.hint
    assert not result.is_sound


def test_there_are_scenarios_of_both_kinds() -> None:
    assert len(BAD) >= 15
    assert len(SCENARIOS) - len(BAD) >= 12
