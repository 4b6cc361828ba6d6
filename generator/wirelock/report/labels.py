"""Texts that all formats share: verdicts, labels, locations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from wirelock.diagnostics import ChangeImpact, ChangeVerdict, Diagnostic, ReleaseAdvice, Report, Severity
from wirelock.runtime.json.formatting import format_count

RESULTS = ("passed", "failed", "could not run")
"""Results by exit code."""
_URL = re.compile(r"(?:[^:/?#]+:)?(?://[^/?#]*)?([^#]*)")
"""RFC 3986, appendix B; group 1 is path and query. Unlike `urlsplit`, it matches every text."""


def format_verdict(report: Report) -> str:
    """Format the result line: `passed with 32 warnings`, `failed with 2 errors, 1 expected finding`."""
    result, counts = split_verdict(report)
    if not counts:
        return result
    return f"{result}: {counts}" if report.exit_code == 2 else f"{result} with {counts}"


def split_verdict(report: Report) -> tuple[str, str]:
    """Return the result of a report, one of RESULTS, and the counts of its findings; "" if there are none."""
    return RESULTS[report.exit_code], _format_counts(report)


def _format_counts(report: Report) -> str:
    expected = sum(bool(diagnostic.expected_reason) for diagnostic in report.diagnostics)
    levels = Counter(diagnostic.level for diagnostic in report.diagnostics if not diagnostic.expected_reason)
    counts = [format_count(levels[level], level.value) for level in Severity if levels[level]]
    return ", ".join([*counts, *([format_count(expected, "expected finding")] if expected else [])])


def get_label(diagnostic: Diagnostic) -> str:
    """Return the label of a finding: error, warning, note, or expected."""
    return "expected" if diagnostic.expected_reason else diagnostic.level.value


def format_location(diagnostic: Diagnostic) -> str:
    """Format the location of a finding in a file or an exchange; "" if it has none."""
    ref, pointer = diagnostic.exchange, diagnostic.location.pointer or "(whole body)"
    if ref is None:
        return str(diagnostic.location) if diagnostic.location.file else ""
    if ref.part == "document":
        return f"{ref.recording}:{diagnostic.location.line} {pointer}"
    part = ref.part if ref.event is None else f"{ref.part} {ref.event}"
    return f"{ref.recording} #{ref.index} {ref.method} {path_of(ref.url)} -> {ref.status}, {part} {pointer}"


def path_of(url: str) -> str:
    """Return the path and query of a URL."""
    match = _URL.match(url)
    return (match[1] if match else url) or "/"


def format_section(counts: dict[str, int | str]) -> str:
    """Format the counts of one section: `376: 362 conforming, 14 violating`."""
    (name, total), *rest = counts.items()
    parts = ", ".join(f"{value} {name.replace('_', ' ')}" for name, value in rest if value)
    return f"{format_total(total, name)}{f': {parts}' if parts else ''}"


def format_total(total: int | str, name: str) -> str:
    """Format the first count of a section with its name, right-aligned."""
    if isinstance(total, str) or name == "total":
        return f"{total:>5}"
    return f"{total:>5} {name.removesuffix('s') if total == 1 else name}"


SIDES = ("wire", "JSON backward", "JSON forward")
"""Column heads of the verdicts on a change."""
_DECIDES = {"requests": "backward decides", "responses": "forward decides"}


def list_verdicts(change: ChangeImpact) -> tuple[str, str, str]:
    """Return the verdicts on a change by column: broken, holds, unproved, or - for none."""
    wire = ChangeVerdict.BROKEN if change.wire_rules else ChangeVerdict.HOLDS
    return wire, change.backward or "-", change.forward or "-"


def list_change_facts(change: ChangeImpact) -> Iterator[tuple[str, str]]:
    """List the impact of a change as names and texts."""
    yield from list_facts(change, dict(zip(SIDES, list_verdicts(change), strict=True)))


def list_facts(change: ChangeImpact, sides: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """List element, verdicts, rules, witnesses and usage of a change."""
    if change.element:
        yield "element", change.element
    yield from sides.items()
    if change.wire_rules:
        yield "rules", ", ".join(change.wire_rules)
    if change.backward_witness:
        yield "witness", f"valid before, not now: {change.backward_witness}"
    if change.forward_witness:
        yield "witness", f"valid now, not before: {change.forward_witness}"
    if change.usage:
        yield "use", f"{change.usage}: {_DECIDES.get(change.usage, 'both decide')}"


def format_advice(advice: ReleaseAdvice) -> str:
    """Format release advice: `minor: 2 additions (1.4.0 to 1.5.0)`."""
    versions = f" ({advice.current_version} to {advice.next_version})" if advice.next_version else ""
    return f"{advice.release}: {advice.reason}{versions}"


def read_explanation(code: str) -> str:
    """Read the page of a code or a rule without its title, in Markdown; "" if there is none."""
    return read_page(code).partition("\n")[2].strip()


def read_page(code: str) -> str:
    """Read the page of a code or a rule, in Markdown; "" if there is none."""
    for folder in _list_folders():
        page = folder.joinpath(f"{code}.md")
        if page.is_file():
            return page.read_text("utf-8")
    return _read_rule_pages().get(code, "")


def list_codes() -> tuple[str, ...]:
    """List all codes and rules that have a page."""
    return tuple(sorted(code for pages in list_pages().values() for code in pages))


def summarize_page(page: str) -> str:
    """Return the first sentence of a page, without its title."""
    paragraph = " ".join(page.partition("\n")[2].strip().partition("\n\n")[0].split())
    match = re.match(r"(?:`[^`]*`|[^`])*?(?=: |\. |\.$|$)", paragraph)
    return match[0] if match else paragraph


def list_pages() -> Mapping[str, Mapping[str, str]]:
    """Read the pages of all codes and rules, by group and code."""
    groups = {
        folder.name: {page.name.removesuffix(".md"): page.read_text("utf-8") for page in folder.iterdir()}
        for folder in _list_folders()
    }
    return {**groups, "breaking rules": _read_rule_pages()}


@cache
def _list_folders() -> tuple[Traversable, ...]:
    folders = files("wirelock").joinpath("explanations").iterdir()
    return tuple(sorted((folder for folder in folders if folder.is_dir()), key=lambda folder: folder.name))


def _read_rule_pages() -> Mapping[str, str]:
    """Read the pages of the breaking rules."""
    from wirelock.compat.registry import build_pages  # imports protobuf, which other reports do not need

    return build_pages()
