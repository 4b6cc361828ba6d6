"""The report as one page: it needs no network, runs nothing but its own script, and shows no recorded secret.

Every text passes through the template's escaping; what is markup is made here, out of escaped parts.
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

from wirelock.diagnostics import Diagnostic, Excerpt, Exhibit, Report
from wirelock.report.bar_chart import Segment, stacked
from wirelock.report.coverage_chart import picture
from wirelock.report.groups import Group, grouped
from wirelock.report.labels import changes, explanation, label, path, place, verdict
from wirelock.report.targets import Exhibits
from wirelock.runtime.json.formatting import visible
from wirelock.version import VERSION

if TYPE_CHECKING:
    from markupsafe import Markup

MOST_GROUPS = 1000
MOST_PLACES = 50
MOST_DIFF_LINES = 3000
_LEVELS = {"error": "bad", "warning": "odd", "expected": "info", "note": "none"}
_KINDS = ("clean", "findings", "error")
_SPAN = re.compile(r"`([^`]+)`")
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?\b\d[\d.eE+-]*|\b(?:true|false|null)\b)')


@dataclass(frozen=True, slots=True)
class Tile:
    """One section of the summary; `bar` is empty where the counts are no parts of one whole."""

    name: str
    value: str
    unit: str
    parts: tuple[Segment, ...]
    bar: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One level, and how many groups have it."""

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
class Side:
    """One of the two things that stand side by side."""

    caption: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One group of findings; `key` is the same whenever the group is shown, and no other's."""

    key: str
    level: str
    code: str
    message: Markup
    count: int
    file: str
    endpoint: str
    place: str
    facts: tuple[tuple[str, Markup], ...]
    schema: Side | None
    document: Side | None
    places: tuple[str, ...]
    explanation: tuple[Markup, ...]


def render(report: Report) -> str:
    """The whole page."""
    groups = grouped(report.diagnostics)
    shown = cards(report, MOST_GROUPS)
    levels = Counter(card.level for card in shown)
    diff = report.diff.split("\n") if report.diff else []
    return templated(
        "page.html.j2",
        **assets("page.css", "page.js"),
        **judged(report),
        tiles=tiles(report),
        cards=shown,
        left_out=len(groups) - len(shown),
        levels=[Level(name, levels[name], look) for name, look in _LEVELS.items() if levels[name]],
        codes=sorted({card.code for card in shown}),
        coverage=picture(report),
        diff=[Line(line, _look(line)) for line in diff[:MOST_DIFF_LINES]],
        diff_left_out=max(0, len(diff) - MOST_DIFF_LINES),
    )


def assets(style: str, script: str, *more: str) -> dict[str, object]:
    """What a page brings along, by the names of templates: its style, its script, and the policy that allows them.

    `more` are sources that the page may connect to.
    """
    from markupsafe import Markup

    texts = "".join(_asset(name) for name in style.split()), _asset(script)
    values: dict[str, object] = {"style": Markup(texts[0]), "script": Markup(texts[1])}
    return {**values, "policy": _policy(*texts, more), "version": VERSION}


def judged(report: Report) -> dict[str, object]:
    """The verdict, by the names of templates."""
    words, _, weights = verdict(report).partition(": ")
    return {"kind": _KINDS[report.exit_code], "verdict": words, "weights": weights}


def cards(report: Report, most: int) -> list[Card]:
    """The first groups of findings, with what is to be seen of them."""
    exhibits = Exhibits(report.exhibits)
    return [_card(group, exhibits.of(group)) for group in grouped(report.diagnostics)[:most]]


def tiles(report: Report) -> list[Tile]:
    """The sections of the summary."""
    return [_tile(section, counts) for section, counts in report.summary.items()]


def templated(name: str, **values: object) -> str:
    """One of the templates of the page, filled in."""
    import jinja2  # takes long to import, and other formats do without

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("wirelock.report", "page"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        keep_trailing_newline=True,
        lstrip_blocks=True,
        finalize=_plain,
    )
    return environment.get_template(name).render(**values)


