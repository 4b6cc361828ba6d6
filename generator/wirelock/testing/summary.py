"""Summary of a test run: the merged reports of its processes for the terminal and for a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from wirelock.api.excerpts import add_excerpts
from wirelock.config import Config
from wirelock.diagnostics import Coverage, Diagnostic, Report, sort_unique
from wirelock.report import FORMATS
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.write import write_file

FORMAT_BY_EXTENSION: Mapping[str, str] = {
    ".html": "html",
    ".json": "json",
    ".md": "markdown",
    ".sarif": "sarif",
    ".txt": "text",
    ".xml": "junit",
}
"""The report format of each file extension."""
MAX_NAMES = 20
"""Method names that the terminal lists of each kind; report files list all."""
_NODE_SEPARATOR = "::"


def merge_reports(reports: Sequence[Report]) -> Report:
    """Merge the reports of the processes of one run: counts are added, and coverage is united."""
    return Report(
        sort_unique(diagnostic for report in reports for diagnostic in report.diagnostics),
        _add_summaries([report.summary for report in reports]),
        tuple(_merge_coverage(parts) for parts in zip(*(report.coverage for report in reports), strict=True)),
        cases=tuple(case for report in reports for case in report.cases),
        examples=tuple(example for report in reports for example in report.examples),
    )


def _add_summaries(summaries: Sequence[dict[str, dict[str, int | str]]]) -> dict[str, dict[str, int | str]]:
    return {
        section: {name: sum(int(summary[section][name]) for summary in summaries) for name in counts}
        for section, counts in summaries[0].items()
    }


def _merge_coverage(parts: Sequence[Coverage]) -> Coverage:
    covered = {name for part in parts for name in part.covered}
    names = covered.union(*(part.missed for part in parts))
    return Coverage(parts[0].kind, tuple(sorted(covered)), tuple(sorted(names - covered)))


def format_title(report: Report) -> str:
    """Return a title with the number of exchanges and their outcomes."""
    counts = report.summary["exchanges"]
    total = counts["total"]
    outcomes = [f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count and name != "total"]
    return f"wirelock: {total} exchange{'' if total == 1 else 's'}, {', '.join(outcomes)}"


def format_lines(report: Report) -> Iterator[str]:
    """Yield lines with the exercised and missed methods, the coverage, and the number of findings."""
    methods = next(coverage for coverage in report.coverage if coverage.kind == "methods")
    yield from _format_names("exercised", methods.covered)
    yield from _format_names("never", methods.missed)
    for coverage in report.coverage:
        total = len(coverage.covered) + len(coverage.missed)
        if total:
            yield f"{coverage.kind:<16}{len(coverage.covered):>5} of {total}"
    levels = Counter(diagnostic.level.value for diagnostic in report.diagnostics)
    if levels:
        yield "findings   " + ", ".join(f"{levels[level]} {level}{'s' * (levels[level] > 1)}" for level in levels)


def _format_names(label: str, names: Sequence[str]) -> Iterator[str]:
    rest = [f"and {len(names) - MAX_NAMES} more"] if len(names) > MAX_NAMES else []
    for index, name in enumerate([*names[:MAX_NAMES], *rest]):
        yield f"{'' if index else label:<11}{escape_unprintable(name)}"


def write_report(report: Report, config: Config, file: Path) -> Diagnostic | None:
    """Write a report in the format of the file extension; return a diagnostic if that fails."""
    report = add_excerpts(config, _locate_in_files(report))
    return write_file(file, FORMATS[FORMAT_BY_EXTENSION[file.suffix.lower()]](report).encode())


def _locate_in_files(report: Report) -> Report:
    """Return the report with test files as locations; exchanges keep the names of the tests."""
    examples = tuple(replace(e, diagnostic=_locate_in_file(e.diagnostic)) for e in report.examples)
    return replace(report, diagnostics=tuple(map(_locate_in_file, report.diagnostics)), examples=examples)


def _locate_in_file(diagnostic: Diagnostic) -> Diagnostic:
    file = diagnostic.location.file.partition(_NODE_SEPARATOR)[0]
    return replace(diagnostic, location=replace(diagnostic.location, file=file))
