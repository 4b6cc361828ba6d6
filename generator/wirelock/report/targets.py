"""Where somebody who reads about a finding should look: a file and a line that are there."""

from __future__ import annotations

from collections.abc import Iterable

from wirelock.diagnostics import Diagnostic, Exhibit, Location
from wirelock.report.groups import Group


class Exhibits:
    """The exhibits of a report, by the diagnostic that they are about."""

    def __init__(self, exhibits: Iterable[Exhibit]) -> None:
        self._by_identity = {_identity(one.about): one for one in exhibits}

    def of(self, group: Group) -> Exhibit | None:
        """The exhibit of the first member that has one."""
        found = (self._by_identity.get(_identity(member)) for member in group.members)
        return next((exhibit for exhibit in found if exhibit), None)


def target(diagnostic: Diagnostic, exhibit: Exhibit | None) -> Location:
    """The place itself where its line is known, else the keyword of the schema that decided, else the file."""
    where = diagnostic.where
    if where.line or exhibit is None or exhibit.schema is None or not exhibit.schema.line:
        return where
    return Location(exhibit.schema.file, exhibit.schema.line)


def _identity(diagnostic: Diagnostic) -> object:
    """What stays the same when a diagnostic is found to be expected."""
    return diagnostic.exchange, diagnostic.where, diagnostic.code.id, diagnostic.message, diagnostic.schema
