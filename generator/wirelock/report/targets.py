"""The file and line that a finding points at."""

from __future__ import annotations

from collections.abc import Iterable

from wirelock.diagnostics import Diagnostic, Example, Location
from wirelock.report.groups import FindingGroup


class ExhibitIndex:
    """The exhibits of a report by diagnostic."""

    def __init__(self, exhibits: Iterable[Example]) -> None:
        self._by_identity = {_identify(exhibit.diagnostic): exhibit for exhibit in exhibits}

    def find(self, group: FindingGroup) -> Example | None:
        """Return the exhibit of the first member that has one."""
        exhibits = (self._by_identity.get(_identify(member)) for member in group.members)
        return next((exhibit for exhibit in exhibits if exhibit), None)


def find_target(diagnostic: Diagnostic, exhibit: Example | None) -> Location:
    """Return the finding's own location if its line is known, else the schema keyword, else the file."""
    location = diagnostic.location
    if location.line or exhibit is None or exhibit.schema is None or not exhibit.schema.first_marked_line:
        return location
    return Location(exhibit.schema.file, exhibit.schema.first_marked_line)


def _identify(diagnostic: Diagnostic) -> object:
    """Return a key that stays equal when a diagnostic becomes expected."""
    return diagnostic.exchange, diagnostic.location, diagnostic.code.id, diagnostic.message, diagnostic.schema_location
