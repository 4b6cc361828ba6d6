"""The exceptions of `nonconforming.toml`: what is known to differ from the suite, and why."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

from official import Case

TABLE = tomllib.loads(Path(__file__).with_name("nonconforming.toml").read_text("utf-8"))


def reasons(artefact: str, cases: Iterable[Case]) -> dict[str, str]:
    """The tests of some cases that an artefact may get wrong, with the reason."""
    stated = {exception["test"]: exception["reason"] for exception in TABLE.get(artefact, [])}
    keys = [test.key for case in cases for test in case.tests]
    return {key: reason for test, reason in stated.items() for key in keys if key == test or key.startswith(f"{test}/")}
