"""What a run says at its end, from the reports of its processes."""

from __future__ import annotations

from wirelock.diagnostics import Coverage, Report
from wirelock.testing.summary import lines, merged, title


def report(total: int, covered: tuple[str, ...], missed: tuple[str, ...]) -> Report:
    """The report of a process that checked some conforming exchanges."""
    counts: dict[str, int | str] = {"total": total, "conforming": total, "no_body": 0}
    return Report(summary={"exchanges": counts}, coverage=(Coverage("methods", covered, missed),))


def test_what_one_process_exercised_is_exercised() -> None:
    whole = merged([report(2, ("A.Get",), ("A.List", "A.Put")), report(3, ("A.List",), ("A.Get", "A.Put"))])
    assert title(whole) == "wirelock: 5 exchanges, 5 conforming"
    assert list(lines(whole)) == [
        "exercised  A.Get",
        "           A.List",
        "never      A.Put",
        "methods             2 of 3",
    ]


def test_a_long_list_is_cut() -> None:
    never = list(lines(report(1, (), tuple(f"A.Method{index:02}" for index in range(25)))))
    assert never[0] == "never      A.Method00"
    assert never[-2:] == ["           and 5 more", "methods             0 of 25"]
    assert len(never) == 22
