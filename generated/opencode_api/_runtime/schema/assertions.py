"""Assertions: keywords that constrain a value without applying other schemas (JSON Schema validation, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import jsonschema_rs

from ..json.formatting import get_schema_type
from ..json.text import canonicalize
from .patterns import translate

IsViolated = Callable[[Any, Any], bool]
"""Returns True if a value violates a keyword with the given limit."""


def violates(keyword: str, limit: Any, value: Any) -> bool:
    """Return True if a value violates an assertion; False if the keyword is for values of another type."""
    assertion = ASSERTIONS.get(keyword)
    if assertion is None:
        return False
    types, is_violated = assertion
    if types is not object and isinstance(value, bool):
        return False
    return isinstance(value, types) and is_violated(limit, value)


def has_type(value: object, name: str) -> bool:
    """Return True if a value has a JSON Schema type; an integer is a number too."""
    actual = get_schema_type(value)
    return actual == name or (name == "number" and actual == "integer")


def matches_pattern(pattern: str, text: str) -> bool:
    """Return True if a pattern matches anywhere in a text; patterns are not anchored."""
    return _compile_pattern(pattern).is_valid(text)


def find_duplicates(items: list[Any]) -> tuple[int, int]:
    """Return the indices of the first two equal items; (0, 0) if all items differ."""
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(canonicalize(item), index)
        if first != index:
            return first, index
    return 0, 0


@lru_cache(maxsize=1024)
def _compile_pattern(pattern: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({"pattern": translate(pattern)}, pattern_options=jsonschema_rs.RegexOptions())


@lru_cache(maxsize=256)
def _compile_format(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({"format": name}, validate_formats=True, offline=True)


def _has_wrong_type(limit: Any, value: Any) -> bool:
    return not any(has_type(value, name) for name in ([limit] if isinstance(limit, str) else limit))


def _is_not_among(limit: Any, value: Any) -> bool:
    return canonicalize(value) not in {canonicalize(option) for option in limit}


def _is_not_multiple(limit: Any, value: Any) -> bool:
    return bool(limit) and (_to_fraction(value) / _to_fraction(limit)).denominator != 1


def _to_fraction(number: Any) -> Fraction:
    """Return the decimal value as written, so that 19.99 is a multiple of 0.01."""
    return Fraction(Decimal(repr(number)))


_NUMBER = (int, float)
ASSERTIONS: Mapping[str, tuple[type | tuple[type, ...], IsViolated]] = {
    "type": (object, _has_wrong_type),
    "enum": (object, _is_not_among),
    "const": (object, lambda limit, value: _is_not_among([limit], value)),
    "minimum": (_NUMBER, lambda limit, value: value < limit),
    "maximum": (_NUMBER, lambda limit, value: value > limit),
    "exclusiveMinimum": (_NUMBER, lambda limit, value: value <= limit),
    "exclusiveMaximum": (_NUMBER, lambda limit, value: value >= limit),
    "multipleOf": (_NUMBER, _is_not_multiple),
    "minLength": (str, lambda limit, value: len(value) < limit),
    "maxLength": (str, lambda limit, value: len(value) > limit),
    "pattern": (str, lambda limit, value: not matches_pattern(limit, value)),
    "format": (str, lambda limit, value: not _compile_format(limit).is_valid(value)),
    "minItems": (list, lambda limit, value: len(value) < limit),
    "maxItems": (list, lambda limit, value: len(value) > limit),
    "uniqueItems": (list, lambda limit, value: limit is True and find_duplicates(value) != (0, 0)),
    "minProperties": (dict, lambda limit, value: len(value) < limit),
    "maxProperties": (dict, lambda limit, value: len(value) > limit),
}
"""Assertions by keyword: the Python types of the values they constrain, and the test for a violation."""
