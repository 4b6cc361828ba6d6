"""Types, methods and properties that nobody described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.ir import Node, Record, Ref, TypeGraph, descendants
from wirelock.source import Document

LINT_DESCRIPTION = Code("LINT_DESCRIPTION", Severity.NOTE)
_HINT = "say what it is for: the words become comments of the proto and docstrings of the models"


def missing(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Types, services, methods and properties without words; a property may have those of the type it refers to."""
    for definition in graph.definitions.values():
        if not definition.node.description:
            yield _missing(definition.node.where, f"the type {definition.name}")
        for node in descendants(definition.node):
            yield from _properties(node)
    for service in graph.services:
        if not service.description:
            yield _missing(service.where, f"the service {service.name}")
        for method in service.methods:
            if not method.description:
                yield _missing(method.where, f"the method {service.name}.{method.name}")


def _properties(node: Node) -> Iterator[Diagnostic]:
    for property in node.shape.properties if isinstance(node.shape, Record) else ():
        if not property.node.description and not isinstance(property.node.shape, Ref):
            yield _missing(property.node.where, f"the property {property.name}")


def _missing(where: Location, what: str) -> Diagnostic:
    return Diagnostic(LINT_DESCRIPTION, where, f"{what} has no description", _HINT)
