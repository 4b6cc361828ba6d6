"""`[tool.wirelock.lint]`: how much each piece of advice weighs in a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wirelock.config.tables import Table, as_table, unknown, wrong
from wirelock.diagnostics import Diagnostic, Severity

LINT_RULES = (
    "LINT_DESCRIPTION",
    "LINT_ENUM_CLOSED",
    "LINT_METHOD_NAME",
    "LINT_PROPERTY_NAME",
    "LINT_SERVICE_NAME",
    "LINT_TYPE_NAME",
    "LINT_UNREACHABLE",
    "LINT_UNUSED",
)
"""The codes of the rules, which are on a floor above; a test holds the two against each other."""
OFF = "off"
LintSeverities = tuple[tuple[str, Severity | None], ...]
"""Rules with the severity that they are given; None is off."""


def linting(table: Table) -> LintSeverities:
    """The values of a table in which nothing is wrong."""
    stated: Mapping[str, Any] = table.keys.get("lint", {})
    return tuple((rule, None if word == OFF else Severity(word)) for rule, word in sorted(stated.items()))


def wrong_linting(table: Table) -> list[Diagnostic]:
    """What is wrong with the table."""
    stated = as_table(table.keys.get("lint", {}))
    words = ", ".join((*Severity, OFF))
    if stated is None:
        return [wrong(table, "lint", f"a table of rules, each with one of {words}")]
    known = [rule for rule in stated if rule in LINT_RULES]
    faults = unknown(table, stated, LINT_RULES)
    return faults + [wrong(table, rule, f"one of {words}") for rule in known if stated[rule] not in (*Severity, OFF)]
