"""The report for people: findings first, what was exercised, what was counted, and the verdict last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wirelock.diagnostics import Coverage, Diagnostic, Report, Severity, Verdicts
from wirelock.report.changelog import changelog
from wirelock.report.groups import Group, grouped
from wirelock.report.labels import SIDES, advised, amounts, facts, label, place, verdict, verdicts
from wirelock.runtime.json.formatting import counted, visible

MOST_PLACES = 5
"""How many places of one group are listed."""
MOST_MISSED = 2
"""How many names of what was never exercised are listed."""
_LABEL = 9


def render(report: Report) -> str:
    """The whole report as lines of plain text; the first word of a line says what it is, for those who colour it.

    Much of a line is from outside (bodies, URLs, names of files), so whole lines are made visible, and only here.
    """
    blocks = [
        "".join(f"{visible(line)}\n" for line in block)
        for block in (_findings(report), _notes(report), _coverage(report.coverage), _advice(report), _summary(report))
    ]
    return "\n".join(block for block in blocks if block)


# findings


def _findings(report: Report) -> Iterator[str]:
    shown = (diagnostic for diagnostic in report.diagnostics if diagnostic.level is not Severity.NOTE)
    for count, group in enumerate(grouped(shown)):
        yield from ([""] if count else [])
        yield from _group(group)


def _group(group: Group) -> Iterator[str]:
    first = group.first
    times = f"  ({group.times} times)" if group.times > 1 else ""
    yield f"{label(first):<{_LABEL}}{first.code.id}  {first.message}{times}"
    yield from _places(group)
    yield from _verdicts(first.change) if first.change else ()
    if first.schema:
        yield _line("schema", first.schema)
    if first.raised_by:
        yield _line("found by", ", ".join(first.raised_by))
    if first.expected:
        yield _line("reason", first.expected)
    if first.hint:
        yield _line("hint", first.hint)


def _verdicts(change: Verdicts) -> Iterator[str]:
    """Both verdicts side by side, and what shows them."""
    cells = zip(SIDES, verdicts(change), strict=True)
    rows = zip(*((f"{head:<15}", f"{word:<15}") for head, word in cells), strict=True)
    head, words = ("".join(row).rstrip() for row in rows)
    for name, value in facts(change, {"verdict": head, "": words}):
        yield _line(name, value)


def _places(group: Group) -> Iterator[str]:
    if group.first.exchange is not None:
        yield _line("first at" if group.times > 1 else "at", place(group.first))
        return
    places = [str(member.where) for member in group.members if member.where.file]
    for index, one in enumerate(places[:MOST_PLACES]):
        yield _line("" if index else "at", one)
    if len(places) > MOST_PLACES:
        yield _line("", f"and {len(places) - MOST_PLACES} more")


def _line(label: str, text: str) -> str:
    return f"{'':<{_LABEL}}{label:<9}{text}"


def _notes(report: Report) -> Iterator[str]:
    """One line a code: notes are there to be looked up, with --format json."""
    notes = [diagnostic for diagnostic in report.diagnostics if diagnostic.level is Severity.NOTE]
    plain = [note for note in notes if not _is_refused(note)]
    refused = sum(note.times for note in notes if _is_refused(note))
    if refused:
        words = f"{counted(refused, 'fault')} in requests that the server refused as well"
        yield f"{'note':<{_LABEL}}{words}"
    counts: Counter[str] = Counter()
    for note in plain:
        counts[note.code.id] += note.times
    for code, count in sorted(counts.items()):
        first = next(note for note in plain if note.code.id == code)
        more = f" and {count - 1} more" if count > 1 else ""
        yield f"{'note':<{_LABEL}}{code}  {first.message}{more}"


def _is_refused(note: Diagnostic) -> bool:
    """Whether a note is a fault in a body, which it is only where the server refused the request too."""
    return bool(note.raised_by) or note.code.id == "MALFORMED"


# coverage and counts


def _coverage(coverage: Iterable[Coverage]) -> Iterator[str]:
    known = [one for one in coverage if one.covered or one.missed]
    if known:
        yield "exercised by the recordings"
    for one in known:
        line = f"  {one.kind:<16}{len(one.covered):>5} of {len(one.covered) + len(one.missed):<5}"
        yield f"{line}never: {_some(one.missed)}" if one.missed else line.rstrip()


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_MISSED} more" if len(names) > MOST_MISSED else ""
    return ", ".join(names[:MOST_MISSED]) + more


def _advice(report: Report) -> Iterator[str]:
    if report.advice is not None:
        yield f"{'release':<13}{advised(report.advice)}"
        yield ""
        yield from changelog(report, report.advice).splitlines()


def _summary(report: Report) -> Iterator[str]:
    for section, counts in report.summary.items():
        yield f"{section:<13}{amounts(counts)}"
    yield verdict(report)
