"""The words that all formats have in common: verdicts, labels, places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files

from wirelock.diagnostics import Advice, Diagnostic, Report, Severity, Verdicts
from wirelock.runtime.json.formatting import counted

_URL = re.compile(r"(?:[^:/?#]+:)?(?://[^/?#]*)?([^#]*)")
"""RFC 3986, appendix B; group 1 is path and query. It fits every text, where `urlsplit` refuses some."""


def verdict(report: Report) -> str:
    """The verdict and what weighs in it: `findings: 2 errors, 1 expected`."""
    return f"{('clean', 'findings', 'could not run')[report.exit_code]}: {_weights(report)}"


def _weights(report: Report) -> str:
    expected = sum(bool(diagnostic.expected) for diagnostic in report.diagnostics)
    levels = Counter(diagnostic.level for diagnostic in report.diagnostics if not diagnostic.expected)
    words = [counted(levels[level], level.value) for level in Severity if levels[level]]
    return ", ".join([*words, *([f"{expected} expected"] if expected else [])]) or "nothing found"


def label(diagnostic: Diagnostic) -> str:
    """How a finding counts: error, warning, note, or expected."""
    return "expected" if diagnostic.expected else diagnostic.level.value


def place(diagnostic: Diagnostic) -> str:
    """Where a finding is: the place in a file, or the exchange and the place in its body; "" for nowhere."""
    ref, pointer = diagnostic.exchange, diagnostic.where.pointer or "(whole body)"
    if ref is None:
        return str(diagnostic.where) if diagnostic.where.file else ""
    if ref.part == "document":
        return f"{ref.recording}:{diagnostic.where.line} {pointer}"
    part = ref.part if ref.event is None else f"{ref.part} {ref.event}"
    return f"{ref.recording} #{ref.index} {ref.method} {path(ref.url)} -> {ref.status}, {part} {pointer}"


def path(url: str) -> str:
    """The path and query of a URL."""
    found = _URL.match(url)
    return (found[1] if found else url) or "/"


def amounts(counts: dict[str, int | str]) -> str:
    """The counts of one section: `376: 362 conforming, 14 violating`."""
    (name, total), *rest = counts.items()
    words = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in rest if value)
    return f"{amount(total, name)}{f': {words}' if words else ''}"


def amount(total: int | str, name: str) -> str:
    """The first count of a section with its name, right-aligned."""
    if isinstance(total, str) or name == "total":
        return f"{total:>5}"
    return f"{total:>5} {name.removesuffix('s') if total == 1 else name}"


SIDES = ("wire", "JSON backward", "JSON forward")
"""The verdicts on a change, as columns."""
_DECIDES = {"requests": "backward decides", "responses": "forward decides"}


def verdicts(change: Verdicts) -> tuple[str, str, str]:
    """What a change does on each side: broken, holds, unproved, or - where there is nothing to say."""
    return "broken" if change.wire else "holds", change.backward or "-", change.forward or "-"


def changes(change: Verdicts) -> Iterator[tuple[str, str]]:
    """What a change breaks, as names and words."""
    yield from facts(change, dict(zip(SIDES, verdicts(change), strict=True)))


def facts(change: Verdicts, sides: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The element, the verdicts as they are to be shown, the rules, the documents that show it, and the use."""
    if change.element:
        yield "element", change.element
    yield from sides.items()
    if change.wire:
        yield "rules", ", ".join(change.wire)
    if change.backward_witness:
        yield "witness", f"valid before, not now: {change.backward_witness}"
    if change.forward_witness:
        yield "witness", f"valid now, not before: {change.forward_witness}"
    if change.use:
        yield "use", f"{change.use}: {_DECIDES.get(change.use, 'both decide')}"


def advised(advice: Advice) -> str:
    """Which release, why, and what it would be called: `minor: 2 additions (1.4.0 to 1.5.0)`."""
    versions = f" ({advice.since} to {advice.next})" if advice.next else ""
    return f"{advice.release}: {advice.reason}{versions}"


def explanation(code: str) -> str:
    """The page of a code or of a rule without its title, in Markdown; "" where there is none."""
    return page(code).partition("\n")[2].strip()


def page(code: str) -> str:
    """The page of a code or of a rule, in Markdown; "" where there is none."""
    file = files("wirelock").joinpath("explanations", f"{code}.md")
    return file.read_text("utf-8") if file.is_file() else _rules().get(code, "")


def codes() -> tuple[str, ...]:
    """Every code and rule that has a page."""
    written = (file.name.removesuffix(".md") for file in files("wirelock").joinpath("explanations").iterdir())
    return tuple(sorted({*written, *_rules()}))


def _rules() -> Mapping[str, str]:
    """The pages of the breaking check's rules."""
    from wirelock.compat.registry import pages  # brings protobuf with it, which no other report needs

    return pages()
