"""lint: advice on the schemas and services, as the configuration weighs it."""

from __future__ import annotations

from collections import Counter

from wirelock.build import Build, imported
from wirelock.diagnostics import Report, Severity
from wirelock.lint import RULES, lint


def linted(built: Build) -> Report:
    """What the rules that are on say of a sound build; who imports a description has not chosen the names in it."""
    severities = dict(built.config.lint)
    foreign = imported(built.config)
    own = {file: document for file, document in built.documents.items() if document.path not in foreign}
    found = lint(built.graph, own, severities)
    levels = Counter(diagnostic.level for diagnostic in found)
    on = sum(severities.get(code.id, code.severity) is not None for code in RULES)
    counts: dict[str, int | str] = {"rules": on, **{f"{level}s": levels[level] for level in Severity}}
    return Report(found, {"lint": counts})
