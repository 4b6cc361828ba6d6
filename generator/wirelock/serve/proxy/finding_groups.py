"""Findings in memory that does not grow: each kind once, with a count and its first place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from wirelock.diagnostics import Code, Diagnostic, Location, Severity, group_key

UPSTREAM_FAILED = Code("UPSTREAM_FAILED", Severity.ERROR)
MOST_KINDS = 1000
"""How many kinds of findings are kept; those of further kinds are only counted."""


class Kinds:
    """Collects findings; `left_out` is how many are of kinds for which there was no room."""

    def __init__(self) -> None:
        self.left_out = 0
        self._first: dict[object, Diagnostic] = {}
        self._times: Counter[object] = Counter()

    def add(self, found: Iterable[Diagnostic]) -> None:
        """Count findings."""
        for one in found:
            key = group_key(one)
            if key not in self._first and len(self._first) >= MOST_KINDS:
                self.left_out += 1
                continue
            self._first.setdefault(key, one)
            self._times[key] += 1

    def found(self) -> tuple[Diagnostic, ...]:
        """Each kind, with how often it was found."""
        return tuple(replace(one, times=self._times[key]) for key, one in self._first.items())


def upstream_failed(words: str, name: str) -> Diagnostic:
    """The finding that the server did not answer as HTTP wants it; `name` is what passed, as findings name it."""
    hint = "is the server running, and does it speak HTTP/1.1?"
    return Diagnostic(UPSTREAM_FAILED, Location(name), words, hint)
