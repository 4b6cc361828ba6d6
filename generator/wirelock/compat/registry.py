"""The rules of both verdicts by id, and their pages for `wirelock explain`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from wirelock.compat.json import RULES as JSON_RULES
from wirelock.compat.rule import Category
from wirelock.compat.wire.rules import RULES as WIRE_RULES
from wirelock.config import BreakingSettings
from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.runtime.json.formatting import format_suggestion

RULE_UNKNOWN = Code("RULE_UNKNOWN", Severity.ERROR, fatal=True)

_HINT = "list all rules with: wirelock explain"
_CATEGORY_TEXTS: Mapping[Category, str] = {
    "FILE": "generated code by file",
    "PACKAGE": "generated code by package",
    "WIRE_JSON": "ProtoJSON",
    "WIRE": "the binary format",
    "JSON": "JSON documents",
}


@cache
def build_pages() -> Mapping[str, str]:
    """Return the Markdown page of each rule by id: the id as title, the description, and what the rule protects."""
    rules = [(rule.id, rule.categories, rule.description) for rule in (*WIRE_RULES, *JSON_RULES)]
    return {
        id: f"# {id}\n\n{description}\n\n{_format_protection(categories)}\n" for id, categories, description in rules
    }


def _format_protection(categories: tuple[Category, ...]) -> str:
    return f"It protects {', '.join(f'{_CATEGORY_TEXTS[category]} ({category})' for category in categories)}."


def find_unknown_rules(settings: BreakingSettings) -> tuple[Diagnostic, ...]:
    """Return a diagnostic for each configured rule that does not exist."""
    named = [(severity.rule, severity.location) for severity in settings.severities]
    named += [(entry.rule, entry.location) for entry in settings.accept]
    return tuple(
        Diagnostic(
            RULE_UNKNOWN,
            location,
            f"no rule is named {rule}",
            format_suggestion(rule, build_pages()).removeprefix("; ") or _HINT,
        )
        for rule, location in named
        if rule not in build_pages()
    )
