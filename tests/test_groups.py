"""Tests with an xdist group run in one process, so that expensive fixtures are built only once."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.long

pytest_plugins = ["pytester"]
GROUPED = """
from pathlib import Path

import pytest


@pytest.mark.xdist_group("of one")
@pytest.mark.parametrize("number", range(6))
def test_in_group(number, worker_id):
    Path(worker_id).touch()
"""


def test_a_group_runs_in_one_process(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_grouped=GROUPED)
    pytester.makeini("[pytest]\n")
    result = pytester.runpytest_subprocess("-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6)
    assert len(list(pytester.path.glob("gw*"))) == 1
