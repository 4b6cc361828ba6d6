"""The report for people: each case is a report made by hand, and `golden/<case>.txt` is how it reads.

`RECORD=1 pytest` writes the golden files anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from by_hand import CASES, exchange, hostile_words, thirty, violation

from wirelock.report.groups import grouped
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
    (group,) = grouped(thirty())
    assert len(group.members) == 30


@pytest.mark.parametrize("other", ["/directory/0", "/time/directory", "/0/title"])
def test_other_places_are_other_groups(other: str) -> None:
    assert len(grouped((violation(exchange(1), "/0/directory"), violation(exchange(1), other)))) == 2


def test_a_terminal_finds_nothing_to_obey() -> None:
    lines = render(hostile_words()).splitlines()
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("clean") for line in lines)
    assert len([line for line in lines if "\\u202egnp.exe\\u0000\\u009b31m\\udc80" in line]) >= 9


@pytest.mark.parametrize("name", CASES)
def test_the_last_line_is_the_verdict(name: str) -> None:
    report = CASES[name]()
    words = ("clean: ", "findings: ", "could not run: ")
    assert render(report).splitlines()[-1].startswith(words[report.exit_code])
