"""Tests that share what takes minutes to make run in one process; otherwise each process makes it, without a word."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]
GROUPED = """
from pathlib import Path

import pytest


@pytest.mark.xdist_group("of one")
@pytest.mark.parametrize("number", range(6))
def test_beside_the_others(number, worker_id):
    Path(worker_id).touch()
"""


def test_a_group_runs_in_one_process(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_grouped=GROUPED)
    pytester.makeini("[pytest]\n")
    ran = pytester.runpytest_subprocess("-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider")
    ran.assert_outcomes(passed=6)
    assert len(list(pytester.path.glob("gw*"))) == 1
