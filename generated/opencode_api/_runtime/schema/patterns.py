"""ECMA-262 regular expressions, as `pattern` means them, written for an engine that cannot backtrack (Rust's regex).

The result says the same under Rust's regex crate, used directly or through jsonschema-rs: classes are spelled out,
so that nothing depends on whose `\\d` or `.` it is. Look-around and back-references are refused.
"""

from __future__ import annotations

import re
from functools import lru_cache

LAST = 0x10FFFF
Range = tuple[int, int]

_DIGIT: tuple[Range, ...] = ((0x30, 0x39),)
_WORD: tuple[Range, ...] = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACE: tuple[Range, ...] = (
    (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
    (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
)  # fmt: skip
_LINE_END: tuple[Range, ...] = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_BOUNDARIES = {"b": r"(?-u:\b)", "B": r"(?-u:\B)"}
_GROUPS = {
    "(?=": "look-ahead",
    "(?!": "look-ahead",
    "(?<=": "look-behind",
    "(?<!": "look-behind",
}
_HEX = re.compile(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}")
_LOW = re.compile(r"u([dD][c-fC-F][0-9a-fA-F]{2})")
_PROPERTY = re.compile(r"[pP]\{[A-Za-z_]+(?:=[A-Za-z0-9_]+)?\}")
_NAMED = re.compile(r"\(\?<[A-Za-z_$][A-Za-z0-9_$]*>")
_REPEAT = re.compile(r"(?:[*+?]|\{(?P<least>[0-9]+)(?:,(?P<most>[0-9]*))?\})\??")


class PatternRefused(ValueError):
    """A pattern that is not ECMA-262, or that only a backtracking engine could match."""


@lru_cache(maxsize=4096)
def translate(pattern: str) -> str:
    """The same pattern for Rust's regex; raises PatternRefused with the reason."""
    reader = _Reader(pattern)
    parts: list[str] = []
    depth = 0
    while not reader.done:
        part = _term(reader)
        depth += {"(": 1, "(?:": 1, ")": -1}.get(part, 0)
        if depth < 0:
            raise PatternRefused("there is a `)` too many")
        parts.append(part)
    if depth:
        raise PatternRefused("a group is not closed")
    return _tried("".join(parts))


def _tried(translated: str) -> str:
    """The pattern that the engine takes: which properties it knows and how much it holds, only it can tell."""
    import jsonschema_rs  # models without patterns do without it

    try:
        jsonschema_rs.validator_for({"pattern": translated}, pattern_options=jsonschema_rs.RegexOptions())
    except jsonschema_rs.ValidationError:
        raise PatternRefused("it names a Unicode property that there is not, or is too large") from None
    return translated


class _Reader:
    """The pattern, how far it is read, and whether what was read last can be repeated."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self.repeatable = False

    @property
    def done(self) -> bool:
        return self._at >= len(self._pattern)

    def peek(self, length: int) -> str:
        return self._pattern[self._at : self._at + length]

    def take(self) -> str:
        if self.done:
            raise PatternRefused("the pattern ends too early")
        self._at += 1
        return self._pattern[self._at - 1]

    def match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        found = expression.match(self._pattern, self._at)
        self._at = found.end() if found else self._at
        return found


def _term(reader: _Reader) -> str:
    """One piece of the pattern: an atom, an assertion, a bracket of a group, or a quantifier."""
    repeat = reader.match(_REPEAT)
    if repeat:
        return _quantifier(repeat, reader)
    char = reader.peek(1)
    if char == "(":
        reader.repeatable = False
        return _group(reader)
    reader.take()
    reader.repeatable = char not in "^$|"
    match char:
        case "^" | "$" | "|" | ")":
            return char
        case ".":
            return _set(_outside(_LINE_END))
        case "[":
            return _class(reader)
        case "\\":
            return _escape(reader)
        case "{":
            raise PatternRefused("a `{` that is not a quantifier has to be escaped")
        case _:
            return _char(ord(char))


def _quantifier(repeat: re.Match[str], reader: _Reader) -> str:
    if not reader.repeatable:
        raise PatternRefused(f"there is nothing that `{repeat[0]}` could repeat")
    reader.repeatable = False
    if repeat["most"] and int(repeat["most"]) < int(repeat["least"]):
        raise PatternRefused(f"the numbers of `{repeat[0]}` are out of order")
    return repeat[0]


def _group(reader: _Reader) -> str:
    for opening, what in _GROUPS.items():
        if reader.peek(len(opening)) == opening:
            raise PatternRefused(f"{what} `{opening}` needs an engine that backtracks")
    if reader.match(_NAMED):
        return "("
    reader.take()
    if reader.peek(1) != "?":
        return "("
    if reader.peek(2) != "?:":
        raise PatternRefused(f"`({reader.peek(2)}` is not a group of ECMA-262")
    reader.take()
    reader.take()
    return "(?:"


def _escape(reader: _Reader) -> str:
    char = reader.peek(1)
    if char in _BOUNDARIES:
        reader.take()
        reader.repeatable = False
        return _BOUNDARIES[char]
    if char in ("k", *"123456789"):
        raise PatternRefused(f"back-reference `\\{char}` needs an engine that backtracks")
    found = _escaped(reader)
    if isinstance(found, int):
        return _char(found)
    return _set(found) if isinstance(found, tuple) else found


def _class(reader: _Reader) -> str:
    """A class in brackets, with what it leaves out computed here where Rust's brackets would read it otherwise."""
    negated = reader.peek(1) == "^"
    if negated:
        reader.take()
    parts: list[str] = []
    while reader.peek(1) != "]":
        first = _member(reader)
        if reader.peek(1) == "-" and reader.peek(2) not in ("-]", "-") and isinstance(first, int):
            parts.extend(_range(first, reader))
        else:
            parts.append(_inside(first))
    reader.take()
    if not parts:
        return _set(((0, LAST),)) if negated else f"[^{_inside(((0, LAST),))}]"
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _range(first: int, reader: _Reader) -> list[str]:
    reader.take()
    last = _member(reader)
    if not isinstance(last, int):  # `[a-\d]` is a, - and the digits (ECMA-262 annex B)
        return [_inside(first), _inside(ord("-")), _inside(last)]
    if last < first:
        raise PatternRefused(f"the range from `{chr(first)}` to `{chr(last)}` is out of order")
    return [_inside(((first, last),))]


def _member(reader: _Reader) -> int | tuple[Range, ...] | str:
    char = reader.take()
    if char != "\\":
        return ord(char)
    if reader.peek(1) == "b":
        reader.take()
        return 0x08
    return _escaped(reader)


def _escaped(reader: _Reader) -> int | tuple[Range, ...] | str:
    """What follows a backslash: a character, a set of characters, or a Unicode property, which stays as it is."""
    code = reader.match(_HEX)
    if code:
        return _code(int(code[1] or code[2] or code[3], 16), reader)
    named = reader.match(_PROPERTY)
    if named:
        return f"\\{named[0]}"
    char = reader.take()
    if char.lower() in _CLASSES:
        ranges = _CLASSES[char.lower()]
        return ranges if char.islower() else _outside(ranges)
    if char in _CONTROLS:
        return _CONTROLS[char]
    if char == "0" and not reader.peek(1).isdigit():
        return 0
    if char == "c" and reader.peek(1).isalpha() and reader.peek(1).isascii():
        return ord(reader.take()) % 32
    if char.isascii() and not char.isalnum():
        return ord(char)
    raise PatternRefused(f"unknown escape `\\{char}`")


def _code(value: int, reader: _Reader) -> int:
    if 0xD800 <= value < 0xDC00 and reader.peek(2) == "\\u":
        reader.take()
        low = reader.match(_LOW)
        value = 0x10000 + (value - 0xD800) * 0x400 + (int(low[1], 16) - 0xDC00) if low else LAST + 1
    if value > LAST or 0xD800 <= value < 0xE000:
        raise PatternRefused("half of a surrogate pair, or no character at all")
    return value


def _outside(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """The complement: every character that is in none of the ranges."""
    starts = (0, *(last + 1 for _, last in ranges))
    ends = (*(first - 1 for first, _ in ranges), LAST)
    return tuple((first, last) for first, last in zip(starts, ends, strict=True) if first <= last)


def _set(ranges: tuple[Range, ...]) -> str:
    return f"[{_inside(ranges)}]"


def _inside(member: int | tuple[Range, ...] | str) -> str:
    if isinstance(member, int):
        return _char(member)
    if isinstance(member, str):
        return member
    return "".join(_char(first) if first == last else f"{_char(first)}-{_char(last)}" for first, last in member)


def _char(code: int) -> str:
    char = chr(code)
    return char if char.isascii() and char.isalnum() else f"\\u{{{code:x}}}"
