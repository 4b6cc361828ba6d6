"""Formatting of names and values for messages: shortened, without control characters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Sized
from typing import cast

MAX_LENGTH = 60
"""Characters of a name or value that a message shows."""
MAX_LISTED = 8
"""Alternatives that a message lists."""


def escape_unprintable(text: str) -> str:
    """Return the text with unprintable characters (controls, bidi marks, surrogates) replaced by JSON escapes."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def quote_name(text: str) -> str:
    """Return a property name or pattern in backticks, shortened."""
    return f"`{escape_unprintable(text[:MAX_LENGTH])}{_format_ellipsis(text)}`"


def format_value(value: object) -> str:
    """Return a value as JSON, shortened."""
    if isinstance(value, str):
        return f'"{_escape_string(value[:MAX_LENGTH])}{_format_ellipsis(value)}"'
    if isinstance(value, dict | list) and len(cast("Sized", value)) > MAX_LENGTH // 2:
        return "{…}" if isinstance(value, dict) else "[…]"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "…"
    text = text.removesuffix(".0") if isinstance(value, float) else text
    return escape_unprintable(text[:MAX_LENGTH]) + _format_ellipsis(text)


def describe_value(value: object) -> str:
    """Return the type and the value: `integer 1`, `string "a"`, `array of 3 items`, `null`."""
    match value:
        case None:
            return "null"
        case list():
            return f"array of {format_count(len(cast('Sized', value)), 'item')}"
        case dict():
            return f"object of {format_count(len(cast('Sized', value)), 'property')}"
        case _:
            return f"{get_schema_type(value)} {format_value(value)}"


def get_json_type(value: object) -> str:
    """Return the JSON type of a value (RFC 8259): 1 and 1.5 are both a `number`."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "number"


def get_schema_type(value: object) -> str:
    """Return the JSON Schema type of a value: `integer` for a number without a fraction, else its JSON type."""
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    name = get_json_type(value)
    return "integer" if name == "number" else name


def format_count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 item`, `3 properties`."""
    if number != 1:
        noun = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun}"


def join_alternatives(alternatives: Sequence[str]) -> str:
    """Return `a`, `a or b`, `a, b or c`; past MAX_LISTED the number of the others; `no value` for an empty list."""
    shown = list(alternatives[:MAX_LISTED]) or ["no value"]
    if len(alternatives) > MAX_LISTED:
        shown.append(f"{len(alternatives) - MAX_LISTED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def format_suggestion(value: object, known: Iterable[object]) -> str:
    """Return `; did you mean ...?` if a string is similar to a known one, else an empty string."""
    import difflib  # imported here because only error messages need it

    candidates = [candidate for candidate in known if isinstance(candidate, str)]
    matches = difflib.get_close_matches(value[:MAX_LENGTH], candidates, 1) if isinstance(value, str) else []
    return f"; did you mean {format_value(matches[0])}?" if matches else ""


def _escape_string(text: str) -> str:
    return escape_unprintable(text.replace("\\", "\\\\").replace('"', '\\"'))


def _format_ellipsis(text: str) -> str:
    return "…" if len(text) > MAX_LENGTH else ""
