"""Findings that say the same thing, as one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from wirelock.diagnostics import Diagnostic, Severity, group_key

_RANK = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class Group:
    """Diagnostics that differ in their place alone; for traffic the schema place makes a group, not the words."""

    members: tuple[Diagnostic, ...]

    @property
    def first(self) -> Diagnostic:
        """The first of them, which speaks for all."""
        return self.members[0]

    @property
    def key(self) -> str:
        """What makes it this group, as 16 hexadecimal digits; how often and where it was found is no part of it."""
        return hashlib.sha256(repr(group_key(self.first)).encode(errors="surrogatepass")).hexdigest()[:16]

    @property
    def times(self) -> int:
        """How often it was found."""
        return sum(member.times for member in self.members)


def grouped(diagnostics: Iterable[Diagnostic]) -> tuple[Group, ...]:
    """The groups (decision 0003), errors first; expected ones behind those that fail."""
    groups: dict[object, list[Diagnostic]] = {}
    for diagnostic in diagnostics:
        groups.setdefault(group_key(diagnostic), []).append(diagnostic)
    ordered = sorted(groups.values(), key=lambda members: (_RANK.index(members[0].level), bool(members[0].expected)))
    return tuple(Group(tuple(members)) for members in ordered)
