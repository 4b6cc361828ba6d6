"""The exceptions of `nonconforming.toml`: known deviations from the suite, with reasons."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from official import SuiteCase

TABLE = tomllib.loads(Path(__file__).with_name("nonconforming.toml").read_text("utf-8"))


def find_reasons(artifact: str, cases: Iterable[SuiteCase]) -> dict[str, str]:
    """Return the tests of cases that an artifact may fail, with the reason."""
    exceptions = {exception["test"]: exception["reason"] for exception in TABLE.get(artifact, [])}
    keys = [test.key for case in cases for test in case.tests]
    return {
        key: reason for test, reason in exceptions.items() for key in keys if key == test or key.startswith(f"{test}/")
    }
