"""Every folder here is a small API description: `document.*`, and in `output/` what an import makes of it.

`RECORD=1 pytest` writes output and findings anew; a file too many fails like a file too few. What was written is then
compiled, so no scenario may give schemas that wirelock itself refuses.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wirelock.build import build
from wirelock.config import Config
from wirelock.openapi import Imported, import_description
from wirelock.source import Document
from wirelock.source.origins import Folder

HERE = Path(__file__).parent
SCENARIOS = sorted(path.name for path in HERE.iterdir() if list(path.glob("document.*")))
BAD = [name for name in SCENARIOS if name.startswith("bad-")]
FINDINGS = "findings.txt"


def imported(folder: Path) -> Imported:
    """What an import makes of the description in a folder."""
    [document] = folder.glob("document.*")
    origin = Folder(folder, "", document.name)
    entry = origin.read(origin.entry)
    if not isinstance(entry, Document):
        return Imported(diagnostics=(entry,))
    grouping = "path" if folder.name.endswith("by-path") else "tag"
    return import_description(entry, origin, "schemas", grouping, {})


def listing(result: Imported) -> str:
    """One finding a line, its hint below it."""
    return "".join(f"{d.level} {d.code.id} {d.where}: {d.message}\n    {d.hint}\n" for d in result.diagnostics)


def recorded(folder: Path) -> dict[str, str]:
    """The files below a folder, by path."""
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_description_becomes_these_files(name: str) -> None:
    result = imported(HERE / name)
    files = {a.path: a.content.decode() for a in result.artifacts if result.sound} | {FINDINGS: listing(result)}
    if os.environ.get("RECORD"):
        record(HERE / name / "output", files)
    assert files == recorded(HERE / name / "output")


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in BAD])
def test_the_files_compile(name: str, tmp_path: Path) -> None:
    result = imported(HERE / name)
    record(tmp_path, {artifact.path: artifact.content.decode() for artifact in result.artifacts})
    built = build(Config(tmp_path, "wirelock.toml", "small", "small"))
    assert [d for d in built.diagnostics if d.fails] == []
    described = sum(len(service.methods) for service in built.graph.services)
    assert described == result.counts["operations"]


def record(folder: Path, files: dict[str, str]) -> None:
    """Make these the only files below a folder."""
    for path in recorded(folder):
        (folder / path).unlink()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, "utf-8")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_description_is_one_finding_with_a_place_and_a_hint(name: str) -> None:
    result = imported(HERE / name)
    [finding] = [finding for finding in result.diagnostics if finding.fails]
    assert finding.where.line and finding.hint
    assert not result.sound


def test_there_are_scenarios_of_both_kinds() -> None:
    assert len(BAD) >= 15
    assert len(SCENARIOS) - len(BAD) >= 12
