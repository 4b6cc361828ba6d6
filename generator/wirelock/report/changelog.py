"""A piece of a changelog in Markdown: what breaks, what is new, and what else changed since an earlier state."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.diagnostics import Advice, Diagnostic, Report, Severity
from wirelock.report.github_markdown import as_code, sentence


def changelog(report: Report, advice: Advice) -> str:
    """Sections with one line a change, for a person to shorten; empty where users see nothing."""
    told = [diagnostic for diagnostic in report.diagnostics if diagnostic.change is not None]
    broken = {_element(one) for one in told if one.level is not Severity.NOTE}
    new = {one.name: one.kind for one in advice.added if not one.is_deprecation and one.name not in broken}
    deprecated = [one for one in advice.added if one.is_deprecation]
    entries = {
        "Breaking": [_line(one) for one in told if one.level is Severity.ERROR],
        "Possibly breaking": [_line(one) for one in told if one.level is Severity.WARNING],
        "Added": [f"- {kind} {as_code(name)}" for name, kind in new.items()],
        "Deprecated": [f"- {one.kind.partition(' ')[2]} {as_code(one.name)}" for one in deprecated],
        "Changed": [_line(one) for one in told if one.level is Severity.NOTE and _element(one) not in new],
    }
    return "\n".join(line for head, lines in entries.items() if lines for line in _section(head, lines))


def _section(head: str, lines: list[str]) -> Iterator[str]:
    yield f"### {head}\n"
    yield from dict.fromkeys(lines)
    yield ""


def _line(diagnostic: Diagnostic) -> str:
    subject = _element(diagnostic) or f"{diagnostic.where.file}#{diagnostic.where.pointer}"
    reason = f" ({sentence(diagnostic.expected)})" if diagnostic.expected else ""
    return f"- {as_code(subject)}: {sentence(diagnostic.message)}{reason}"


def _element(diagnostic: Diagnostic) -> str:
    return diagnostic.change.element if diagnostic.change else ""
