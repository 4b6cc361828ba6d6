"""The report as a single HTML page without network access, foreign scripts or recorded secrets.

The templates escape all text; markup is built here from escaped parts.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from wirelock.diagnostics import Diagnostic, Example, Excerpt, Report
from wirelock.report.bar_chart import Segment, stack
from wirelock.report.coverage_chart import build_chart
from wirelock.report.groups import FindingGroup, group_findings
from wirelock.report.labels import (
    format_location,
    get_label,
    list_change_facts,
    path_of,
    read_explanation,
    split_verdict,
)
from wirelock.report.targets import ExhibitIndex
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.version import VERSION

if TYPE_CHECKING:
    from markupsafe import Markup

MAX_GROUPS = 1000
MAX_LOCATIONS = 50
MAX_DIFF_LINES = 3000
_LEVELS = {"error": "bad", "warning": "odd", "expected": "info", "note": "none"}
_KINDS = ("passed", "findings", "error")
_SPAN = re.compile(r"`([^`]+)`")
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?\b\d[\d.eE+-]*|\b(?:true|false|null)\b)')


@dataclass(frozen=True, slots=True)
class Tile:
    """One section of the summary; `bar` is empty if the counts do not add up to the total."""

    name: str
    value: str
    unit: str
    parts: tuple[Segment, ...]
    bar: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One severity level and its number of groups."""

    name: str
    count: int
    look: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an excerpt or a diff."""

    text: Markup | str
    look: str = ""
    number: int = 0
    marked: bool = False


@dataclass(frozen=True, slots=True)
class ExcerptPane:
    """One of two excerpts shown side by side."""

    caption: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One group of findings; `key` identifies the group across renderings."""

    key: str
    level: str
    code: str
    message: Markup
    count: int
    file: str
    endpoint: str
    location: str
    facts: tuple[tuple[str, Markup], ...]
    schema: ExcerptPane | None
    document: ExcerptPane | None
    locations: tuple[str, ...]
    explanation: tuple[Markup, ...]


def render(report: Report) -> str:
    """Render the whole page."""
    groups = group_findings(report.diagnostics)
    shown = build_cards(report, MAX_GROUPS)
    levels = Counter(card.level for card in shown)
    diff = report.diff.split("\n") if report.diff else []
    return render_template(
        "page.html.j2",
        **load_assets("page.css", "page.js"),
        **to_verdict_values(report),
        tiles=build_tiles(report),
        cards=shown,
        left_out=len(groups) - len(shown),
        levels=[Level(name, levels[name], look) for name, look in _LEVELS.items() if levels[name]],
        codes=sorted({card.code for card in shown}),
        coverage=build_chart(report),
        diff=[Line(line, _classify_diff_line(line)) for line in diff[:MAX_DIFF_LINES]],
        diff_left_out=max(0, len(diff) - MAX_DIFF_LINES),
    )


def load_assets(style: str, script: str, *more: str) -> dict[str, object]:
    """Load the assets of a page by template name: style, script, and the content security policy that allows them.

    `more` lists sources that the page may connect to.
    """
    from markupsafe import Markup

    texts = "".join(_read_asset(name) for name in style.split()), _read_asset(script)
    values: dict[str, object] = {"style": Markup(texts[0]), "script": Markup(texts[1])}
    return {**values, "policy": _build_policy(*texts, more), "version": VERSION}


def to_verdict_values(report: Report) -> dict[str, object]:
    """Return the verdict as template values."""
    result, counts = split_verdict(report)
    return {"kind": _KINDS[report.exit_code], "verdict": result, "counts": counts}


def build_cards(report: Report, most: int) -> list[Card]:
    """Build the cards of the first groups of findings."""
    exhibits = ExhibitIndex(report.examples)
    return [_build_card(group, exhibits.find(group)) for group in group_findings(report.diagnostics)[:most]]


def build_tiles(report: Report) -> list[Tile]:
    """Build the tiles of the summary."""
    return [_build_tile(section, counts) for section, counts in report.summary.items()]


