"""JSON text to values and back: I-JSON (RFC 7493), one policy for validator, model and codec.

Refused as MALFORMED: duplicate names, lone surrogates, a byte order mark, anything but UTF-8, NaN and Infinity,
anything after the document, nesting past MAX_DEPTH, numbers past MAX_DIGITS or MAX_EXPONENT. NUL is allowed.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

import msgspec

from .errors import (
    LONG,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_EXPONENT,
    STRING,
    MalformedText,
    at,
    bearable,
    not_grammar,
    not_utf8,
    refuse_first_fault,
    refuse_lone_surrogate,
    suspicious,
)

__all__ = ["MAX_DEPTH", "MAX_DIGITS", "MAX_EXPONENT", "PLAIN", "Json", "MalformedText", "canonical", "dump", "parse"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A JSON value as `parse` gives it."""

_EXACT = 2.0**53
PLAIN = 1e21
"""Where numbers begin that print with an exponent, as JavaScript prints them."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_POINT_ZERO = re.compile(r"\.0(?:[,\]}]|\Z)")
_FLOATS = re.compile(
    STRING + r"|(?P<integral>-?[0-9]+\.0(?![0-9])|-?[0-9](?:\.[0-9]+)?e\+(?:1[6-9]|20)(?![0-9]))", re.DOTALL
)
_INTEGRAL = re.compile(STRING + r"|(?P<integral>-?[0-9]+\.0(?![0-9])|-?[0-9](?:\.[0-9]+)?e\+[0-9]+)", re.DOTALL)


class _Suspect(ValueError):
    """Raised inside the parser, which does not know the place."""


def parse(text: bytes | str) -> Json:
    """The value of a JSON text.

    Integers are exact. A number with a fraction or an exponent is the nearest double, except that an integral one
    which a double may not hold (from 2**53 to 1e21, and past the double range) is an exact int.

    Raises MalformedText.
    """
    known = _as_printed(text) if isinstance(text, bytes) else None
    return _parsed(text) if known is None else known[0]


def _as_printed(text: bytes) -> tuple[Json] | None:
    """The value of a text that is exactly what a printer makes of it, as most servers send it; None for any other.

    A printer repeats no name, escapes no surrogate and writes nothing that is not JSON, so nothing else is to be
    looked for in such a text but its depth and the length of its integers.
    """
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH or (len(text) > MAX_DIGITS and LONG.search(text)):
        return None
    try:
        value: Json = _QUICK_DECODER.decode(text)
        return (value,) if _QUICK_ENCODER.encode(value) == text else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _parsed(text: bytes | str) -> Json:
    source = _decoded(text)
    if suspicious(source):
        refuse_first_fault(source)
    try:
        value: Json = _DECODER.decode(source)
    except json.JSONDecodeError as error:
        raise not_grammar(error) from None
    except _Suspect as suspect:
        refuse_first_fault(source)
        raise MalformedText(str(suspect)) from None
    except RecursionError:
        raise MalformedText("nested deeper than this thread has room for") from None
    except ValueError:
        raise MalformedText("an integer is longer than this interpreter is set to read") from None
    if _SURROGATE.search(source):
        refuse_lone_surrogate(source)
    return value


def dump(value: object) -> bytes:
    """A value as compact UTF-8; integral floats below 1e21 print without `.0`, as JavaScript prints them.

    Raises ValueError for NaN, Infinity, a lone surrogate, a cycle, or a value nested too deeply.
    """
    try:
        text = _ENCODER.encode(value)
    except RecursionError:
        raise ValueError("the value is nested too deeply, or contains itself") from None
    if "e+" in text or _POINT_ZERO.search(text):
        text = _FLOATS.sub(_without_fraction, text)
    return text.encode()


def canonical(value: object) -> str:
    """The same text for equal values (`equality.equal`), another for others; raises ValueError as `dump` does."""
    return _INTEGRAL.sub(_without_fraction, _SORTED.encode(value))


def _without_fraction(found: re.Match[str]) -> str:
    return str(int(float(found[0]))) if found["integral"] else found[0]


def _decoded(text: bytes | str) -> str:
    try:
        source = text.decode() if isinstance(text, bytes) else text
        if isinstance(text, str) and not text.isascii():
            text.encode()
    except UnicodeDecodeError as error:
        raise not_utf8(error) from None
    except UnicodeEncodeError as error:
        raise at("lone surrogate", error.object, error.start) from None
    if source.startswith("\ufeff"):
        raise MalformedText("byte order mark before the document")
    if "\0" in source[:2]:
        raise MalformedText("the text is not UTF-8 but looks like UTF-16 or UTF-32")
    return source


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Suspect("duplicate name")
    return members


def _number(literal: str) -> int | float:
    value = float(literal)
    if -_EXACT < value < _EXACT:
        return value
    if -PLAIN < value < PLAIN:
        exact = Decimal(literal)
        return int(exact) if exact == exact.to_integral_value() else value
    return value if value - value == 0 else _past_the_double_range(literal)


def _past_the_double_range(literal: str) -> int:
    if not bearable(literal):
        raise _Suspect("number too large")
    return int(Decimal(literal))


def _constant(name: str) -> NoReturn:
    raise _Suspect(f"{name} is not JSON")


_QUICK_DECODER: Any = msgspec.json.Decoder()
_QUICK_ENCODER: Any = msgspec.json.Encoder()
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))
_SORTED = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True)
