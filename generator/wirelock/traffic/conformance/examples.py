"""The first occurrence of each fault, kept to be looked at."""

from __future__ import annotations

from collections.abc import Iterable

from wirelock.diagnostics import Diagnostic, Exhibit, Severity, group_key
from wirelock.runtime.json.pointers import names_of
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.runtime.schema.documents import MISSING, value_at
from wirelock.traffic.conformance.excerpts import excerpt
from wirelock.traffic.conformance.outcomes import Held

MOST = 200
"""How many are kept: with the length of an excerpt it bounds the memory."""


class Exhibits:
    """Collects them; `found` are those so far."""

    def __init__(self) -> None:
        self.found: list[Exhibit] = []
        self._known: set[object] = set()

    def add(self, diagnostic: Diagnostic, held: Held) -> None:
        """Keep what a diagnostic is about if it is the first of its fault in its recording; notes are not kept."""
        if diagnostic.level is Severity.NOTE or len(self.found) >= MOST:
            return
        key = (diagnostic.where.file, group_key(diagnostic))
        if key not in self._known:
            self._known.add(key)
            self.found.append(_exhibit(diagnostic, held))

    def take(self, others: Iterable[Exhibit]) -> None:
        """Keep what was kept of other recordings, as far as there is room."""
        self.found = [*self.found, *others][:MOST]


def _exhibit(diagnostic: Diagnostic, held: Held) -> Exhibit:
    try:
        whole = parse(held.text)
    except MalformedText:  # without its structure nobody knows which part is a secret
        return Exhibit(diagnostic)
    pointer = diagnostic.where.pointer
    body = value_at(whole, names_of(held.inside))
    inside = pointer.rpartition("/")[0]
    if value_at(body, names_of(inside)) is MISSING:  # a parameter of a request, beside its body
        body = whole
    return Exhibit(diagnostic, document=excerpt(body, pointer))
