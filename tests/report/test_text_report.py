"""The text report: `golden/<case>.txt` has the output for each sample report.

`RECORD=1 pytest` rewrites the golden files.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from sample_reports import CASES, hostile_words, make_exchange, make_thirty_violations, make_violation

from wirelock.report.groups import group_findings
from wirelock.report.text import render

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", CASES)
def test_a_report_reads_as_recorded(name: str) -> None:
    text, golden = render(CASES[name]()), GOLDEN / f"{name}.txt"
    if os.environ.get("RECORD"):
        golden.write_bytes(text.encode())
    assert text.encode() == golden.read_bytes()


def test_every_golden_file_has_its_case() -> None:
    assert {path.name for path in GOLDEN.glob("*.txt")} == {f"{name}.txt" for name in CASES}


def test_thirty_occurrences_in_lists_and_on_their_own_are_one_group() -> None:
    (group,) = group_findings(make_thirty_violations())
    assert len(group.members) == 30


@pytest.mark.parametrize("other", ["/directory/0", "/time/directory", "/0/title"])
def test_other_places_are_other_groups(other: str) -> None:
    assert (
        len(group_findings((make_violation(make_exchange(1), "/0/directory"), make_violation(make_exchange(1), other))))
        == 2
    )


def test_a_terminal_finds_nothing_to_obey() -> None:
    lines = render(hostile_words()).splitlines()
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("passed") for line in lines)
    assert len([line for line in lines if "\\u202egnp.exe\\u0000\\u009b31m\\udc80" in line]) >= 9


@pytest.mark.parametrize("name", CASES)
def test_the_last_line_is_the_verdict(name: str) -> None:
    report = CASES[name]()
    results = (r"passed( with \d+ .*)?$", r"failed with \d+ error", r"could not run: \d+ error")
    assert re.match(results[report.exit_code], render(report).splitlines()[-1])
