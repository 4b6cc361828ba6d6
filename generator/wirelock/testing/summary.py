"""What a whole test run exercised: the reports of its processes as one, in lines for the terminal and in a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from wirelock.api.excerpts import illustrated
from wirelock.config import Config
from wirelock.diagnostics import Coverage, Diagnostic, Report, in_order
from wirelock.report import FORMATS
from wirelock.runtime.json.formatting import visible
from wirelock.write import write_file

ENDINGS: Mapping[str, str] = {
    ".html": "html",
    ".json": "json",
    ".md": "markdown",
    ".sarif": "sarif",
    ".txt": "text",
    ".xml": "junit",
}
"""The format of a report by the ending of its file."""
MOST_NAMED = 20
"""How many methods the terminal names, of those exercised and of the others; a report has them all."""
_OF_TEST = "::"


def merged(reports: Sequence[Report]) -> Report:
    """The reports of processes that shared the tests of one run: counts are added, what one covered is covered."""
    return Report(
        in_order(one for report in reports for one in report.diagnostics),
        _added([report.summary for report in reports]),
        tuple(_covered(same) for same in zip(*(report.coverage for report in reports), strict=True)),
        cases=tuple(case for report in reports for case in report.cases),
        exhibits=tuple(exhibit for report in reports for exhibit in report.exhibits),
    )


def _added(summaries: Sequence[dict[str, dict[str, int | str]]]) -> dict[str, dict[str, int | str]]:
    return {
        section: {name: sum(int(summary[section][name]) for summary in summaries) for name in counts}
        for section, counts in summaries[0].items()
    }


def _covered(same: Sequence[Coverage]) -> Coverage:
    covered = {name for coverage in same for name in coverage.covered}
    known = covered.union(*(coverage.missed for coverage in same))
    return Coverage(same[0].kind, tuple(sorted(covered)), tuple(sorted(known - covered)))


def title(report: Report) -> str:
    """How many exchanges were checked, and what came of them."""
    counts = report.summary["exchanges"]
    total = counts["total"]
    outcomes = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count and name != "total"]
    return f"wirelock: {total} exchange{'' if total == 1 else 's'}, {', '.join(outcomes)}"


def lines(report: Report) -> Iterator[str]:
    """What was exercised and what never was, and how many findings there are."""
    methods = next(coverage for coverage in report.coverage if coverage.kind == "methods")
    yield from _named("exercised", methods.covered)
    yield from _named("never", methods.missed)
    for coverage in report.coverage:
        whole = len(coverage.covered) + len(coverage.missed)
        if whole:
            yield f"{coverage.kind:<16}{len(coverage.covered):>5} of {whole}"
    levels = Counter(one.level.value for one in report.diagnostics)
    if levels:
        yield "findings   " + ", ".join(f"{levels[level]} {level}{'s' * (levels[level] > 1)}" for level in levels)


def _named(word: str, names: Sequence[str]) -> Iterator[str]:
    more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    for index, name in enumerate([*names[:MOST_NAMED], *more]):
        yield f"{'' if index else word:<11}{visible(name)}"


def written(report: Report, config: Config, file: Path) -> Diagnostic | None:
    """Write a report in the format that the ending of the file names; gives why it cannot be written."""
    shown = illustrated(config, _in_files(report))
    return write_file(file, FORMATS[ENDINGS[file.suffix.lower()]](shown).encode())


def _in_files(report: Report) -> Report:
    """The report with the files of tests as places; exchanges keep the names of the tests."""
    exhibits = tuple(replace(one, about=_in_file(one.about)) for one in report.exhibits)
    return replace(report, diagnostics=tuple(map(_in_file, report.diagnostics)), exhibits=exhibits)


def _in_file(diagnostic: Diagnostic) -> Diagnostic:
    file = diagnostic.where.file.partition(_OF_TEST)[0]
    return replace(diagnostic, where=replace(diagnostic.where, file=file))
