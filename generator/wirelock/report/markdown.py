"""The report in GitHub's Markdown, for a step's summary or a comment: short, and safe to post.

What is recorded could mention people, link, break a table or close a block; it is shown as code, or escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wirelock.diagnostics import Coverage, Diagnostic, Report, Severity, Verdicts
from wirelock.report.changelog import changelog
from wirelock.report.github_markdown import as_code, cell, sentence
from wirelock.report.groups import Group, grouped
from wirelock.report.labels import SIDES, advised, amounts, facts, label, place, verdict, verdicts
from wirelock.runtime.json.formatting import counted

MOST_CHARACTERS = 65_000
"""What GitHub takes in one comment is 65,536; a step's summary may have 1 MiB."""
MOST_OPEN = 10
"""How many groups are shown before the others are folded away."""
MOST_PLACES = 5
MOST_ROWS = 30
"""How many changes the table of verdicts has."""
MOST_MISSED = 2
_MARKS = {"clean": "✅", "findings": "❌", "could not run": "💥"}


def render(report: Report) -> str:
    """Verdict, counts, findings, what was exercised; at most MOST_CHARACTERS, and a note of what is left out."""
    words = verdict(report)
    head = [f"### {_MARKS[words.partition(':')[0]]} wirelock: {words}\n", _counts(report), _changes(report)]
    tail = [_coverage(report.coverage), _notes(report), _advice(report)]
    left = MOST_CHARACTERS - sum(len(block) + 1 for block in (*head, *tail))
    blocks = [*head, _findings(report, left), *tail]
    return "\n".join(block for block in blocks if block)


# changes between two states


def _changes(report: Report) -> str:
    """Both verdicts on what breaks, side by side."""
    broken = [one for one in report.diagnostics if one.change is not None and one.level is not Severity.NOTE]
    if not broken:
        return ""
    head = f"| change | {' | '.join(SIDES)} |\n| --- |{' --- |' * len(SIDES)}\n"
    more = len(broken) - MOST_ROWS
    rest = f"\nand {counted(more, 'more change')}, see below\n" if more > 0 else ""
    return head + "".join(_change(one, one.change) for one in broken[:MOST_ROWS] if one.change is not None) + rest


def _change(diagnostic: Diagnostic, change: Verdicts) -> str:
    name = as_code(change.element or diagnostic.code.id).replace("|", "\\|")
    return f"| {name} {cell(diagnostic.message)} | {' | '.join(verdicts(change))} |\n"


def _advice(report: Report) -> str:
    if report.advice is None:
        return ""
    fragment = changelog(report, report.advice)
    if len(fragment) > MOST_CHARACTERS // 3:
        fragment = "The changelog does not fit here; `--format text` prints it.\n"
    return f"#### Release\n\n{sentence(advised(report.advice))}\n\n{fragment}"


# findings


def _findings(report: Report, left: int) -> str:
    shown = (diagnostic for diagnostic in report.diagnostics if diagnostic.level is not Severity.NOTE)
    items = ["".join(f"{line}\n" for line in _group(group)) for group in grouped(shown)]
    fitting = _fitting(items, left - 400)  # what is said around them
    first, rest = items[: min(MOST_OPEN, fitting)], items[MOST_OPEN:fitting]
    text = f"#### Findings\n\n{''.join(first)}" if items else ""
    if rest:
        text += f"\n<details><summary>{len(rest)} more</summary>\n\n{''.join(rest)}\n</details>\n"
    if fitting < len(items):
        text += f"\n{counted(len(items) - fitting, 'further finding')} did not fit here; `--format html` shows all.\n"
    return text


def _fitting(items: Sequence[str], left: int) -> int:
    """How many of the first items fit."""
    for count, item in enumerate(items):
        left -= len(item)
        if left < 0:
            return count
    return len(items)


def _group(group: Group) -> Iterator[str]:
    first, count = group.first, group.times
    times = f" ({count} times)" if count > 1 else ""
    yield f"- **{label(first)}** `{first.code.id}` {sentence(first.message)}{times}"
    for name, words in _facts(group):
        yield f"  - {name} {words}"


def _facts(group: Group) -> Iterator[tuple[str, str]]:
    first = group.first
    places = [place(member) for member in group.members[: 1 if first.exchange else MOST_PLACES]]
    yield from (("at", as_code(one)) for one in places if one)
    if len(group.members) > len(places):
        yield "and", f"{len(group.members) - len(places)} more"
    for name, words in facts(first.change, {}) if first.change else ():
        yield name, as_code(words)
    if first.schema:
        yield "schema", as_code(first.schema)
    if first.expected:
        yield "reason:", sentence(first.expected)
    if first.hint:
        yield "hint:", sentence(first.hint)


def _notes(report: Report) -> str:
    notes = [diagnostic for diagnostic in report.diagnostics if diagnostic.level is Severity.NOTE]
    if not notes:
        return ""
    lines = [_note(notes, code, count) for code, count in sorted(Counter(note.code.id for note in notes).items())]
    return f"<details><summary>{counted(len(notes), 'note')}</summary>\n\n{''.join(lines)}\n</details>\n"


def _note(notes: Iterable[Diagnostic], code: str, count: int) -> str:
    first = next(note for note in notes if note.code.id == code)
    return f"- `{code}` {sentence(first.message)}{f' and {count - 1} more' if count > 1 else ''}\n"


# counts and coverage


def _counts(report: Report) -> str:
    rows = [f"| {cell(section)} | {cell(amounts(counts).strip())} |\n" for section, counts in report.summary.items()]
    return f"| counted | |\n| --- | --- |\n{''.join(rows)}" if rows else ""


def _coverage(coverage: Sequence[Coverage]) -> str:
    rows = [_row(one) for one in coverage if one.covered or one.missed]
    return f"| exercised | | never |\n| --- | ---: | --- |\n{''.join(rows)}" if rows else ""


def _row(one: Coverage) -> str:
    names = ", ".join(as_code(name).replace("|", "\\|") for name in one.missed[:MOST_MISSED])
    more = f" and {len(one.missed) - MOST_MISSED} more" if len(one.missed) > MOST_MISSED else ""
    total = len(one.covered) + len(one.missed)
    return f"| {cell(one.kind)} | {len(one.covered)} of {total} | {names}{more} |\n"