def render_template(name: str, **values: object) -> str:
    """Render one template of the page."""
    import jinja2  # importing jinja2 is slow, and other formats do not need it

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("wirelock.report", "page"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    return environment.get_template(name).render(**values)


def _finalize(value: object) -> object:
    """Escape unprintable characters of a text; markup is escaped already."""
    return escape_unprintable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _read_asset(name: str) -> str:
    return files("wirelock.report").joinpath("page", name).read_text("utf-8")


def _build_policy(style: str, script: str, connects: Sequence[str]) -> str:
    """Build a content security policy that allows only the page's own style and script."""
    own = {kind: _hash(text) for kind, text in (("style-src", style), ("script-src", script))}
    rules = ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"]
    rules += [f"connect-src {' '.join(connects)}"] if connects else []
    return "; ".join([*rules, *(f"{kind} '{digest}'" for kind, digest in own.items())])


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _build_tile(section: str, counts: dict[str, int | str]) -> Tile:
    (name, total), *rest = counts.items()
    if isinstance(total, str):
        return Tile(section, "", total, (), ())
    parts = [(name, count) for name, count in rest if isinstance(count, int)]
    sum_of_parts = sum(count for _, count in parts)
    segments = stack(parts, sum_of_parts)
    unit = "" if name == "total" else name.removesuffix("s") if total == 1 else name
    return Tile(section, str(total), unit, segments, segments if sum_of_parts == total else ())


def _classify_diff_line(line: str) -> str:
    return {"+": "plus", "-": "minus", "@": "hunk"}.get(line[:1], "")


# findings


def _build_card(group: FindingGroup, exhibit: Example | None) -> Card:
    first = group.first
    several = len(group.members) > 1
    document = exhibit.document if exhibit else None
    return Card(
        key=group.key,
        level=get_label(first),
        code=first.code.id,
        message=_mark_up(first.message),
        count=group.times,
        file=_find_file(first, exhibit),
        endpoint=_format_endpoint(first),
        location=format_location(first),
        facts=tuple((name, text) for name, text in _list_facts(first)),
        schema=_build_pane(exhibit.schema.file, exhibit.schema) if exhibit and exhibit.schema else None,
        document=_build_pane(format_location(exhibit.diagnostic), document) if exhibit and document else None,
        locations=tuple(format_location(member) for member in group.members[:MAX_LOCATIONS]) if several else (),
        explanation=tuple(map(_mark_up, read_explanation(first.code.id).split("\n\n"))),
    )


def _find_file(diagnostic: Diagnostic, exhibit: Example | None) -> str:
    """Return the file to look at; for traffic the file of the schema keyword."""
    if exhibit and exhibit.schema:
        return exhibit.schema.file
    return diagnostic.schema_location.partition("#")[0] or diagnostic.location.file


def _format_endpoint(diagnostic: Diagnostic) -> str:
    ref = diagnostic.exchange
    if diagnostic.rpc or ref is None:
        return diagnostic.rpc
    return f"{ref.method} {path_of(ref.url).partition('?')[0]}" if ref.method else "documents"


def _list_facts(diagnostic: Diagnostic) -> Iterator[tuple[str, Markup]]:
    if diagnostic.hint:
        yield "hint", _mark_up(diagnostic.hint)
    if diagnostic.expected_reason:
        yield "expected", _mark_up(diagnostic.expected_reason)
    for name, text in list_change_facts(diagnostic.impact) if diagnostic.impact else ():
        yield name, _mark_up_code(text)
    if diagnostic.schema_location:
        yield "schema", _mark_up_code(diagnostic.schema_location)
    if diagnostic.raised_by:
        yield "found by", _mark_up(", ".join(diagnostic.raised_by))


def _build_pane(caption: str, excerpt: Excerpt) -> ExcerptPane:
    lines = (
        Line(
            _mark_up_json(escape_unprintable(text.rstrip("\r"))),
            "",
            excerpt.first_line + index if excerpt.first_line else 0,
            index in excerpt.marked_lines,
        )
        for index, text in enumerate(excerpt.lines)
    )
    return ExcerptPane(caption, tuple(lines))


# markup


def _mark_up(text: str) -> Markup:
    """Mark up a message; text in backticks becomes code."""
    from markupsafe import Markup, escape

    parts = _SPAN.split(" ".join(text.split()) if text.isprintable() or "\n" in text else text)
    return Markup("").join(
        _mark_up_code(part) if index % 2 else escape(escape_unprintable(part)) for index, part in enumerate(parts)
    )


def _mark_up_code(text: str) -> Markup:
    from markupsafe import Markup

    return Markup("<code>{}</code>").format(escape_unprintable(text))


def _mark_up_json(text: str) -> Markup:
    """Mark up a line of JSON: names, strings and other values in colors."""
    from markupsafe import Markup, escape

    parts: list[Markup] = []
    end = 0
    for token in _TOKEN.finditer(text):
        look = "n" if token[3] else "k" if token[2] else "s"
        parts += [escape(text[end : token.start()]), Markup('<span class="{}">{}</span>').format(look, token[0])]
        end = token.end()
    return Markup("").join([*parts, escape(text[end:])])
