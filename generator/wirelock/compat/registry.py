"""Every rule of both verdicts by its id, and the page that explains it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from wirelock.compat.json import RULES as JSON_RULES
from wirelock.compat.rule import Category
from wirelock.compat.wire.rules import RULES as WIRE_RULES
from wirelock.config import Breaking
from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.runtime.json.formatting import suggestion

RULE_UNKNOWN = Code("RULE_UNKNOWN", Severity.ERROR, fatal=True)

_LIST = "wirelock explain lists the codes of all findings, rules among them"
_PROTECTED: Mapping[Category, str] = {
    "FILE": "generated code by file",
    "PACKAGE": "generated code by package",
    "WIRE_JSON": "ProtoJSON",
    "WIRE": "the wire",
    "JSON": "the API's JSON",
}


@cache
def pages() -> Mapping[str, str]:
    """The page of every rule in Markdown: its id as the title, why it is there, and what it protects."""
    stated = [(rule.id, rule.categories, rule.words) for rule in (*WIRE_RULES, *JSON_RULES)]
    return {id: f"# {id}\n\n{words}\n\n{_protects(categories)}\n" for id, categories, words in stated}


def _protects(categories: tuple[Category, ...]) -> str:
    return f"It protects {', '.join(f'{_PROTECTED[one]} ({one})' for one in categories)}."


def unknown_rules(stated: Breaking) -> tuple[Diagnostic, ...]:
    """The rules that a configuration names and that do not exist."""
    named = [(one.rule, one.where) for one in stated.severities] + [(one.rule, one.where) for one in stated.accept]
    return tuple(
        Diagnostic(
            RULE_UNKNOWN, where, f"there is no rule {rule}", suggestion(rule, pages()).removeprefix("; ") or _LIST
        )
        for rule, where in named
        if rule not in pages()
    )
