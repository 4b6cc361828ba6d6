"""Errors of text that is not I-JSON: limits, the exception, and a tokenizer that locates errors without recursion."""

from __future__ import annotations

import json
import re
from decimal import Decimal, DecimalException
from itertools import accumulate

from ..findings import MALFORMED, Finding
from .formatting import escape_unprintable, quote_name

MAX_DEPTH = 512
"""Nested arrays and objects that a document may have."""
MAX_DIGITS = 4300
"""Digits that an integer may have."""
MAX_EXPONENT = 1000
"""Digits that a number with an exponent may expand to: `1e4000` is six bytes, but an integer of two kilobytes."""

STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
"""A string in JSON text; an unclosed one ends at the end of the text, so that searching takes linear time."""

_STRINGS = re.compile(STRING, re.DOTALL)
_TOKENS = re.compile(STRING + r"|[\[\]{},]|-?[0-9][0-9.eE+-]*+|NaN|-?Infinity", re.DOTALL)
LONG_DIGITS = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS + 1))
"""A run of digits, in bytes, that is too long for an integer."""
_LONG_DIGITS = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")
_ESCAPES = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class MalformedText(ValueError):
    """Raised when a text is not I-JSON; `finding` has the reason and the location."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.finding = Finding("", MALFORMED, message)


def build_error(message: str, source: str, position: int) -> MalformedText:
    """Return an error with its location: line and column count from 1, columns in code points."""
    line = source.count("\n", 0, position) + 1
    column = position - source.rfind("\n", 0, position)
    return MalformedText(f"{message} at line {line}, column {column}")


def from_decode_error(error: json.JSONDecodeError) -> MalformedText:
    """Return the error for a syntax error of Python's JSON parser."""
    source = error.doc
    if not source.strip(" \t\r\n"):
        return MalformedText("the text is empty")
    if error.msg == "Extra data":
        return build_error("trailing data after the document", source, error.pos)
    if error.pos >= len(source):
        return build_error("the text ends inside the document", source, error.pos)
    comma = _find_trailing_comma(error)
    if comma is not None:
        return build_error("trailing comma", source, comma)
    return build_error(escape_unprintable(error.msg[:1].lower() + error.msg[1:].removesuffix(" at")), source, error.pos)


def _find_trailing_comma(error: json.JSONDecodeError) -> int | None:
    """Return the position of a comma before a closing bracket; the parser's message differs between Python versions."""
    if error.msg.startswith("Illegal trailing comma"):
        return error.pos
    before = error.doc[: error.pos].rstrip(" \t\r\n")
    closes = error.doc[error.pos : error.pos + 1] in ("}", "]")
    return len(before) - 1 if closes and before.endswith(",") else None


def from_unicode_error(error: UnicodeDecodeError) -> MalformedText:
    """Return the error for text that is not UTF-8."""
    if error.object[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return MalformedText("the text is not UTF-8 but UTF-16")
    before = error.object[: error.start].decode()
    return build_error("invalid UTF-8", before, len(before))


def may_exceed_limits(source: str) -> bool:
    """Return True if brackets nest past MAX_DEPTH, or a run of digits is longer than MAX_DIGITS.

    The digits may be part of a string; `reject_first_error` decides that.
    """
    if len(source) > MAX_DIGITS and _LONG_DIGITS.search(source):
        return True
    if source.count("[") + source.count("{") <= MAX_DEPTH:
        return False
    brackets = _STRINGS.sub("", source).encode().translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH


def is_bounded(literal: str) -> bool:
    """Return True if a number with an exponent expands to at most MAX_EXPONENT digits."""
    try:
        return Decimal(literal).adjusted() < MAX_EXPONENT
    except DecimalException:
        return False


def reject_lone_surrogate(source: str) -> None:
    """Raise MalformedText for the first escape that is half of a surrogate pair."""
    for escape in _ESCAPES.finditer(source):
        if escape["lone"]:
            raise build_error(f"lone surrogate {escape[0]}", source, escape.start())


def reject_first_error(source: str) -> None:
    """Read token by token and raise MalformedText for the first error that is not a syntax error.

    These are nesting and numbers past their limits, constants like NaN, and duplicate names.
    """
    names: list[set[str] | None] = []
    at_name = False
    for token in _TOKENS.finditer(source):
        text, is_name = token[0], at_name
        at_name = False
        if text in ("{", "["):
            names.append(set() if text == "{" else None)
            at_name = text == "{"
            if len(names) > MAX_DEPTH:
                raise build_error(f"nested deeper than {MAX_DEPTH}", source, token.start())
        elif text in ("}", "]"):
            names = names[:-1]
        elif text == ",":
            at_name = bool(names) and names[-1] is not None
        elif text[0] != '"':
            _reject_number(token)
        elif is_name and (seen := names[-1]) is not None:
            _reject_duplicate_name(token, seen)


def _reject_number(token: re.Match[str]) -> None:
    literal = token[0]
    if literal in ("NaN", "Infinity", "-Infinity"):
        raise build_error(f"{literal} is not JSON", token.string, token.start())
    digits = literal.removeprefix("-")
    if digits.isdigit() and len(digits) > MAX_DIGITS:
        raise build_error(f"integer of {len(digits)} digits (at most {MAX_DIGITS})", token.string, token.start())
    if not digits.isdigit() and _overflows(literal) and not is_bounded(literal):
        raise build_error(f"number {literal[:40]} of more than {MAX_EXPONENT} digits", token.string, token.start())


def _overflows(literal: str) -> bool:
    try:
        return float(literal) in (float("inf"), float("-inf"))
    except ValueError:
        return False


def _reject_duplicate_name(token: re.Match[str], seen: set[str]) -> None:
    try:
        name = str(json.loads(token[0], strict=False))
    except json.JSONDecodeError:
        return
    if name in seen:
        raise build_error(f"duplicate name {quote_name(name)}", token.string, token.start())
    seen.add(name)
