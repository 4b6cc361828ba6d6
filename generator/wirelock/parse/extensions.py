"""Parser of the `x-` keywords of a schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from wirelock.ir import Extensions
from wirelock.parse.codes import EXTENSION_INVALID
from wirelock.parse.context import SchemaContext
from wirelock.runtime.json.formatting import describe_value

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MAX_FIELD_NUMBER = 2**29 - 1
_RESERVED_NUMBERS = range(19000, 20000)  # reserved by protobuf (language guide, "Assigning Field Numbers")


def _is_number(value: object) -> bool:
    return type(value) is int and 1 <= value <= _MAX_FIELD_NUMBER and value not in _RESERVED_NUMBERS


def _is_name(value: object) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


_EXTENSION_RULES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "x-proto-field": (_is_number, f"a field number from 1 to {_MAX_FIELD_NUMBER}, except 19000 to 19999"),
    "x-proto-name": (_is_name, "a protobuf identifier: letters, digits and underscores, beginning with a letter"),
    "x-proto-type": (lambda value: isinstance(value, str) and value != "", "the name of a protobuf type"),
    "x-renamed-from": (lambda value: isinstance(value, str), "the former name of the property"),
    "x-extensible-enum": (lambda value: isinstance(value, bool), "true or false"),
}


def parse_extensions(keywords: Mapping[str, object], context: SchemaContext) -> Extensions:
    """Return the extension keywords of a schema; invalid values are reported and omitted."""
    valid = {
        keyword: keywords[keyword]
        for keyword in _EXTENSION_RULES
        if keyword in keywords and _check_extension(keyword, keywords, context)
    }
    number = valid.get("x-proto-field")
    return Extensions(
        number if isinstance(number, int) else None,
        str(valid.get("x-proto-name", "")),
        str(valid.get("x-proto-type", "")),
        str(valid.get("x-renamed-from", "")),
    )


def _check_extension(keyword: str, keywords: Mapping[str, object], context: SchemaContext) -> bool:
    is_accepted, expected = _EXTENSION_RULES[keyword]
    if is_accepted(keywords[keyword]):
        return True
    message = f"invalid value for {keyword}: {describe_value(keywords[keyword])}"
    context.report(EXTENSION_INVALID, message, f"use {expected}", keyword)
    return False
