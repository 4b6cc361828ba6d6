"""What is right and could be better: advice on schemas and services, each kind switched by the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from wirelock.diagnostics import Code, Diagnostic, Severity, in_order
from wirelock.ir import TypeGraph
from wirelock.lint import descriptions, enums, names, reachability
from wirelock.source import Document

__all__ = ["RULES", "lint"]

Rule = Callable[[TypeGraph, Mapping[str, Document]], Iterable[Diagnostic]]
RULES: Mapping[Code, Rule] = {
    descriptions.LINT_DESCRIPTION: descriptions.missing,
    enums.LINT_ENUM_CLOSED: enums.closed,
    names.LINT_METHOD_NAME: names.methods,
    names.LINT_PROPERTY_NAME: names.properties,
    names.LINT_SERVICE_NAME: names.services,
    names.LINT_TYPE_NAME: names.types,
    reachability.LINT_UNREACHABLE: reachability.unreachable,
    reachability.LINT_UNUSED: reachability.unused,
}
"""Every rule by its code; it is given the schema files by their path below the schema folder, but no imported ones."""


def lint(
    graph: TypeGraph, documents: Mapping[str, Document], severities: Mapping[str, Severity | None]
) -> tuple[Diagnostic, ...]:
    """The advice of every rule; `severities` are those that the configuration sets, None switches a rule off."""
    found: list[Diagnostic] = []
    for code, rule in RULES.items():
        severity = severities.get(code.id, code.severity)
        if severity is not None:
            found += (replace(diagnostic, severity=severity) for diagnostic in rule(graph, documents))
    return in_order(found)
