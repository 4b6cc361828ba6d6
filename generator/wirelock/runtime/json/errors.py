"""What is wrong with a text that is not I-JSON, and where: limits, the exception, and a reader that never recurses."""

from __future__ import annotations

import json
import re
from decimal import Decimal, DecimalException
from itertools import accumulate

from ..findings import MALFORMED, Finding
from .formatting import name, visible

MAX_DEPTH = 512
"""How many arrays and objects may stand inside each other."""
MAX_DIGITS = 4300
"""How many digits an integer may have."""
MAX_EXPONENT = 1000
"""How many digits a number with an exponent may stand for: `1e4000` is six bytes that want two kilobytes."""

STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
"""A string in JSON text; an unclosed one ends with the text, so that searching takes linear time."""

_STRINGS = re.compile(STRING, re.DOTALL)
_TOKENS = re.compile(STRING + r"|[\[\]{},]|-?[0-9][0-9.eE+-]*+|NaN|-?Infinity", re.DOTALL)
LONG = re.compile(rb"[0-9]{%d}" % (MAX_DIGITS + 1))
"""Digits in a row, in bytes, that are too many for an integer."""
_LONG = re.compile(rf"[0-9]{{{MAX_DIGITS + 1}}}")
_ESCAPES = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


class MalformedText(ValueError):
    """The text is not I-JSON; `finding` says what is wrong with it and where."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.finding = Finding("", MALFORMED, message)


def at(what: str, source: str, position: int) -> MalformedText:
    """A fault at a place: line and column count from 1, columns in code points."""
    line = source.count("\n", 0, position) + 1
    column = position - source.rfind("\n", 0, position)
    return MalformedText(f"{what} at line {line}, column {column}")


def not_grammar(error: json.JSONDecodeError) -> MalformedText:
    """What the parser said, in our words."""
    source = error.doc
    if not source.strip(" \t\r\n"):
        return MalformedText("the text is empty")
    if error.msg == "Extra data":
        return at("trailing data after the document", source, error.pos)
    if error.pos >= len(source):
        return at("the text ends inside the document", source, error.pos)
    comma = _trailing_comma(error)
    if comma is not None:
        return at("trailing comma", source, comma)
    return at(visible(error.msg[:1].lower() + error.msg[1:].removesuffix(" at")), source, error.pos)


def _trailing_comma(error: json.JSONDecodeError) -> int | None:
    """Where a comma stands before a closing bracket; the parser's own words for it differ from Python to Python."""
    if error.msg.startswith("Illegal trailing comma"):
        return error.pos
    before = error.doc[: error.pos].rstrip(" \t\r\n")
    closes = error.doc[error.pos : error.pos + 1] in ("}", "]")
    return len(before) - 1 if closes and before.endswith(",") else None


def not_utf8(error: UnicodeDecodeError) -> MalformedText:
    """Which bytes are not UTF-8."""
    if error.object[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return MalformedText("the text is not UTF-8 but UTF-16")
    before = error.object[: error.start].decode()
    return at("invalid UTF-8", before, len(before))


def suspicious(source: str) -> bool:
    """Whether brackets nest past MAX_DEPTH, or digits stand in a row longer than an integer may be.

    Long digits may be part of a string: `refuse_first_fault` knows.
    """
    if len(source) > MAX_DIGITS and _LONG.search(source):
        return True
    if source.count("[") + source.count("{") <= MAX_DEPTH:
        return False
    brackets = _STRINGS.sub("", source).encode().translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, brackets)), default=0) > MAX_DEPTH


def bearable(literal: str) -> bool:
    """Whether a number with an exponent stays below MAX_EXPONENT digits."""
    try:
        return Decimal(literal).adjusted() < MAX_EXPONENT
    except DecimalException:
        return False


def refuse_lone_surrogate(source: str) -> None:
    """Raise MalformedText at the first escape that is half of a surrogate pair."""
    for escape in _ESCAPES.finditer(source):
        if escape["lone"]:
            raise at(f"lone surrogate {escape[0]}", source, escape.start())


def refuse_first_fault(source: str) -> None:
    """Read token by token and raise MalformedText at the first fault that the parser's grammar does not know."""
    names: list[set[str] | None] = []
    at_name = False
    for token in _TOKENS.finditer(source):
        text, is_name = token[0], at_name
        at_name = False
        if text in ("{", "["):
            names.append(set() if text == "{" else None)
            at_name = text == "{"
            if len(names) > MAX_DEPTH:
                raise at(f"nested deeper than {MAX_DEPTH}", source, token.start())
        elif text in ("}", "]"):
            names = names[:-1]
        elif text == ",":
            at_name = bool(names) and names[-1] is not None
        elif text[0] != '"':
            _refuse_number(token)
        elif is_name and (seen := names[-1]) is not None:
            _refuse_repeated(token, seen)


def _refuse_number(token: re.Match[str]) -> None:
    literal = token[0]
    if literal in ("NaN", "Infinity", "-Infinity"):
        raise at(f"{literal} is not JSON", token.string, token.start())
    digits = literal.removeprefix("-")
    if digits.isdigit() and len(digits) > MAX_DIGITS:
        raise at(f"integer of {len(digits)} digits (at most {MAX_DIGITS})", token.string, token.start())
    if not digits.isdigit() and _overflows(literal) and not bearable(literal):
        raise at(f"number {literal[:40]} of more than {MAX_EXPONENT} digits", token.string, token.start())


def _overflows(literal: str) -> bool:
    try:
        return float(literal) in (float("inf"), float("-inf"))
    except ValueError:
        return False


def _refuse_repeated(token: re.Match[str], seen: set[str]) -> None:
    try:
        spelled = str(json.loads(token[0], strict=False))
    except json.JSONDecodeError:
        return
    if spelled in seen:
        raise at(f"duplicate name {name(spelled)}", token.string, token.start())
    seen.add(spelled)
