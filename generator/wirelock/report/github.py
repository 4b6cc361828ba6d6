"""The report as workflow commands of GitHub Actions: annotations on files and lines."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.diagnostics import Diagnostic, Location, Report, Severity
from wirelock.report.groups import FindingGroup, group_findings
from wirelock.report.labels import format_location, format_verdict, list_change_facts
from wirelock.report.targets import ExhibitIndex, find_target
from wirelock.runtime.json.formatting import escape_unprintable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render(report: Report) -> str:
    """Print one annotation per finding in a file and per group of traffic findings, and the verdict.

    Expected findings are notices. Notes are left to other formats.
    """
    exhibits = ExhibitIndex(report.examples)
    visible_diagnostics = (diagnostic for diagnostic in report.diagnostics if diagnostic.level is not Severity.NOTE)
    lines = [line for group in group_findings(visible_diagnostics) for line in _annotate(group, exhibits)]
    return "".join(f"{line}\n" for line in [*lines, format_verdict(report)])


def _annotate(group: FindingGroup, exhibits: ExhibitIndex) -> Iterator[str]:
    first = group.first
    if first.exchange is not None:
        yield _format_command(first, find_target(first, exhibits.find(group)), _describe(first, group.times))
        return
    for member in group.members:
        yield _format_command(member, member.location, _describe(member, 1))


def _describe(diagnostic: Diagnostic, times: int) -> list[str]:
    message = f"{diagnostic.message} ({times} times)" if times > 1 else diagnostic.message
    change = [f"{name}: {text}" for name, text in list_change_facts(diagnostic.impact)] if diagnostic.impact else []
    location = [f"at: {format_location(diagnostic)}"] if diagnostic.exchange else []
    details = (
        ("schema", diagnostic.schema_location),
        ("reason", diagnostic.expected_reason),
        ("hint", diagnostic.hint),
    )
    return [message, *location, *change, *(f"{name}: {text}" for name, text in details if text)]


def _format_command(diagnostic: Diagnostic, location: Location, lines: list[str]) -> str:
    command = "notice" if diagnostic.expected_reason else _COMMANDS[diagnostic.level]
    values = (
        ("file", location.file),
        ("line", str(location.line or "")),
        ("col", str(location.column or "")),
        ("title", f"wirelock {diagnostic.code.id}"),
    )
    properties = ",".join(f"{name}={_escape_property(value)}" for name, value in values if value)
    return f"::{command} {properties}::{'%0A'.join(map(_escape_data, lines))}"


def _escape_data(text: str) -> str:
    """Escape the text of a command; `%` starts an escape sequence there."""
    return escape_unprintable(text).replace("%", "%25")


def _escape_property(text: str) -> str:
    """Escape a property, which `:` and `,` would end."""
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
