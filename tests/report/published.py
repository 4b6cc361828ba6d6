"""The official forms of SARIF and JUnit files, from the packages that carry them, fetched once into pytest's cache."""

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
    """A package is not at hand, and why."""


@cache
def sarif_schema() -> Path:
    """The JSON Schema of SARIF 2.1.0, which Microsoft's matchers for jest carry; skips the test where npm cannot."""
    npm = shutil.which("npm") or "npm"
    return _member("microsoft-jest-sarif-1.0.0-beta.0.tgz", SARIF, [npm, "pack", "@microsoft/jest-sarif@1.0.0-beta.0"])


@cache
def junit_schema() -> Path:
    """The XML Schema of Jenkins' xUnit plugin, which the sdist of pytest carries; skips the test where pip cannot."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "pytest==8.4.2"]
    return _member("pytest-8.4.2.tar.gz", f"pytest-8.4.2/{JUNIT}", pip)


def _member(archive: str, member: str, command: Sequence[str]) -> Path:
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
