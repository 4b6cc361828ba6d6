"""Advice on schemas and services, one rule per function; the configuration sets the severity of each rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from wirelock.diagnostics import Code, Diagnostic, Severity, sort_unique
from wirelock.ir import TypeGraph
from wirelock.lint import descriptions, enums, names, reachability
from wirelock.source import Document

__all__ = ["RULES", "lint"]

LintRule = Callable[[TypeGraph, Mapping[str, Document]], Iterable[Diagnostic]]
RULES: Mapping[Code, LintRule] = {
    descriptions.LINT_DESCRIPTION: descriptions.find_missing_descriptions,
    enums.LINT_ENUM_CLOSED: enums.find_closed_enums,
    names.LINT_METHOD_NAME: names.check_method_names,
    names.LINT_PROPERTY_NAME: names.check_property_names,
    names.LINT_SERVICE_NAME: names.check_service_names,
    names.LINT_TYPE_NAME: names.check_file_names,
    reachability.LINT_UNREACHABLE: reachability.find_unreachable_types,
    reachability.LINT_UNUSED: reachability.find_unused_files,
}
"""All rules by code; a rule takes the graph and the schema files that are not imported, by path."""


def lint(
    graph: TypeGraph, documents: Mapping[str, Document], severities: Mapping[str, Severity | None]
) -> tuple[Diagnostic, ...]:
    """Run all rules; `severities` are the configured ones by code, None turns a rule off."""
    diagnostics: list[Diagnostic] = []
    for code, rule in RULES.items():
        severity = severities.get(code.id, code.severity)
        if severity is not None:
            diagnostics += (replace(diagnostic, severity=severity) for diagnostic in rule(graph, documents))
    return sort_unique(diagnostics)
