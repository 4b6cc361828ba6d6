"""The rules on schemas that no service uses and types that no call contains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.ir import TypeGraph, TypeId, find_reachable_types, find_references
from wirelock.source import Document

LINT_UNUSED = Code("LINT_UNUSED", Severity.WARNING)
LINT_UNREACHABLE = Code("LINT_UNREACHABLE", Severity.NOTE)


def find_unused_files(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Report schema files that no service names and no other file refers to; only if there are services."""
    if not graph.services:
        return
    for key in _find_unused_types(graph):
        message = f"nothing uses {key.file}: no service names it and no schema refers to it"
        hint = "name it in a service, or delete it"
        yield Diagnostic(LINT_UNUSED, graph.definitions[key].node.location, message, hint)


def find_unreachable_types(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Report types that only unused schemas refer to, whose messages no call contains."""
    if not graph.services:
        return
    unused = _find_unused_types(graph)
    for key in graph.definitions.keys() - find_reachable_types(graph, _find_service_types(graph)) - unused:
        message = f"no call contains {key}: only unused schemas refer to it"
        hint = "use it in a service, or delete it"
        yield Diagnostic(LINT_UNREACHABLE, graph.definitions[key].node.location, message, hint)


def _find_service_types(graph: TypeGraph) -> set[TypeId]:
    """Return the types of all requests and responses."""
    methods = [method for service in graph.services for method in service.methods]
    return {method.request for method in methods} | {key for method in methods for key in method.response_types}


def _find_unused_types(graph: TypeGraph) -> set[TypeId]:
    """Return the types of whole files that neither a service nor another file refers to."""
    used = {key.file for key in _find_service_types(graph)}
    for key, definition in graph.definitions.items():
        used |= {target.file for target in find_references(definition.node) if target.file != key.file}
    return {key for key in graph.definitions if not key.pointer and key.file not in used}
