"""The report in GitHub's Markdown for step summaries and comments.

Recorded text could mention users, create links or break tables, so it is escaped or shown as code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wirelock.diagnostics import ChangeImpact, Coverage, Diagnostic, Report, Severity
from wirelock.report.changelog import write_changelog
from wirelock.report.github_markdown import escape_cell, escape_sentence, format_code
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
from wirelock.runtime.json.formatting import format_count

MAX_CHARACTERS = 65_000
"""GitHub allows 65,536 characters in a comment and 1 MiB in a step summary."""
MAX_OPEN_GROUPS = 10
"""Maximum number of groups before the rest is folded."""
MAX_LOCATIONS = 5
MAX_ROWS = 30
"""Maximum number of rows in the table of changes."""
MAX_MISSED = 2
_MARKS = ("✅", "❌", "💥")
"""By exit code."""


def render(report: Report) -> str:
    """Render verdict, counts, findings and coverage in at most MAX_CHARACTERS, with a note on omissions."""
    head = [
        f"### {_MARKS[report.exit_code]} wirelock: {format_verdict(report)}\n",
        _format_counts(report),
        _format_changes(report),
    ]
    tail = [_format_coverage(report.coverage), _format_notes(report), _format_advice(report)]
    room = MAX_CHARACTERS - sum(len(block) + 1 for block in (*head, *tail))
    blocks = [*head, _format_findings(report, room), *tail]
    return "\n".join(block for block in blocks if block)


# changes since the baseline


def _format_changes(report: Report) -> str:
    """Format a table of breaking changes with their verdicts."""
    broken = [item for item in report.diagnostics if item.impact is not None and item.level is not Severity.NOTE]
    if not broken:
        return ""
    head = f"| change | {' | '.join(SIDES)} |\n| --- |{' --- |' * len(SIDES)}\n"
    more = len(broken) - MAX_ROWS
    rest = f"\nand {format_count(more, 'more change')}, see below\n" if more > 0 else ""
    return (
        head
        + "".join(_format_change(item, item.impact) for item in broken[:MAX_ROWS] if item.impact is not None)
        + rest
    )


def _format_change(diagnostic: Diagnostic, change: ChangeImpact) -> str:
    name = format_code(change.element or diagnostic.code.id).replace("|", "\\|")
    return f"| {name} {escape_cell(diagnostic.message)} | {' | '.join(list_verdicts(change))} |\n"


def _format_advice(report: Report) -> str:
    if report.advice is None:
        return ""
    fragment = write_changelog(report, report.advice)
    if len(fragment) > MAX_CHARACTERS // 3:
        fragment = "The changelog does not fit; `--format text` prints it.\n"
    return f"#### Release\n\n{escape_sentence(format_advice(report.advice))}\n\n{fragment}"


# findings


def _format_findings(report: Report, room: int) -> str:
    diagnostics = (diagnostic for diagnostic in report.diagnostics if diagnostic.level is not Severity.NOTE)
    items = ["".join(f"{line}\n" for line in _format_group(group)) for group in group_findings(diagnostics)]
    fitting = _count_fitting(items, room - 400)  # reserve for headings
    first, rest = items[: min(MAX_OPEN_GROUPS, fitting)], items[MAX_OPEN_GROUPS:fitting]
    text = f"#### Findings\n\n{''.join(first)}" if items else ""
    if rest:
        text += f"\n<details><summary>{len(rest)} more</summary>\n\n{''.join(rest)}\n</details>\n"
    if fitting < len(items):
        text += f"\n{format_count(len(items) - fitting, 'further finding')} did not fit; `--format html` shows all.\n"
    return text


def _count_fitting(items: Sequence[str], room: int) -> int:
    """Return how many of the first items fit."""
    for count, item in enumerate(items):
        room -= len(item)
        if room < 0:
            return count
    return len(items)


def _format_group(group: FindingGroup) -> Iterator[str]:
    first, count = group.first, group.times
    times = f" ({count} times)" if count > 1 else ""
    yield f"- **{get_label(first)}** `{first.code.id}` {escape_sentence(first.message)}{times}"
    for name, text in _list_facts(group):
        yield f"  - {name} {text}"


def _list_facts(group: FindingGroup) -> Iterator[tuple[str, str]]:
    first = group.first
    places = [format_location(member) for member in group.members[: 1 if first.exchange else MAX_LOCATIONS]]
    yield from (("at", format_code(place)) for place in places if place)
    if len(group.members) > len(places):
        yield "and", f"{len(group.members) - len(places)} more"
    for name, text in list_facts(first.impact, {}) if first.impact else ():
        yield name, format_code(text)
    if first.schema_location:
        yield "schema", format_code(first.schema_location)
    if first.expected_reason:
        yield "reason:", escape_sentence(first.expected_reason)
    if first.hint:
        yield "hint:", escape_sentence(first.hint)


def _format_notes(report: Report) -> str:
    notes = [diagnostic for diagnostic in report.diagnostics if diagnostic.level is Severity.NOTE]
    if not notes:
        return ""
    lines = [
        _format_note(notes, code, count) for code, count in sorted(Counter(note.code.id for note in notes).items())
    ]
    return f"<details><summary>{format_count(len(notes), 'note')}</summary>\n\n{''.join(lines)}\n</details>\n"


def _format_note(notes: Iterable[Diagnostic], code: str, count: int) -> str:
    first = next(note for note in notes if note.code.id == code)
    return f"- `{code}` {escape_sentence(first.message)}{f' and {count - 1} more' if count > 1 else ''}\n"


# counts and coverage


def _format_counts(report: Report) -> str:
    rows = [
        f"| {escape_cell(section)} | {escape_cell(format_section(counts).strip())} |\n"
        for section, counts in report.summary.items()
    ]
    return f"| counted | |\n| --- | --- |\n{''.join(rows)}" if rows else ""


def _format_coverage(coverage: Sequence[Coverage]) -> str:
    rows = [_format_row(item) for item in coverage if item.covered or item.missed]
    return f"| exercised | | never |\n| --- | ---: | --- |\n{''.join(rows)}" if rows else ""


def _format_row(coverage: Coverage) -> str:
    names = ", ".join(format_code(name).replace("|", "\\|") for name in coverage.missed[:MAX_MISSED])
    more = f" and {len(coverage.missed) - MAX_MISSED} more" if len(coverage.missed) > MAX_MISSED else ""
    total = len(coverage.covered) + len(coverage.missed)
    return f"| {escape_cell(coverage.kind)} | {len(coverage.covered)} of {total} | {names}{more} |\n"
