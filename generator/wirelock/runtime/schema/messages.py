"""Messages for violations, one finding for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..findings import VIOLATION, Finding
from ..json.formatting import (
    describe_value,
    format_count,
    format_suggestion,
    format_value,
    join_alternatives,
    quote_name,
)
from ..json.pointers import split_pointer
from .branches import MultipleMatches, UnknownTag, WrongType, sort_types
from .documents import MISSING, SCHEMA_KEYWORDS, SubschemaRef
from .evaluation import Violation

FormatMessage = Callable[[Violation, Any, Any], str]
"""Returns the message for a violation, given the limit of the keyword and the value."""


def to_findings(violations: Iterable[Violation]) -> tuple[Finding, ...]:
    """Return one finding for each violation, in the order of discovery and without repetitions."""
    findings: dict[tuple[str, str], Finding] = {}
    for violation in _remove_redundant(violations):
        finding = _build_finding(violation)
        findings.setdefault((finding.pointer, finding.message), finding)
    return tuple(findings.values())


def _remove_redundant(violations: Iterable[Violation]) -> list[Violation]:
    """Return for each value only the wrong type, if there is one, and only the first of its wrong constants."""
    by_node: dict[int, list[Violation]] = {}
    for violation in violations:
        by_node.setdefault(id(violation.node), []).append(violation)
    return [violation for group in by_node.values() for violation in _select_relevant(group)]


def _select_relevant(group: list[Violation]) -> list[Violation]:
    if group[0].node.value is MISSING:
        return group[:1]
    types = [violation for violation in group if violation.keyword == "type"]
    choices = [violation for violation in group if _is_choice(violation)]
    return types or [violation for violation in group if violation not in choices[1:]]


def _is_choice(violation: Violation) -> bool:
    return violation.keyword in ("enum", "const") or isinstance(violation.detail, WrongType | UnknownTag)


def _build_finding(violation: Violation) -> Finding:
    limit = violation.subschema.keywords.get(violation.keyword)
    message = MESSAGES[violation.keyword](violation, limit, violation.node.value)
    prefix = "property name: " if violation.node.is_property_name else ""
    keyword = violation.keyword or _find_last_keyword(violation.subschema)
    location = violation.subschema.location
    schema = f"{location}/{violation.keyword}" if violation.keyword else location
    return Finding(violation.node.pointer, VIOLATION, prefix + message, keyword, schema)


def _find_last_keyword(ref: SubschemaRef) -> str:
    """Return the keyword that contains a schema: the last name of its pointer, or the one before a name or index."""
    names = split_pointer(ref.pointer)
    return "" if not names else names[-1] if names[-1] in SCHEMA_KEYWORDS or len(names) == 1 else names[-2]


def _describe_not_allowed(violation: Violation, limit: Any, value: Any) -> str:
    node = violation.node
    if node.parent is None or node.is_property_name:
        return f"no value is allowed, got {describe_value(value)}"
    if isinstance(node.name, int):
        return f"item {node.name} is not allowed"
    return f"property {quote_name(node.name)} is not allowed"


def _describe_missing(violation: Violation, limit: Any, value: Any) -> str:
    return f"required property {quote_name(str(violation.node.name))} is missing"


def _describe_dependency(violation: Violation, limit: Any, value: Any) -> str:
    return f"property {quote_name(str(violation.node.name))} is missing but required by {quote_name(violation.detail)}"


def _describe_type(violation: Violation, limit: Any, value: Any) -> str:
    names = (limit,) if isinstance(limit, str) else sort_types(frozenset(limit)) or ("no type",)
    return f"expected {join_alternatives(names)}, got {describe_value(value)}"


def _describe_choice(violation: Violation, limit: Any, value: Any) -> str:
    return _describe_unknown(limit if violation.keyword == "enum" else [limit], value)


def _describe_unknown(known: Sequence[Any], value: Any) -> str:
    expected = join_alternatives([format_value(option) for option in known])
    return f"expected {expected}, got {describe_value(value)}{format_suggestion(value, known)}"


def _build_comparison(relation: str) -> FormatMessage:
    return lambda violation, limit, value: f"expected {relation} {format_value(limit)}, got {format_value(value)}"


def _build_size_limit(relation: str, noun: str) -> FormatMessage:
    return lambda violation, limit, value: (
        f"expected {relation} {format_count(limit, noun)}, got {format_count(len(value), noun)}"
    )


def _describe_pattern(violation: Violation, limit: Any, value: Any) -> str:
    return f"{describe_value(value)} does not match the pattern {quote_name(limit)}"


def _describe_format(violation: Violation, limit: Any, value: Any) -> str:
    return f"{describe_value(value)} does not match the format {quote_name(limit)}"


def _describe_unique(violation: Violation, limit: Any, value: Any) -> str:
    first, second = violation.detail
    return f"items {first} and {second} are equal"


def _build_contains(relation: str) -> FormatMessage:
    return lambda violation, limit, value: (
        f"expected {relation} {format_count(limit if isinstance(limit, int) else 1, 'item')} matching `contains`, "
        f"got {violation.detail}"
    )


def _describe_not(violation: Violation, limit: Any, value: Any) -> str:
    return f"expected a value that does not match `not`, got {describe_value(value)}"


def _describe_union(violation: Violation, limit: Any, value: Any) -> str:
    match violation.detail:
        case WrongType(expected):
            return f"expected {join_alternatives(expected)}, got {describe_value(value)}"
        case UnknownTag(tag, known):
            if value is MISSING:
                return f"required property {quote_name(tag)} is missing"
            return _describe_unknown(known, value) if known else f"expected another value, got {describe_value(value)}"
        case MultipleMatches(matching, total):
            return f"{len(matching)} of {total} branches match, expected exactly one"
        case _:
            return f"{describe_value(value)} matches no branch"


MESSAGES: Mapping[str, FormatMessage] = {
    "": _describe_not_allowed,
    "required": _describe_missing,
    "dependentRequired": _describe_dependency,
    "dependencies": _describe_dependency,
    "type": _describe_type,
    "enum": _describe_choice,
    "const": _describe_choice,
    "minimum": _build_comparison("at least"),
    "maximum": _build_comparison("at most"),
    "exclusiveMinimum": _build_comparison("more than"),
    "exclusiveMaximum": _build_comparison("less than"),
    "multipleOf": _build_comparison("a multiple of"),
    "minLength": _build_size_limit("at least", "character"),
    "maxLength": _build_size_limit("at most", "character"),
    "pattern": _describe_pattern,
    "format": _describe_format,
    "minItems": _build_size_limit("at least", "item"),
    "maxItems": _build_size_limit("at most", "item"),
    "uniqueItems": _describe_unique,
    "minProperties": _build_size_limit("at least", "property"),
    "maxProperties": _build_size_limit("at most", "property"),
    "contains": _build_contains("at least"),
    "minContains": _build_contains("at least"),
    "maxContains": _build_contains("at most"),
    "not": _describe_not,
    "anyOf": _describe_union,
    "oneOf": _describe_union,
}
"""Message functions by keyword; "" is the schema `false`."""
