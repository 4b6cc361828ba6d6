"""Translation of ECMA-262 regular expressions, the syntax of `pattern`, to Rust's regex crate.

The crate, used through jsonschema-rs, does not backtrack, so look-around and back-references are not supported.
Character classes are written out, because `\\d` and `.` differ between the two.
"""

from __future__ import annotations

import re
from functools import lru_cache

MAX_CODE_POINT = 0x10FFFF
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


class UnsupportedPatternError(ValueError):
    """Raised for a pattern that is not ECMA-262 or needs a backtracking engine."""


@lru_cache(maxsize=4096)
def translate(pattern: str) -> str:
    """Return the equivalent pattern for Rust's regex crate; raise UnsupportedPatternError with the reason."""
    reader = _PatternReader(pattern)
    parts: list[str] = []
    depth = 0
    while not reader.is_done:
        part = _read_term(reader)
        depth += {"(": 1, "(?:": 1, ")": -1}.get(part, 0)
        if depth < 0:
            raise UnsupportedPatternError("unmatched `)`")
        parts.append(part)
    if depth:
        raise UnsupportedPatternError("a group is not closed")
    return _check_compiles("".join(parts))


def _check_compiles(translated: str) -> str:
    """Return the pattern if the engine compiles it; only the engine knows its Unicode properties and size limit."""
    import jsonschema_rs  # imported here because models without patterns do not need it

    try:
        jsonschema_rs.validator_for({"pattern": translated}, pattern_options=jsonschema_rs.RegexOptions())
    except jsonschema_rs.ValidationError:
        raise UnsupportedPatternError("it names an unknown Unicode property or is too large") from None
    return translated


class _PatternReader:
    """A pattern with the read position; `repeatable` is True if a quantifier may follow the last term."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0
        self.repeatable = False

    @property
    def is_done(self) -> bool:
        return self._position >= len(self._pattern)

    def peek(self, length: int) -> str:
        return self._pattern[self._position : self._position + length]

    def take(self) -> str:
        if self.is_done:
            raise UnsupportedPatternError("unexpected end of the pattern")
        self._position += 1
        return self._pattern[self._position - 1]

    def match(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        match = expression.match(self._pattern, self._position)
        self._position = match.end() if match else self._position
        return match


def _read_term(reader: _PatternReader) -> str:
    """Return the next term: an atom, an assertion, a bracket of a group, or a quantifier."""
    repeat = reader.match(_REPEAT)
    if repeat:
        return _read_quantifier(repeat, reader)
    char = reader.peek(1)
    if char == "(":
        reader.repeatable = False
        return _read_group(reader)
    reader.take()
    reader.repeatable = char not in "^$|"
    match char:
        case "^" | "$" | "|" | ")":
            return char
        case ".":
            return _format_set(_complement(_LINE_END))
        case "[":
            return _read_class(reader)
        case "\\":
            return _read_escape(reader)
        case "{":
            raise UnsupportedPatternError("a `{` that is not a quantifier must be escaped")
        case _:
            return _format_char(ord(char))


def _read_quantifier(repeat: re.Match[str], reader: _PatternReader) -> str:
    if not reader.repeatable:
        raise UnsupportedPatternError(f"nothing to repeat before `{repeat[0]}`")
    reader.repeatable = False
    if repeat["most"] and int(repeat["most"]) < int(repeat["least"]):
        raise UnsupportedPatternError(f"the numbers of `{repeat[0]}` are out of order")
    return repeat[0]


def _read_group(reader: _PatternReader) -> str:
    for opening, name in _GROUPS.items():
        if reader.peek(len(opening)) == opening:
            raise UnsupportedPatternError(f"{name} `{opening}` needs a backtracking engine")
    if reader.match(_NAMED):
        return "("
    reader.take()
    if reader.peek(1) != "?":
        return "("
    if reader.peek(2) != "?:":
        raise UnsupportedPatternError(f"`({reader.peek(2)}` is not a group of ECMA-262")
    reader.take()
    reader.take()
    return "(?:"


def _read_escape(reader: _PatternReader) -> str:
    char = reader.peek(1)
    if char in _BOUNDARIES:
        reader.take()
        reader.repeatable = False
        return _BOUNDARIES[char]
    if char in ("k", *"123456789"):
        raise UnsupportedPatternError(f"back-reference `\\{char}` needs a backtracking engine")
    member = _read_character_escape(reader)
    if isinstance(member, int):
        return _format_char(member)
    return _format_set(member) if isinstance(member, tuple) else member


def _read_class(reader: _PatternReader) -> str:
    """Return a character class in brackets, with complements written out where Rust's syntax differs."""
    negated = reader.peek(1) == "^"
    if negated:
        reader.take()
    parts: list[str] = []
    while reader.peek(1) != "]":
        first = _read_member(reader)
        if reader.peek(1) == "-" and reader.peek(2) not in ("-]", "-") and isinstance(first, int):
            parts.extend(_read_range(first, reader))
        else:
            parts.append(_format_members(first))
    reader.take()
    if not parts:
        return _format_set(((0, MAX_CODE_POINT),)) if negated else f"[^{_format_members(((0, MAX_CODE_POINT),))}]"
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _read_range(first: int, reader: _PatternReader) -> list[str]:
    reader.take()
    last = _read_member(reader)
    if not isinstance(last, int):  # `[a-\d]` is a, - and the digits (ECMA-262 annex B)
        return [_format_members(first), _format_members(ord("-")), _format_members(last)]
    if last < first:
        raise UnsupportedPatternError(f"the range from `{chr(first)}` to `{chr(last)}` is out of order")
    return [_format_members(((first, last),))]


