"""Parser and printer for I-JSON text (RFC 7493), shared by validator, model and codec.

MALFORMED is reported for duplicate names, lone surrogates, a byte order mark, encodings other than UTF-8, NaN and
Infinity, trailing data, nesting past MAX_DEPTH, and numbers past MAX_DIGITS or MAX_EXPONENT. NUL is allowed.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias

import msgspec

from .errors import (
    LONG_DIGITS,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_EXPONENT,
    STRING,
    MalformedText,
    build_error,
    from_decode_error,
    from_unicode_error,
    is_bounded,
    may_exceed_limits,
    reject_first_error,
    reject_lone_surrogate,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_EXPONENT",
    "MAX_PLAIN_NUMBER",
    "Json",
    "MalformedText",
    "canonicalize",
    "dump",
    "parse",
]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A JSON value as `parse` returns it."""

_EXACT = 2.0**53
MAX_PLAIN_NUMBER = 1e21
"""Numbers from here on print with an exponent, as in JavaScript."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_POINT_ZERO = re.compile(r"\.0(?:[,\]}]|\Z)")
_FLOATS = re.compile(
    STRING + r"|(?P<integral>-?[0-9]+\.0(?![0-9])|-?[0-9](?:\.[0-9]+)?e\+(?:1[6-9]|20)(?![0-9]))", re.DOTALL
)
_INTEGRAL = re.compile(STRING + r"|(?P<integral>-?[0-9]+\.0(?![0-9])|-?[0-9](?:\.[0-9]+)?e\+[0-9]+)", re.DOTALL)


class _UnlocatedError(ValueError):
    """Raised inside a parser hook, which does not know the position."""


def parse(text: bytes | str) -> Json:
    """Return the value of a JSON text; raise MalformedText if it is not I-JSON.

    Integers are exact. A number with a fraction or an exponent is the nearest double, except that an integral one
    which a double may not hold (from 2**53 to 1e21, and past the double range) is an exact int.
    """
    parsed = _parse_compact(text) if isinstance(text, bytes) else None
    return _parse_strict(text) if parsed is None else parsed[0]


def _parse_compact(text: bytes) -> tuple[Json] | None:
    """Return the value of a text that equals its own re-encoding, as most servers send it; None for any other text.

    An encoder writes no duplicate name, no escaped surrogate and no constant like NaN, so that only the nesting depth
    and the length of integers remain to be checked. The value is in a tuple because None is a JSON value.
    """
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH or (len(text) > MAX_DIGITS and LONG_DIGITS.search(text)):
        return None
    try:
        value: Json = _FAST_DECODER.decode(text)
        return (value,) if _FAST_ENCODER.encode(value) == text else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _parse_strict(text: bytes | str) -> Json:
    source = _decode_text(text)
    if may_exceed_limits(source):
        reject_first_error(source)
    try:
        value: Json = _DECODER.decode(source)
    except json.JSONDecodeError as error:
        raise from_decode_error(error) from None
    except _UnlocatedError as error:
        reject_first_error(source)
        raise MalformedText(str(error)) from None
    except RecursionError:
        raise MalformedText("nested too deeply for the stack of this thread") from None
    except ValueError:
        raise MalformedText("an integer exceeds the digit limit of the Python interpreter") from None
    if _SURROGATE.search(source):
        reject_lone_surrogate(source)
    return value


def dump(value: object) -> bytes:
    """Return a value as compact UTF-8; integral floats below 1e21 print without `.0`, as in JavaScript.

    Raise ValueError for NaN, Infinity, a lone surrogate, a cycle, or a value nested too deeply.
    """
    try:
        text = _ENCODER.encode(value)
    except RecursionError:
        raise ValueError("the value is nested too deeply or contains itself") from None
    if "e+" in text or _POINT_ZERO.search(text):
        text = _FLOATS.sub(_drop_fraction, text)
    return text.encode()


def canonicalize(value: object) -> str:
    """Return a text that is the same for equal values only (`equality.are_equal`); raise ValueError as `dump` does."""
    return _INTEGRAL.sub(_drop_fraction, _SORTED.encode(value))


def _drop_fraction(match: re.Match[str]) -> str:
    return str(int(float(match[0]))) if match["integral"] else match[0]


def _decode_text(text: bytes | str) -> str:
    try:
        source = text.decode() if isinstance(text, bytes) else text
        if isinstance(text, str) and not text.isascii():
            text.encode()
    except UnicodeDecodeError as error:
        raise from_unicode_error(error) from None
    except UnicodeEncodeError as error:
        raise build_error("lone surrogate", error.object, error.start) from None
    if source.startswith("\ufeff"):
        raise MalformedText("byte order mark before the document")
    if "\0" in source[:2]:
        raise MalformedText("the text is not UTF-8 but looks like UTF-16 or UTF-32")
    return source


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _UnlocatedError("duplicate name")
    return members


def _parse_number(literal: str) -> int | float:
    value = float(literal)
    if -_EXACT < value < _EXACT:
        return value
    if -MAX_PLAIN_NUMBER < value < MAX_PLAIN_NUMBER:
        exact = Decimal(literal)
        return int(exact) if exact == exact.to_integral_value() else value
    return value if value - value == 0 else _parse_huge_integer(literal)


def _parse_huge_integer(literal: str) -> int:
    if not is_bounded(literal):
        raise _UnlocatedError("number too large")
    return int(Decimal(literal))


def _reject_constant(name: str) -> NoReturn:
    raise _UnlocatedError(f"{name} is not JSON")


_FAST_DECODER: Any = msgspec.json.Decoder()
_FAST_ENCODER: Any = msgspec.json.Encoder()
_DECODER = json.JSONDecoder(object_pairs_hook=_build_object, parse_float=_parse_number, parse_constant=_reject_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))
_SORTED = json.JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True)
