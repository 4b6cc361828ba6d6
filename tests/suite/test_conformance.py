"""The figures in docs/conformance.md; RECORD=1 updates them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from batches import CompiledCase, compile_optional, compile_required
from nonconforming import TABLE, find_reasons
from official import DRAFTS, SuiteCase, load_suite
from test_codecs import judge_tests
from test_models import check_models
from test_validators import find_differences

PAGE = Path(__file__).parents[2] / "docs/conformance.md"
NAMES = {"draft7": "draft-07", "draft2019-09": "2019-09", "draft2020-12": "2020-12"}
pytestmark = pytest.mark.xdist_group("suite")  # its cases are compiled once


def format_row(draft: str, cases: list[SuiteCase], outcomes: list[CompiledCase]) -> str:
    """Return the table row of one draft."""
    count = sum(len(case.tests) for case in cases)
    right = count - len(dict(find_differences(cases)))
    models = list(check_models(outcomes))
    agreed = sum(verdict.accepted is verdict.valid for verdict in models)
    accepted_wrongly = sum(verdict.accepted and not verdict.valid for verdict in models)
    valid = [verdict for _, verdict in judge_tests(outcomes) if verdict.is_valid]
    back = sum(verdict.round_trip == "equal" for verdict in valid)
    share = f"{agreed} of {len(models)} ({agreed / len(models):.1%})"
    cells = (NAMES[draft], count, right, share, accepted_wrongly, f"{back} of {len(valid)}")
    return f"| {' | '.join(map(str, cells))} |"


def format_exceptions() -> list[str]:
    """Return a table row for each reason of an exception."""
    tests: dict[tuple[str, str], list[str]] = {}
    for artifact, exceptions in TABLE.items():
        for exception in exceptions:
            tests.setdefault((artifact, exception["reason"]), []).append(exception["test"])
    return [f"| {artifact} | {len(keys)} | {reason} |" for (artifact, reason), keys in tests.items()]


def replace_rows(page: str, head: str, rows: list[str]) -> str:
    """Return the page with new rows in the table with the given header."""
    before, _, rest = page.partition(f"{head}\n")
    rule, *lines = rest.split("\n")
    end = next(index for index, line in enumerate(lines) if not line.startswith("|"))
    return "\n".join([f"{before}{head}", rule, *rows, *lines[end:]])


def test_the_figures_are_up_to_date() -> None:
    page = PAGE.read_text("utf-8")
    tables = {
        "required": [format_row(draft, load_suite().load_required(draft), compile_required(draft)) for draft in DRAFTS],
        "optional": [format_row(draft, load_suite().load_optional(draft), compile_optional(draft)) for draft in DRAFTS],
    }
    written = page
    for name, rows in tables.items():
        head = f"| {name} tests | tests | validators right | models agree | models accept wrongly | come back equal |"
        written = replace_rows(written, head, rows)
    written = replace_rows(written, "| artifact | entries | reason |", format_exceptions())
    if os.environ.get("RECORD"):
        PAGE.write_text(written, "utf-8")
    assert PAGE.read_text("utf-8") == written


def test_every_exception_names_a_test_of_the_suite() -> None:
    cases = [
        case for draft in DRAFTS for case in (*load_suite().load_required(draft), *load_suite().load_optional(draft))
    ]
    for artifact, exceptions in TABLE.items():
        assert {exception["reason"] for exception in exceptions} == set(find_reasons(artifact, cases).values())
        assert len(find_reasons(artifact, cases)) >= len(exceptions)
