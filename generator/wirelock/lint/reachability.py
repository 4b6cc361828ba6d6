"""Schemas that nothing uses, and messages that no call ever carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import TypeGraph, TypeId, mentioned, reached
from wirelock.source import Document

LINT_UNUSED = Code("LINT_UNUSED", Severity.WARNING)
LINT_UNREACHABLE = Code("LINT_UNREACHABLE", Severity.NOTE)


def unused(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Schema files that no service names and no other file refers to; without services, nothing is unused."""
    if not graph.services:
        return
    for key in _loose(graph):
        words = f"nothing uses {key.file}: no service names it and no schema refers to it"
        yield Diagnostic(LINT_UNUSED, graph.definitions[key].node.where, words, "name it in a service, or delete it")


def unreachable(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Types that only unused schemas refer to: messages that no call carries."""
    if not graph.services:
        return
    loose = _loose(graph)
    for key in graph.definitions.keys() - reached(graph, _named_by_services(graph)) - loose:
        words = f"no call carries {key}: only schemas that nothing uses refer to it"
        yield Diagnostic(
            LINT_UNREACHABLE, graph.definitions[key].node.where, words, "use it in a service, or delete it"
        )


def _named_by_services(graph: TypeGraph) -> set[TypeId]:
    """The types that requests and answers are."""
    methods = [method for service in graph.services for method in service.methods]
    return {method.request for method in methods} | {key for method in methods for key in method.answers}


def _loose(graph: TypeGraph) -> set[TypeId]:
    """Whole files that neither a service nor another type mentions."""
    used = {key.file for key in _named_by_services(graph)}
    for key, definition in graph.definitions.items():
        used |= {target.file for target in mentioned(definition.node) if target.file != key.file}
    return {key for key in graph.definitions if not key.pointer and key.file not in used}
