"""The text report: findings, coverage, counts, and the verdict in the last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wirelock.diagnostics import ChangeImpact, Coverage, Diagnostic, Report, Severity
from wirelock.report.changelog import write_changelog
from wirelock.report.groups import FindingGroup, group_findings
from wirelock.report.labels import (
    SIDES,
    format_advice,
    format_location,
    format_section,
    format_verdict,
    get_label,
    list_facts,
    list_verdicts,
)
from wirelock.runtime.json.formatting import escape_unprintable, format_count

MAX_LOCATIONS = 5
"""Maximum number of locations listed per group."""
MAX_MISSED = 2
"""Maximum number of unexercised names listed."""
_LABEL = 9


def render(report: Report) -> str:
    """Render the report as plain text; the first word of a line tells its kind, for coloring.

    Lines contain foreign text (bodies, URLs, file names), so each whole line is escaped here, once.
    """
    blocks = [
        "".join(f"{escape_unprintable(line)}\n" for line in block)
        for block in (
            _format_findings(report),
            _format_notes(report),
            _format_coverage(report.coverage),
            _format_advice(report),
            _format_summary(report),
        )
    ]
    return "\n".join(block for block in blocks if block)


# findings


def _format_findings(report: Report) -> Iterator[str]:
    diagnostics = (diagnostic for diagnostic in report.diagnostics if diagnostic.level is not Severity.NOTE)
    for count, group in enumerate(group_findings(diagnostics)):
        yield from ([""] if count else [])
        yield from _format_group(group)


def _format_group(group: FindingGroup) -> Iterator[str]:
    first = group.first
    times = f"  ({group.times} times)" if group.times > 1 else ""
    yield f"{get_label(first):<{_LABEL}}{first.code.id}  {first.message}{times}"
    yield from _format_locations(group)
    yield from _format_verdicts(first.impact) if first.impact else ()
    if first.schema_location:
        yield _format_line("schema", first.schema_location)
    if first.raised_by:
        yield _format_line("found by", ", ".join(first.raised_by))
    if first.expected_reason:
        yield _format_line("reason", first.expected_reason)
    if first.hint:
        yield _format_line("hint", first.hint)


def _format_verdicts(change: ChangeImpact) -> Iterator[str]:
    """Format the verdicts of a change side by side, with witnesses."""
    cells = zip(SIDES, list_verdicts(change), strict=True)
    rows = zip(*((f"{head:<15}", f"{word:<15}") for head, word in cells), strict=True)
    head, cells_line = ("".join(row).rstrip() for row in rows)
    for name, value in list_facts(change, {"verdict": head, "": cells_line}):
        yield _format_line(name, value)


def _format_locations(group: FindingGroup) -> Iterator[str]:
    if group.first.exchange is not None:
        yield _format_line("first at" if group.times > 1 else "at", format_location(group.first))
        return
    places = [str(member.location) for member in group.members if member.location.file]
    for index, location in enumerate(places[:MAX_LOCATIONS]):
        yield _format_line("" if index else "at", location)
    if len(places) > MAX_LOCATIONS:
        yield _format_line("", f"and {len(places) - MAX_LOCATIONS} more")


def _format_line(label: str, text: str) -> str:
    return f"{'':<{_LABEL}}{label:<9}{text}"


def _format_notes(report: Report) -> Iterator[str]:
    """Format one line per code; `--format json` lists all notes."""
    notes = [diagnostic for diagnostic in report.diagnostics if diagnostic.level is Severity.NOTE]
    plain = [note for note in notes if not _is_request_fault(note)]
    refused = sum(note.occurrences for note in notes if _is_request_fault(note))
    if refused:
        message = f"{format_count(refused, 'fault')} in requests that the server rejected as well"
        yield f"{'note':<{_LABEL}}{message}"
    counts: Counter[str] = Counter()
    for note in plain:
        counts[note.code.id] += note.occurrences
    for code, count in sorted(counts.items()):
        first = next(note for note in plain if note.code.id == code)
        more = f" and {count - 1} more" if count > 1 else ""
        yield f"{'note':<{_LABEL}}{code}  {first.message}{more}"


def _is_request_fault(note: Diagnostic) -> bool:
    """Return True if a note is a fault in a request that the server rejected as well."""
    return bool(note.raised_by) or note.code.id == "MALFORMED"


# coverage and counts


def _format_coverage(coverage: Iterable[Coverage]) -> Iterator[str]:
    coverages = [item for item in coverage if item.covered or item.missed]
    if coverages:
        yield "exercised by the recordings"
    for item in coverages:
        line = f"  {item.kind:<16}{len(item.covered):>5} of {len(item.covered) + len(item.missed):<5}"
        yield f"{line}never: {_abbreviate(item.missed)}" if item.missed else line.rstrip()


def _abbreviate(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_MISSED} more" if len(names) > MAX_MISSED else ""
    return ", ".join(names[:MAX_MISSED]) + more


def _format_advice(report: Report) -> Iterator[str]:
    if report.advice is not None:
        yield f"{'release':<13}{format_advice(report.advice)}"
        yield ""
        yield from write_changelog(report, report.advice).splitlines()


def _format_summary(report: Report) -> Iterator[str]:
    for section, counts in report.summary.items():
        yield f"{section:<13}{format_section(counts)}"
    yield format_verdict(report)
