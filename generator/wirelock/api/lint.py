"""lint: advice on schemas and services, weighted by the configuration."""

from __future__ import annotations

from collections import Counter

from wirelock.build import Build, find_imported_files
from wirelock.diagnostics import Report, Severity
from wirelock.lint import RULES, lint


def run_lint(built: Build) -> Report:
    """Run the enabled rules on a build; imported files are exempt, because their names are not the user's choice."""
    severities = dict(built.config.lint)
    imported_files = find_imported_files(built.config)
    own = {file: document for file, document in built.documents.items() if document.path not in imported_files}
    diagnostics = lint(built.graph, own, severities)
    levels = Counter(diagnostic.level for diagnostic in diagnostics)
    enabled = sum(severities.get(code.id, code.severity) is not None for code in RULES)
    counts: dict[str, int | str] = {"rules": enabled, **{f"{level}s": levels[level] for level in Severity}}
    return Report(diagnostics, {"lint": counts})
