"""The rule on descriptions of types, services, methods and properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.ir import Node, Object, Ref, TypeGraph, walk
from wirelock.source import Document

LINT_DESCRIPTION = Code("LINT_DESCRIPTION", Severity.NOTE)
_HINT = "add a description: it becomes a comment of the proto and a docstring of the model"


def find_missing_descriptions(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Report definitions without a description; a property may rely on that of the type it refers to."""
    for definition in graph.definitions.values():
        if not definition.node.description:
            yield _build_diagnostic(definition.node.location, f"the type {definition.name}")
        for node in walk(definition.node):
            yield from _check_properties(node)
    for service in graph.services:
        if not service.description:
            yield _build_diagnostic(service.location, f"the service {service.name}")
        for method in service.methods:
            if not method.description:
                yield _build_diagnostic(method.location, f"the method {service.name}.{method.name}")


def _check_properties(node: Node) -> Iterator[Diagnostic]:
    for property in node.shape.properties if isinstance(node.shape, Object) else ():
        if not property.node.description and not isinstance(property.node.shape, Ref):
            yield _build_diagnostic(property.node.location, f"the property {property.name}")


def _build_diagnostic(location: Location, subject: str) -> Diagnostic:
    return Diagnostic(LINT_DESCRIPTION, location, f"{subject} has no description", _HINT)
