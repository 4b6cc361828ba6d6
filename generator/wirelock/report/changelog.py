"""A changelog section in Markdown: breaking, added, deprecated and changed elements."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.diagnostics import Diagnostic, ReleaseAdvice, Report, Severity
from wirelock.report.github_markdown import escape_sentence, format_code


def write_changelog(report: Report, advice: ReleaseAdvice) -> str:
    """Write sections with one line per change; empty if no user-visible change exists."""
    changes = [diagnostic for diagnostic in report.diagnostics if diagnostic.impact is not None]
    broken = {_get_element(item) for item in changes if item.level is not Severity.NOTE}
    new = {item.name: item.kind for item in advice.added if not item.is_deprecation and item.name not in broken}
    deprecated = [item for item in advice.added if item.is_deprecation]
    entries = {
        "Breaking": [_format_line(item) for item in changes if item.level is Severity.ERROR],
        "Possibly breaking": [_format_line(item) for item in changes if item.level is Severity.WARNING],
        "Added": [f"- {kind} {format_code(name)}" for name, kind in new.items()],
        "Deprecated": [f"- {item.kind.partition(' ')[2]} {format_code(item.name)}" for item in deprecated],
        "Changed": [
            _format_line(item) for item in changes if item.level is Severity.NOTE and _get_element(item) not in new
        ],
    }
    return "\n".join(line for head, lines in entries.items() if lines for line in _format_section(head, lines))


def _format_section(head: str, lines: list[str]) -> Iterator[str]:
    yield f"### {head}\n"
    yield from dict.fromkeys(lines)
    yield ""


def _format_line(diagnostic: Diagnostic) -> str:
    subject = _get_element(diagnostic) or f"{diagnostic.location.file}#{diagnostic.location.pointer}"
    reason = f" ({escape_sentence(diagnostic.expected_reason)})" if diagnostic.expected_reason else ""
    return f"- {format_code(subject)}: {escape_sentence(diagnostic.message)}{reason}"


def _get_element(diagnostic: Diagnostic) -> str:
    return diagnostic.impact.element if diagnostic.impact else ""