def _read_member(reader: _PatternReader) -> int | tuple[Range, ...] | str:
    char = reader.take()
    if char != "\\":
        return ord(char)
    if reader.peek(1) == "b":
        reader.take()
        return 0x08
    return _read_character_escape(reader)


def _read_character_escape(reader: _PatternReader) -> int | tuple[Range, ...] | str:
    """Return the meaning of an escape: a code point, a set of code points, or an unchanged Unicode property."""
    code = reader.match(_HEX)
    if code:
        return _read_code_point(int(code[1] or code[2] or code[3], 16), reader)
    named = reader.match(_PROPERTY)
    if named:
        return f"\\{named[0]}"
    char = reader.take()
    if char.lower() in _CLASSES:
        ranges = _CLASSES[char.lower()]
        return ranges if char.islower() else _complement(ranges)
    if char in _CONTROLS:
        return _CONTROLS[char]
    if char == "0" and not reader.peek(1).isdigit():
        return 0
    if char == "c" and reader.peek(1).isalpha() and reader.peek(1).isascii():
        return ord(reader.take()) % 32
    if char.isascii() and not char.isalnum():
        return ord(char)
    raise UnsupportedPatternError(f"unknown escape `\\{char}`")


def _read_code_point(value: int, reader: _PatternReader) -> int:
    if 0xD800 <= value < 0xDC00 and reader.peek(2) == "\\u":
        reader.take()
        low = reader.match(_LOW)
        value = 0x10000 + (value - 0xD800) * 0x400 + (int(low[1], 16) - 0xDC00) if low else MAX_CODE_POINT + 1
    if value > MAX_CODE_POINT or 0xD800 <= value < 0xE000:
        raise UnsupportedPatternError("the escape is half of a surrogate pair or beyond U+10FFFF")
    return value


def _complement(ranges: tuple[Range, ...]) -> tuple[Range, ...]:
    """Return the ranges of all code points that are in none of the given ranges."""
    starts = (0, *(last + 1 for _, last in ranges))
    ends = (*(first - 1 for first, _ in ranges), MAX_CODE_POINT)
    return tuple((first, last) for first, last in zip(starts, ends, strict=True) if first <= last)


def _format_set(ranges: tuple[Range, ...]) -> str:
    return f"[{_format_members(ranges)}]"


def _format_members(member: int | tuple[Range, ...] | str) -> str:
    if isinstance(member, int):
        return _format_char(member)
    if isinstance(member, str):
        return member
    return "".join(
        _format_char(first) if first == last else f"{_format_char(first)}-{_format_char(last)}"
        for first, last in member
    )


def _format_char(code: int) -> str:
    char = chr(code)
    return char if char.isascii() and char.isalnum() else f"\\u{{{code:x}}}"
