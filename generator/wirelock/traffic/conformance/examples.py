"""Examples: the first occurrence of each fault, for reports."""

from __future__ import annotations

from collections.abc import Iterable

from wirelock.diagnostics import Diagnostic, Example, Severity, get_group_key
from wirelock.runtime.json.pointers import get_relative_pointer, split_pointer
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

    def add(self, diagnostic: Diagnostic, body_check: BodyCheck, pointer: str) -> None:
        """Keep an example of a diagnostic if it is the first of its fault in a recording; notes have none.

        `pointer` is the location in the checked text.
        """
        if diagnostic.level is Severity.NOTE or len(self.examples) >= MAX_EXAMPLES:
            return
        key = (diagnostic.location.file, get_group_key(diagnostic))
        if key not in self._known:
            self._known.add(key)
            self.examples.append(_build_example(diagnostic, body_check, pointer))

    def merge(self, others: Iterable[Example]) -> None:
        """Add examples of other recordings up to the maximum."""
        self.examples = [*self.examples, *others][:MAX_EXAMPLES]


def _build_example(diagnostic: Diagnostic, body_check: BodyCheck, pointer: str) -> Example:
    try:
        message = parse(body_check.text)
    except MalformedText:  # without structure, secrets cannot be located
        return Example(diagnostic)
    pointer_in_body = get_relative_pointer(pointer, body_check.body_pointer)
    body = get_value_at(message, split_pointer(body_check.body_pointer))
    if pointer_in_body is None or body is MISSING:  # a parameter beside the body, or no body
        return Example(diagnostic, document=cut_excerpt(message, pointer))
    return Example(diagnostic, document=cut_excerpt(body, pointer_in_body))
