"""The report in GitHub's Markdown, for a step's summary or a comment: short, and safe to post.

What is recorded could mention people, link, break a table or close a block; it is shown as code, or escaped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wirelock.diagnostics import Coverage, Diagnostic, Report, Severity
from wirelock.report.groups import Group, grouped
from wirelock.report.words import amounts, changes, label, place, verdict
from wirelock.runtime.words import counted, visible

MOST_CHARACTERS = 65_000
"""What GitHub takes in one comment is 65,536; a step's summary may have 1 MiB."""
MOST_OPEN = 10
"""How many groups are shown before the others are folded away."""
MOST_PLACES = 5
MOST_MISSED = 2
LONGEST = 400
"""How many characters of one text are shown."""
_MARKS = {"clean": "✅", "findings": "❌", "could not run": "💥"}
_SPAN = re.compile(r"`([^`]+)`")
_LINKS = re.compile(r"[@#]|://|www\.|\bGH-", re.IGNORECASE)
"""What GitHub makes links and mentions of, wherever it stands in a text."""
_MEANING = re.compile(r"([\\`*_{}\[\]<>&|~$!])")


def render(report: Report) -> str:
    """Verdict, counts, findings, what was exercised; at most MOST_CHARACTERS, and a note of what is left out."""
    words = verdict(report)
    head = [f"### {_MARKS[words.partition(':')[0]]} wirelock: {words}\n", _counts(report)]
    tail = [_coverage(report.coverage), _notes(report)]
    left = MOST_CHARACTERS - sum(len(block) + 1 for block in (*head, *tail))
    blocks = [*head, _findings(report, left), *tail]
    return "\n".join(block for block in blocks if block)


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
    first, count = group.first, len(group.members)
    times = f" ({count} times)" if count > 1 else ""
    yield f"- **{label(first)}** `{first.code.id}` {_words(first.message)}{times}"
    for name, words in _facts(group):
        yield f"  - {name} {words}"


def _facts(group: Group) -> Iterator[tuple[str, str]]:
    first = group.first
    places = [place(member) for member in group.members[: 1 if first.exchange else MOST_PLACES]]
    yield from (("at", _code(one)) for one in places if one)
    if len(group.members) > len(places):
        yield "and", f"{len(group.members) - len(places)} more"
    for name, words in changes(first.change) if first.change else ():
        yield name, _code(words)
    if first.schema:
        yield "schema", _code(first.schema)
    if first.expected:
        yield "reason:", _words(first.expected)
    if first.hint:
        yield "hint:", _words(first.hint)


def _notes(report: Report) -> str:
    notes = [diagnostic for diagnostic in report.diagnostics if diagnostic.level is Severity.NOTE]
    if not notes:
        return ""
    lines = [_note(notes, code, count) for code, count in sorted(Counter(note.code.id for note in notes).items())]
    return f"<details><summary>{counted(len(notes), 'note')}</summary>\n\n{''.join(lines)}\n</details>\n"


def _note(notes: Iterable[Diagnostic], code: str, count: int) -> str:
    first = next(note for note in notes if note.code.id == code)
    return f"- `{code}` {_words(first.message)}{f' and {count - 1} more' if count > 1 else ''}\n"


# counts and coverage


def _counts(report: Report) -> str:
    rows = [f"| {_cell(section)} | {_cell(amounts(counts).strip())} |\n" for section, counts in report.summary.items()]
    return f"| counted | |\n| --- | --- |\n{''.join(rows)}" if rows else ""


def _coverage(coverage: Sequence[Coverage]) -> str:
    rows = [_row(one) for one in coverage if one.covered or one.missed]
    return f"| exercised | | never |\n| --- | ---: | --- |\n{''.join(rows)}" if rows else ""


def _row(one: Coverage) -> str:
    names = ", ".join(_code(name).replace("|", "\\|") for name in one.missed[:MOST_MISSED])
    more = f" and {len(one.missed) - MOST_MISSED} more" if len(one.missed) > MOST_MISSED else ""
    total = len(one.covered) + len(one.missed)
    return f"| {_cell(one.kind)} | {len(one.covered)} of {total} | {names}{more} |\n"


# escaping


def _words(text: str) -> str:
    """A sentence of ours with words from outside in it; what it has in backticks stays code."""
    parts = _SPAN.split(_cut(text))
    return "".join(_code(part) if index % 2 else _plain(part) for index, part in enumerate(parts))


def _plain(text: str) -> str:
    words = (_code(word) if _LINKS.search(word) else _MEANING.sub(r"\\\1", word) for word in text.split(" "))
    return " ".join(words)


def _cell(text: str) -> str:
    return _plain(_cut(text))


def _code(text: str) -> str:
    """Text as code, in a fence longer than any run of backticks in it."""
    inner = _cut(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", inner)), default=0) + 1)
    padding = " " if "`" in inner or inner != inner.strip() or not inner else ""
    return f"{fence}{padding}{inner}{padding}{fence}"


def _cut(text: str) -> str:
    return visible(text[:LONGEST]) + ("…" if len(text) > LONGEST else "")
