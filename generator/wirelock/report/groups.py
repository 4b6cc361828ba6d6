"""Groups of findings that differ only in their location."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from wirelock.diagnostics import Diagnostic, Severity, get_group_key

_RANK = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Diagnostics that differ only in location; traffic findings group by schema location instead of message."""

    members: tuple[Diagnostic, ...]

    @property
    def first(self) -> Diagnostic:
        """The first member, which represents the group."""
        return self.members[0]

    @property
    def key(self) -> str:
        """An identifier of 16 hexadecimal digits that does not depend on number and location of the findings."""
        return hashlib.sha256(repr(get_group_key(self.first)).encode(errors="surrogatepass")).hexdigest()[:16]

    @property
    def times(self) -> int:
        """The number of occurrences."""
        return sum(member.occurrences for member in self.members)


def group_findings(diagnostics: Iterable[Diagnostic]) -> tuple[FindingGroup, ...]:
    """Group findings (decision 0003): errors first, expected findings after unexpected ones."""
    groups: dict[object, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        groups.setdefault(get_group_key(diagnostic), []).append(diagnostic)
    ordered = sorted(
        groups.values(), key=lambda members: (_RANK.index(members[0].level), bool(members[0].expected_reason))
    )
    return tuple(FindingGroup(tuple(members)) for members in ordered)
