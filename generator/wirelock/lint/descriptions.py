"""Types, methods and properties that nobody described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.ir import Definition, Record, Ref, TypeGraph
from wirelock.source import Document

LINT_DESCRIPTION = Code("LINT_DESCRIPTION", Severity.NOTE)
_HINT = "say what it is for: the words become comments of the proto and docstrings of the models"


def missing(graph: TypeGraph, documents: Mapping[str, Document]) -> Iterator[Diagnostic]:
    """Named types, methods and properties without a description; a property may have that of the type it refers to."""
    for definition in graph.definitions.values():
        if not definition.node.description:
            yield _missing(definition.node.where, f"the type {definition.name}")
        yield from _properties(graph, definition)
    for service in graph.services:
        for method in service.methods:
            if not method.description:
                yield _missing(method.where, f"the method {service.name}.{method.name}")


def _properties(graph: TypeGraph, definition: Definition) -> Iterator[Diagnostic]:
    shape = definition.node.shape
    for property in shape.properties if isinstance(shape, Record) else ():
        node = property.node
        if not node.description and not isinstance(node.shape, Ref):
            yield _missing(node.where, f"the property {property.name}")


def _missing(where: Location, what: str) -> Diagnostic:
    return Diagnostic(LINT_DESCRIPTION, where, f"{what} has no description", _HINT)
