"""The report as workflow commands of GitHub Actions: annotations on files and lines."""

from __future__ import annotations

from collections.abc import Iterator

from wirelock.diagnostics import Diagnostic, Location, Report, Severity
from wirelock.report.groups import Group, grouped
from wirelock.report.labels import changes, place, verdict
from wirelock.report.targets import Exhibits, target
from wirelock.runtime.json.formatting import visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def render(report: Report) -> str:
    """One command a finding in a file, one a group for traffic, and the verdict; notes are left to other formats.

    An expected finding is a notice.
    """
    exhibits = Exhibits(report.exhibits)
    shown = (diagnostic for diagnostic in report.diagnostics if diagnostic.level is not Severity.NOTE)
    lines = [line for group in grouped(shown) for line in _group(group, exhibits)]
    return "".join(f"{line}\n" for line in [*lines, verdict(report)])


def _group(group: Group, exhibits: Exhibits) -> Iterator[str]:
    first = group.first
    if first.exchange is not None:
        yield _command(first, target(first, exhibits.of(group)), _words(first, group.times))
        return
    for member in group.members:
        yield _command(member, member.where, _words(member, 1))


def _words(diagnostic: Diagnostic, times: int) -> list[str]:
    said = f"{diagnostic.message} ({times} times)" if times > 1 else diagnostic.message
    change = [f"{name}: {words}" for name, words in changes(diagnostic.change)] if diagnostic.change else []
    where = [f"at: {place(diagnostic)}"] if diagnostic.exchange else []
    stated = (("schema", diagnostic.schema), ("reason", diagnostic.expected), ("hint", diagnostic.hint))
    return [said, *where, *change, *(f"{name}: {words}" for name, words in stated if words)]


def _command(diagnostic: Diagnostic, where: Location, lines: list[str]) -> str:
    command = "notice" if diagnostic.expected else _COMMANDS[diagnostic.level]
    stated = (
        ("file", where.file),
        ("line", str(where.line or "")),
        ("col", str(where.column or "")),
        ("title", f"wirelock {diagnostic.code.id}"),
    )
    properties = ",".join(f"{name}={_property(value)}" for name, value in stated if value)
    return f"::{command} {properties}::{'%0A'.join(map(_data, lines))}"


def _data(text: str) -> str:
    """Text behind the command; `%` begins an escape there."""
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    """Text of a property, which `:` and `,` would end."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
