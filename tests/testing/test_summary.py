"""The summary of a test run from the reports of its processes."""

from __future__ import annotations

from wirelock.diagnostics import Coverage, Report
from wirelock.testing.summary import format_lines, format_title, merge_reports


def build_report(total: int, covered: tuple[str, ...], missed: tuple[str, ...]) -> Report:
    """Return the report of a process that checked some conforming exchanges."""
    counts: dict[str, int | str] = {"total": total, "conforming": total, "no_body": 0}
    return Report(summary={"exchanges": counts}, coverage=(Coverage("methods", covered, missed),))


def test_coverage_of_processes_is_united() -> None:
    merged = merge_reports(
        [build_report(2, ("A.Get",), ("A.List", "A.Put")), build_report(3, ("A.List",), ("A.Get", "A.Put"))]
    )
    assert format_title(merged) == "wirelock: 5 exchanges, 5 conforming"
    assert list(format_lines(merged)) == [
        "exercised  A.Get",
        "           A.List",
        "never      A.Put",
        "methods             2 of 3",
    ]


def test_a_long_list_is_shortened() -> None:
    lines = list(format_lines(build_report(1, (), tuple(f"A.Method{index:02}" for index in range(25)))))
    assert lines[0] == "never      A.Method00"
    assert lines[-2:] == ["           and 5 more", "methods             0 of 25"]
    assert len(lines) == 22
