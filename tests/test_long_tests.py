"""The default run: it leaves out long tests, but no folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULE = """
import pytest

@pytest.mark.long
def test_long():
    pass

def test_short():
    pass
"""
pytest_plugins = ["pytester"]


@pytest.mark.long
def test_most_tests_and_every_folder_are_in_the_default_run() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q"]
    output = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    counts = {Path(file): int(count) for file, count in re.findall(r"^(tests/\S+\.py): (\d+)$", output, re.MULTILINE)}
    [left_out] = re.findall(r"^left out ([\d,]+) long tests", output, re.MULTILINE)
    total = sum(counts.values())
    assert total / (total + int(left_out.replace(",", ""))) >= 0.8
    folders = {path.parent.relative_to(ROOT) for path in ROOT.glob("tests/**/test_*.py")}
    assert folders == {path.parent for path in counts}


@pytest.mark.parametrize(
    ("arguments", "passed"), [([], 1), (["--long"], 2), (["test_module.py"], 2)], ids=["default", "--long", "a file"]
)
def test_long_tests_run_on_request(
    arguments: list[str], passed: int, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.syspathinsert(Path(__file__).parent)
    pytester.makeini("[pytest]\nmarkers = long\n")
    pytester.makepyfile(test_module=MODULE)
    result = pytester.runpytest_inprocess("-p", "long_tests", *arguments)
    result.assert_outcomes(passed=passed, deselected=2 - passed)
    assert ("left out 1 long test" in result.stdout.str()) == (passed == 1)
