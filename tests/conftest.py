"""What many tests start from: the project itself, its artefacts loaded in memory, and its recordings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import RECORDINGS, ROOT, configuration, exchanges

from wirelock.api.emit import emitted
from wirelock.build import Build, build
from wirelock.diagnostics import Report
from wirelock.loader import Loaded, load
from wirelock.progress import silent
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.conformance.expectations import expected


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with tests that have a group, which take minutes, so that no process of pytest-xdist waits for the last."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session", autouse=True)
def _nothing_kept() -> None:
    """No test meets what another left, or leaves anything to whoever runs it."""
    os.environ["WIRELOCK_CACHE"] = ""


@pytest.fixture(scope="session")
def project() -> Build:
    """This repository's own project, compiled."""
    built = build(configuration(ROOT))
    assert built.diagnostics == ()
    return built


@pytest.fixture(scope="session")
def loaded(project: Build) -> Loaded:
    """The artefacts of this repository's project."""
    output = emitted(project, silent)
    assert output.diagnostics == ()
    return load(project, output.artifacts)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of this repository's project: schemas, protos and generated files, to be broken at will."""
    for name in ("schemas", "proto", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copytree(RECORDINGS, tmp_path / "tests/recordings", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return tmp_path


@pytest.fixture(scope="session")
def verified(project: Build, loaded: Loaded) -> Callable[[str], Report]:
    """Verifies one shipped recording by name."""

    def run(name: str) -> Report:
        check = Check(project.graph, loaded.contract)
        for exchange in exchanges(name):
            check.exchange(exchange)
        report = check.report()
        marked = expected(report.diagnostics, project.config.expect, [name])
        return Report(marked, report.summary, report.coverage)

    return run
