"""Enums that a newer server cannot extend without breaking those who read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import Choice, TypeGraph, descendants
from wirelock.source import Document

LINT_ENUM_CLOSED = Code("LINT_ENUM_CLOSED", Severity.NOTE)


def closed(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Enums of several words that are not extensible; one of a single word is what tells a union's branches apart."""
    hint = (
        '"x-extensible-enum": true lets later words through; it makes the field a string, so decide before the release'
    )
    for definition in graph.definitions.values():
        for node in descendants(definition.node):
            if isinstance(node.shape, Choice) and len(node.shape.values) > 1 and not node.shape.extensible:
                words = "the enum has no room to grow: a word that is added later is a violation for older readers"
                yield Diagnostic(LINT_ENUM_CLOSED, node.where, words, hint)
