"""Faults in words, each fault once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..findings import VIOLATION, Finding
from ..json.formatting import counted, described, either, literal, name, suggestion
from ..json.pointers import names_of
from .branches import Several, UnknownTag, WrongType, in_order
from .documents import MISSING, ONE, Site
from .evaluation import Fault

Message = Callable[[Fault, Any, Any], str]
"""The words for a fault, given what the keyword says and the value that breaks it."""


def findings(faults: Iterable[Fault]) -> tuple[Finding, ...]:
    """One finding a fault, in the order of discovery; the same fault met twice is one."""
    found: dict[tuple[str, str], Finding] = {}
    for fault in _distinct(faults):
        finding = _finding(fault)
        found.setdefault((finding.pointer, finding.message), finding)
    return tuple(found.values())


def _distinct(faults: Iterable[Fault]) -> list[Fault]:
    """Of one value: if it has a wrong type, only that; of what is wrong with the choice of it, only the first."""
    by_place: dict[int, list[Fault]] = {}
    for fault in faults:
        by_place.setdefault(id(fault.at), []).append(fault)
    return [fault for group in by_place.values() for fault in _of_one_place(group)]


def _of_one_place(group: list[Fault]) -> list[Fault]:
    if group[0].at.value is MISSING:
        return group[:1]
    types = [fault for fault in group if fault.keyword == "type"]
    choices = [fault for fault in group if _is_choice(fault)]
    return types or [fault for fault in group if fault not in choices[1:]]


def _is_choice(fault: Fault) -> bool:
    return fault.keyword in ("enum", "const") or isinstance(fault.detail, WrongType | UnknownTag)


def _finding(fault: Fault) -> Finding:
    message = MESSAGES[fault.keyword](fault, fault.site.keywords.get(fault.keyword), fault.at.value)
    prefix = "property name: " if fault.at.is_name else ""
    keyword = fault.keyword or _last_keyword(fault.site)
    where = f"{fault.site.where}/{fault.keyword}" if fault.keyword else fault.site.where
    return Finding(fault.at.pointer, VIOLATION, prefix + message, keyword, where)


def _last_keyword(site: Site) -> str:
    """The keyword that holds a schema: the last name of its pointer, or the one before a name or index."""
    names = names_of(site.pointer)
    return "" if not names else names[-1] if names[-1] in ONE or len(names) == 1 else names[-2]


def _not_allowed(fault: Fault, limit: Any, value: Any) -> str:
    place = fault.at
    if place.holder is None or place.is_name:
        return f"no value is allowed, got {described(value)}"
    if isinstance(place.name, int):
        return f"item {place.name} is not allowed"
    return f"property {name(place.name)} is not allowed"


def _missing(fault: Fault, limit: Any, value: Any) -> str:
    return f"required property {name(str(fault.at.name))} is missing"


def _needed(fault: Fault, limit: Any, value: Any) -> str:
    return f"property {name(str(fault.at.name))} is missing, which {name(fault.detail)} requires"


def _type(fault: Fault, limit: Any, value: Any) -> str:
    names = (limit,) if isinstance(limit, str) else in_order(frozenset(limit)) or ("no type",)
    return f"expected {either(names)}, got {described(value)}"


def _choice(fault: Fault, limit: Any, value: Any) -> str:
    known = limit if fault.keyword == "enum" else [limit]
    return f"expected {either([literal(one) for one in known])}, got {described(value)}{suggestion(value, known)}"


def _compared(words: str) -> Message:
    return lambda fault, limit, value: f"expected {words} {literal(limit)}, got {literal(value)}"


def _sized(words: str, noun: str) -> Message:
    return lambda fault, limit, value: f"expected {words} {counted(limit, noun)}, got {counted(len(value), noun)}"


def _pattern(fault: Fault, limit: Any, value: Any) -> str:
    return f"{described(value)} does not match the pattern {name(limit)}"


def _format(fault: Fault, limit: Any, value: Any) -> str:
    return f"{described(value)} is not of the format {name(limit)}"


def _unique(fault: Fault, limit: Any, value: Any) -> str:
    first, second = fault.detail
    return f"items {first} and {second} are equal"


def _contains(words: Callable[[Any], str]) -> Message:
    return lambda fault, limit, value: f"{counted(fault.detail, 'item')} of the kind asked for, expected {words(limit)}"


def _count_of(words: str) -> Callable[[Any], str]:
    return lambda limit: f"{words} {limit if isinstance(limit, int) else 1}"


def _not(fault: Fault, limit: Any, value: Any) -> str:
    return f"{described(value)} is what the schema rules out"


def _union(fault: Fault, limit: Any, value: Any) -> str:
    match fault.detail:
        case WrongType(expected):
            return f"expected {either(expected)}, got {described(value)}"
        case UnknownTag(tag, known):
            if value is MISSING:
                return f"required property {name(tag)} is missing"
            words = either([literal(one) for one in known]) if known else "another value"
            return f"expected {words}, got {described(value)}{suggestion(value, known)}"
        case Several(matching, total):
            return f"{len(matching)} of {total} branches match, exactly one may"
        case _:
            return f"{described(value)} fits no branch"


MESSAGES: Mapping[str, Message] = {
    "": _not_allowed,
    "required": _missing,
    "dependentRequired": _needed,
    "dependencies": _needed,
    "type": _type,
    "enum": _choice,
    "const": _choice,
    "minimum": _compared("at least"),
    "maximum": _compared("at most"),
    "exclusiveMinimum": _compared("more than"),
    "exclusiveMaximum": _compared("less than"),
    "multipleOf": _compared("a multiple of"),
    "minLength": _sized("at least", "character"),
    "maxLength": _sized("at most", "character"),
    "pattern": _pattern,
    "format": _format,
    "minItems": _sized("at least", "item"),
    "maxItems": _sized("at most", "item"),
    "uniqueItems": _unique,
    "minProperties": _sized("at least", "property"),
    "maxProperties": _sized("at most", "property"),
    "contains": _contains(_count_of("at least")),
    "minContains": _contains(_count_of("at least")),
    "maxContains": _contains(_count_of("at most")),
    "not": _not,
    "anyOf": _union,
    "oneOf": _union,
}
"""What to say of each keyword that can fail by itself."""
