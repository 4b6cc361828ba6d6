"""Examples: the first occurrence of each fault, for reports."""

from __future__ import annotations

from collections.abc import Iterable

from wirelock.diagnostics import Diagnostic, Example, Severity, get_group_key
from wirelock.runtime.json.pointers import split_pointer
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.runtime.schema.documents import MISSING, get_value_at
from wirelock.traffic.conformance.excerpts import cut_excerpt
from wirelock.traffic.conformance.outcomes import BodyCheck

MAX_EXAMPLES = 200
"""Maximum number of examples; with the length of an excerpt it bounds memory."""


class ExampleCollector:
    """Collects the first example of each fault."""

    def __init__(self) -> None:
        self.examples: list[Example] = []
        self._known: set[object] = set()

    def add(self, diagnostic: Diagnostic, held: BodyCheck) -> None:
        """Keep an example of a diagnostic if it is the first of its fault in a recording; notes have none."""
        if diagnostic.level is Severity.NOTE or len(self.examples) >= MAX_EXAMPLES:
            return
        key = (diagnostic.location.file, get_group_key(diagnostic))
        if key not in self._known:
            self._known.add(key)
            self.examples.append(_build_example(diagnostic, held))

    def merge(self, others: Iterable[Example]) -> None:
        """Add examples of other recordings up to the maximum."""
        self.examples = [*self.examples, *others][:MAX_EXAMPLES]


def _build_example(diagnostic: Diagnostic, check_: BodyCheck) -> Example:
    try:
        whole = parse(check_.text)
    except MalformedText:  # without structure, secrets cannot be located
        return Example(diagnostic)
    pointer = diagnostic.location.pointer
    body = get_value_at(whole, split_pointer(check_.body_pointer))
    inside = pointer.rpartition("/")[0]
    if get_value_at(body, split_pointer(inside)) is MISSING:  # a parameter of a request, beside its body
        body = whole
    return Example(diagnostic, document=cut_excerpt(body, pointer))
