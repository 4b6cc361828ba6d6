"""Scenarios: each folder is a small project with its output and diagnostics.

`input/` is the project, `output/` what the fast emitters write, `diagnostics.txt` what is reported. `RECORD=1 pytest`
writes output and diagnostics anew; a file too many fails like a file too few.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wirelock.build import Build, build
from wirelock.config import Config, read_config
from wirelock.diagnostics import Diagnostic, sort_unique
from wirelock.emit import EMITTERS

HERE = Path(__file__).parent
SCENARIOS = sorted(path.name for path in HERE.iterdir() if (path / "input").is_dir())
EMITTER_NAMES = ("proto", "mapping")


def generate(project: Path) -> tuple[dict[str, bytes], str]:
    """Return the generated files of a project by path, and its diagnostics as text."""
    config = read_config(project)
    if not isinstance(config, Config):
        return {}, format_diagnostics(config)
    built = build(config)
    files, emit_diagnostics = emit_scenario(built) if built.is_sound else ({}, ())
    return files, format_diagnostics(sort_unique((*built.diagnostics, *emit_diagnostics)))


def emit_scenario(built: Build) -> tuple[dict[str, bytes], tuple[Diagnostic, ...]]:
    """Return the ledger and the artifacts of the readable emitters."""
    results = [emitter.emit(built) for emitter in EMITTERS if emitter.name in EMITTER_NAMES]
    artifacts = [built.ledger, *(artifact for result in results for artifact in result.artifacts)]
    return {a.path: a.content for a in artifacts}, tuple(d for result in results for d in result.diagnostics)


def format_diagnostics(diagnostics: tuple[Diagnostic, ...]) -> str:
    """Format each diagnostic on one line, with its hint on the next."""
    return "".join(f"{d.level} {d.code.id} {d.location}: {d.message}\n    {d.hint}\n" for d in diagnostics)


def read_files(folder: Path) -> dict[str, bytes]:
    """Read the files below a folder by path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    scenario = HERE / name
    files, diagnostics = generate(scenario / "input")
    if os.environ.get("RECORD"):
        record(scenario, files, diagnostics)
    assert diagnostics == (scenario / "diagnostics.txt").read_text("utf-8")
    assert files == read_files(scenario / "output")


def record(scenario: Path, files: dict[str, bytes], diagnostics: str) -> None:
    """Record the actual output as the expectation."""
    for path in read_files(scenario / "output"):
        (scenario / "output" / path).unlink()
    for path, content in files.items():
        target = scenario / "output" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (scenario / "diagnostics.txt").write_text(diagnostics, "utf-8")


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 10
