"""Shared fixtures: this repository's project, its loaded artifacts, and its recordings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import RECORDINGS, ROOT, load_config, read_exchanges

from wirelock.api.emit import emit_all
from wirelock.build import Build, build
from wirelock.diagnostics import Report
from wirelock.loader import LoadedArtifacts, load_artifacts
from wirelock.progress import noop_progress
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.conformance.expectations import mark_expected

pytest_plugins = ["long_tests"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run tests with a group first, since they take minutes and would delay the end of a parallel run."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


@pytest.fixture(scope="session", autouse=True)
def _disable_cache() -> None:
    """Disable the result cache of the user for all tests."""
    os.environ["WIRELOCK_CACHE"] = ""


@pytest.fixture(scope="session")
def project() -> Build:
    """The compiled project of this repository."""
    built = build(load_config(ROOT))
    assert built.diagnostics == ()
    return built


@pytest.fixture(scope="session")
def loaded(project: Build) -> LoadedArtifacts:
    """The loaded artifacts of this repository's project."""
    output = emit_all(project, noop_progress)
    assert output.diagnostics == ()
    return load_artifacts(project, output.artifacts)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of this repository's project that a test may modify."""
    for name in ("schemas", "proto", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copytree(RECORDINGS, tmp_path / "tests/recordings", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return tmp_path


@pytest.fixture(scope="session")
def verified(project: Build, loaded: LoadedArtifacts) -> Callable[[str], Report]:
    """A function that verifies one shipped recording by name."""

    def verify(name: str) -> Report:
        check = ConformanceCheck(project.graph, loaded.get_contract)
        for exchange in read_exchanges(name):
            check.check_exchange(exchange)
        report = check.to_report()
        marked = mark_expected(report.diagnostics, project.config.expect, [name])
        return Report(marked, report.summary, report.coverage)

    return verify