def _plain(value: object) -> object:
    """A text without characters that are not printable; markup was made out of such texts."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _asset(name: str) -> str:
    return files("wirelock.report").joinpath("page", name).read_text("utf-8")


def _policy(style: str, script: str, connects: Sequence[str]) -> str:
    """Nothing may be loaded, and no script or style run but the page's own."""
    own = {kind: _hash(text) for kind, text in (("style-src", style), ("script-src", script))}
    rules = ["default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"]
    rules += [f"connect-src {' '.join(connects)}"] if connects else []
    return "; ".join([*rules, *(f"{kind} '{digest}'" for kind, digest in own.items())])


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _tile(section: str, counts: dict[str, int | str]) -> Tile:
    (name, total), *rest = counts.items()
    if isinstance(total, str):
        return Tile(section, "", total, (), ())
    parts = [(name, count) for name, count in rest if isinstance(count, int)]
    whole = sum(count for _, count in parts)
    segments = stacked(parts, whole)
    unit = "" if name == "total" else name.removesuffix("s") if total == 1 else name
    return Tile(section, str(total), unit, segments, segments if whole == total else ())


def _look(line: str) -> str:
    return {"+": "plus", "-": "minus", "@": "hunk"}.get(line[:1], "")


# findings


def _card(group: Group, exhibit: Exhibit | None) -> Card:
    first = group.first
    several = len(group.members) > 1
    document = exhibit.document if exhibit else None
    return Card(
        key=group.key,
        level=label(first),
        code=first.code.id,
        message=_words(first.message),
        count=group.times,
        file=_file(first, exhibit),
        endpoint=_endpoint(first),
        place=place(first),
        facts=tuple((name, words) for name, words in _facts(first)),
        schema=_side(exhibit.schema.file, exhibit.schema) if exhibit and exhibit.schema else None,
        document=_side(place(exhibit.about), document) if exhibit and document else None,
        places=tuple(place(member) for member in group.members[:MOST_PLACES]) if several else (),
        explanation=tuple(map(_words, explanation(first.code.id).split("\n\n"))),
    )


def _file(diagnostic: Diagnostic, exhibit: Exhibit | None) -> str:
    """The file to look into: that of the schema that decided, for traffic."""
    if exhibit and exhibit.schema:
        return exhibit.schema.file
    return diagnostic.schema.partition("#")[0] or diagnostic.where.file


def _endpoint(diagnostic: Diagnostic) -> str:
    ref = diagnostic.exchange
    if diagnostic.rpc or ref is None:
        return diagnostic.rpc
    return f"{ref.method} {path(ref.url).partition('?')[0]}" if ref.method else "documents"


def _facts(diagnostic: Diagnostic) -> Iterator[tuple[str, Markup]]:
    if diagnostic.hint:
        yield "hint", _words(diagnostic.hint)
    if diagnostic.expected:
        yield "expected", _words(diagnostic.expected)
    for name, words in changes(diagnostic.change) if diagnostic.change else ():
        yield name, _code(words)
    if diagnostic.schema:
        yield "schema", _code(diagnostic.schema)
    if diagnostic.raised_by:
        yield "found by", _words(", ".join(diagnostic.raised_by))


def _side(caption: str, excerpt: Excerpt) -> Side:
    lines = (
        Line(
            _json(visible(text.rstrip("\r"))),
            "",
            excerpt.first + index if excerpt.first else 0,
            index in excerpt.marked,
        )
        for index, text in enumerate(excerpt.lines)
    )
    return Side(caption, tuple(lines))


# markup


def _words(text: str) -> Markup:
    """A sentence; what it has in backticks is code."""
    from markupsafe import Markup, escape

    parts = _SPAN.split(" ".join(text.split()) if text.isprintable() or "\n" in text else text)
    return Markup("").join(_code(part) if index % 2 else escape(visible(part)) for index, part in enumerate(parts))


def _code(text: str) -> Markup:
    from markupsafe import Markup

    return Markup("<code>{}</code>").format(visible(text))


def _json(text: str) -> Markup:
    """A line of JSON in colours: names, texts, other values."""
    from markupsafe import Markup, escape

    parts: list[Markup] = []
    end = 0
    for token in _TOKEN.finditer(text):
        look = "n" if token[3] else "k" if token[2] else "s"
        parts += [escape(text[end : token.start()]), Markup('<span class="{}">{}</span>').format(look, token[0])]
        end = token.end()
    return Markup("").join([*parts, escape(text[end:])])
