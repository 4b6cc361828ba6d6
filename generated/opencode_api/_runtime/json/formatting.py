"""Names and values as messages show them: short, and with nothing in them that a terminal would obey."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence, Sized
from typing import cast

LONGEST = 60
"""How many characters of a name or value are shown."""
MOST = 8
"""How many of several values are listed."""


def visible(text: str) -> str:
    """Text with every character that is not printable (controls, bidi marks, surrogates) as its JSON escape."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def name(text: str) -> str:
    """A property name or pattern, in backticks."""
    return f"`{visible(text[:LONGEST])}{_rest(text)}`"


def literal(value: object) -> str:
    """A value as JSON, shortened."""
    if isinstance(value, str):
        return f'"{_escaped(value[:LONGEST])}{_rest(value)}"'
    if isinstance(value, dict | list) and len(cast("Sized", value)) > LONGEST // 2:
        return "{…}" if isinstance(value, dict) else "[…]"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "…"
    text = text.removesuffix(".0") if isinstance(value, float) else text
    return visible(text[:LONGEST]) + _rest(text)


def described(value: object) -> str:
    """What a value is, and which: `integer 1`, `string "a"`, `array of 3 items`, `null`."""
    match value:
        case None:
            return "null"
        case list():
            return f"array of {counted(len(cast('Sized', value)), 'item')}"
        case dict():
            return f"object of {counted(len(cast('Sized', value)), 'property')}"
        case _:
            return f"{type_name(value)} {literal(value)}"


def json_type(value: object) -> str:
    """The JSON type of a value (RFC 8259): 1 and 1.5 are both a `number`."""
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


def type_name(value: object) -> str:
    """The type of a value in JSON Schema's words: `integer` for a number without a fraction."""
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    name = json_type(value)
    return "integer" if name == "number" else name


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 item`, `3 properties`."""
    if number != 1:
        noun = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun}"


def either(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`; past MOST, how many more there are; of nothing, `no value`."""
    shown = list(words[:MOST]) or ["no value"]
    if len(words) > MOST:
        shown.append(f"{len(words) - MOST} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def suggestion(value: object, known: Iterable[object]) -> str:
    """`; did you mean ...?` when a string is close to a known one, otherwise nothing."""
    import difflib  # wanted only when something is wrong

    words = [word for word in known if isinstance(word, str)]
    near = difflib.get_close_matches(value[:LONGEST], words, 1) if isinstance(value, str) else []
    return f"; did you mean {literal(near[0])}?" if near else ""


def _escaped(text: str) -> str:
    return visible(text.replace("\\", "\\\\").replace('"', '\\"'))


def _rest(text: str) -> str:
    return "…" if len(text) > LONGEST else ""
