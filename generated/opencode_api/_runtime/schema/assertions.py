"""Keywords that look at one value alone, and what breaks each of them (JSON Schema validation, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import jsonschema_rs

from ..json.formatting import type_name
from ..json.text import canonical
from .patterns import translate

Check = Callable[[Any, Any], bool]
"""Whether a value breaks a keyword that has this limit."""


def breaks(keyword: str, limit: Any, value: Any) -> bool:
    """Whether a value breaks an assertion; a keyword that is about another type of value never is broken."""
    found = CHECKS.get(keyword)
    if found is None:
        return False
    about, check = found
    if about is not object and isinstance(value, bool):
        return False
    return isinstance(value, about) and check(limit, value)


def is_type(value: object, name: str) -> bool:
    """Whether a value has a JSON type; an integer is a number too."""
    actual = type_name(value)
    return actual == name or (name == "number" and actual == "integer")


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern, which is not anchored, is found in a text."""
    return _pattern(pattern).is_valid(text)


def repeated(items: list[Any]) -> tuple[int, int]:
    """The indices of the first two items that are equal; (0, 0) if there are none."""
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(canonical(item), index)
        if first != index:
            return first, index
    return 0, 0


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({"pattern": translate(pattern)}, pattern_options=jsonschema_rs.RegexOptions())


@lru_cache(maxsize=256)
def _format(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({"format": name}, validate_formats=True, offline=True)


def _wrong_type(limit: Any, value: Any) -> bool:
    return not any(is_type(value, name) for name in ([limit] if isinstance(limit, str) else limit))


def _not_among(limit: Any, value: Any) -> bool:
    return canonical(value) not in {canonical(option) for option in limit}


def _not_multiple(limit: Any, value: Any) -> bool:
    return bool(limit) and (_fraction(value) / _fraction(limit)).denominator != 1


def _fraction(number: Any) -> Fraction:
    """The number as it is written: 19.99 is a multiple of 0.01."""
    return Fraction(Decimal(repr(number)))


_NUMBER = (int, float)
CHECKS: Mapping[str, tuple[type | tuple[type, ...], Check]] = {
    "type": (object, _wrong_type),
    "enum": (object, _not_among),
    "const": (object, lambda limit, value: _not_among([limit], value)),
    "minimum": (_NUMBER, lambda limit, value: value < limit),
    "maximum": (_NUMBER, lambda limit, value: value > limit),
    "exclusiveMinimum": (_NUMBER, lambda limit, value: value <= limit),
    "exclusiveMaximum": (_NUMBER, lambda limit, value: value >= limit),
    "multipleOf": (_NUMBER, _not_multiple),
    "minLength": (str, lambda limit, value: len(value) < limit),
    "maxLength": (str, lambda limit, value: len(value) > limit),
    "pattern": (str, lambda limit, value: not matches(limit, value)),
    "format": (str, lambda limit, value: not _format(limit).is_valid(value)),
    "minItems": (list, lambda limit, value: len(value) < limit),
    "maxItems": (list, lambda limit, value: len(value) > limit),
    "uniqueItems": (list, lambda limit, value: limit is True and repeated(value) != (0, 0)),
    "minProperties": (dict, lambda limit, value: len(value) < limit),
    "maxProperties": (dict, lambda limit, value: len(value) > limit),
}
"""The keywords, the Python types of the values that each is about, and the check."""
