"""The figures of docs/conformance.md are those of this run; RECORD=1 writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from batches import Outcome, optional, required
from nonconforming import TABLE, reasons
from official import DRAFTS, Case, suite
from test_codecs import judged
from test_models import judgements
from test_validators import differing

PAGE = Path(__file__).parents[2] / "docs/conformance.md"
NAMES = {"draft7": "draft-07", "draft2019-09": "2019-09", "draft2020-12": "2020-12"}
pytestmark = pytest.mark.xdist_group("suite")  # its cases are compiled once


def row(draft: str, cases: list[Case], outcomes: list[Outcome]) -> str:
    """The line of one draft."""
    count = sum(len(case.tests) for case in cases)
    right = count - len(dict(differing(cases)))
    models = list(judgements(outcomes))
    agreed = sum(one.accepted is one.valid for one in models)
    taken = sum(one.accepted and not one.valid for one in models)
    valid = [verdict for _, verdict in judged(outcomes) if verdict.valid]
    back = sum(verdict.round_trip == "equal" for verdict in valid)
    share = f"{agreed} of {len(models)} ({agreed / len(models):.1%})"
    cells = (NAMES[draft], count, right, share, taken, f"{back} of {len(valid)}")
    return f"| {' | '.join(map(str, cells))} |"


def exceptions() -> list[str]:
    """What differs from the suite, and why, a line for each reason."""
    tests: dict[tuple[str, str], list[str]] = {}
    for artefact, stated in TABLE.items():
        for exception in stated:
            tests.setdefault((artefact, exception["reason"]), []).append(exception["test"])
    return [f"| {artefact} | {len(found)} | {reason} |" for (artefact, reason), found in tests.items()]


def with_rows(page: str, head: str, rows: list[str]) -> str:
    """The page with other lines in the table that begins with a heading."""
    before, _, rest = page.partition(f"{head}\n")
    rule, *lines = rest.split("\n")
    end = next(index for index, line in enumerate(lines) if not line.startswith("|"))
    return "\n".join([f"{before}{head}", rule, *rows, *lines[end:]])


def test_the_figures_are_these() -> None:
    page = PAGE.read_text("utf-8")
    tables = {
        "required": [row(draft, suite().required(draft), required(draft)) for draft in DRAFTS],
        "optional": [row(draft, suite().optional(draft), optional(draft)) for draft in DRAFTS],
    }
    written = page
    for name, rows in tables.items():
        head = f"| {name} tests | tests | validators right | models agree | models accept wrongly | come back equal |"
        written = with_rows(written, head, rows)
    written = with_rows(written, "| artefact | entries | reason |", exceptions())
    if os.environ.get("RECORD"):
        PAGE.write_text(written, "utf-8")
    assert PAGE.read_text("utf-8") == written


def test_every_exception_is_about_a_test_of_the_suite() -> None:
    cases = [case for draft in DRAFTS for case in (*suite().required(draft), *suite().optional(draft))]
    for artefact, stated in TABLE.items():
        assert {exception["reason"] for exception in stated} == set(reasons(artefact, cases).values())
        assert len(reasons(artefact, cases)) >= len(stated)
