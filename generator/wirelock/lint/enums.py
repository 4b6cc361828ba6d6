"""The rule on enums that a newer server cannot extend without breaking older readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import StringEnum, TypeGraph, walk
from wirelock.source import Document

LINT_ENUM_CLOSED = Code("LINT_ENUM_CLOSED", Severity.NOTE)


def find_closed_enums(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Report enums that are not extensible, except those of one value, which serve as discriminators of unions."""
    message = "the enum is closed: a value that is added later is a violation for older readers"
    hint = (
        'set "x-extensible-enum": true to accept later values; the field becomes a string, so decide before the release'
    )
    for definition in graph.definitions.values():
        for node in walk(definition.node):
            if isinstance(node.shape, StringEnum) and len(node.shape.values) > 1 and not node.shape.extensible:
                yield Diagnostic(LINT_ENUM_CLOSED, node.location, message, hint)
