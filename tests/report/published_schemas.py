"""The official schemas of SARIF and JUnit, fetched once from packages into pytest's cache."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[2] / ".pytest_cache/d/report-forms"
SARIF = "package/lib/schemas/sarif-2.1.0-rtm.5.json"
JUNIT = "testing/example_scripts/junit-10.xsd"


class NotFetched(Exception):
    """Raised when a package cannot be fetched, with the reason."""


@cache
def fetch_sarif_schema() -> Path:
    """Return the JSON Schema of SARIF 2.1.0 from Microsoft's jest matchers; skip the test if npm cannot fetch it."""
    npm = shutil.which("npm") or "npm"
    return _read_member(
        "microsoft-jest-sarif-1.0.0-beta.0.tgz", SARIF, [npm, "pack", "@microsoft/jest-sarif@1.0.0-beta.0"]
    )


@cache
def fetch_junit_schema() -> Path:
    """Return the XML Schema of Jenkins' xUnit plugin from pytest's sdist; skip the test if pip cannot fetch it."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "pytest==8.4.2"]
    return _read_member("pytest-8.4.2.tar.gz", f"pytest-8.4.2/{JUNIT}", pip)


def _read_member(archive: str, member: str, command: Sequence[str]) -> Path:
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        if not (CACHE / member).is_file():
            _fetch(archive, member, command)
    except (OSError, KeyError, tarfile.TarError, NotFetched) as why:
        pytest.skip(f"{archive} cannot be fetched: {why}")
    return CACHE / member


def _fetch(archive: str, member: str, command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=CACHE, capture_output=True, text=True)
    if done.returncode:
        raise NotFetched((done.stderr.strip().splitlines() or ["no reason is given"])[-1])
    with tarfile.open(CACHE / archive) as content:
        content.extract(member, CACHE, filter="data")
