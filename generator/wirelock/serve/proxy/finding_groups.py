"""Findings grouped by kind in bounded memory: the first of each kind, and a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from wirelock.diagnostics import Code, Diagnostic, Location, Severity, get_group_key

UPSTREAM_FAILED = Code("UPSTREAM_FAILED", Severity.ERROR)
MAX_GROUPS = 1000
"""Groups that are kept; findings of further groups are only counted."""


class FindingGroups:
    """Groups of findings; `dropped` counts the findings of groups beyond the limit."""

    def __init__(self) -> None:
        self.dropped = 0
        self._first: dict[object, Diagnostic] = {}
        self._counts: Counter[object] = Counter()

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add findings to their groups."""
        for diagnostic in diagnostics:
            key = get_group_key(diagnostic)
            if key not in self._first and len(self._first) >= MAX_GROUPS:
                self.dropped += 1
                continue
            self._first.setdefault(key, diagnostic)
            self._counts[key] += 1

    def to_diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return the first finding of each group with its number of occurrences."""
        return tuple(replace(first, occurrences=self._counts[key]) for key, first in self._first.items())


def build_upstream_failure(message: str, recording: str) -> Diagnostic:
    """Return the finding for a request without a valid response; `recording` is the name of its location."""
    hint = "check that the server is running and that it uses HTTP/1.1"
    return Diagnostic(UPSTREAM_FAILED, Location(recording), message, hint)
