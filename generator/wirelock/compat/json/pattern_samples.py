"""Short strings that match a pattern, for common patterns; None for others."""

from __future__ import annotations

import re

from wirelock.runtime.schema.assertions import matches_pattern
from wirelock.runtime.schema.patterns import UnsupportedPatternError

_ATOM = re.compile(
    r"(?P<open>\((?:\?:|\?<\w+>)?)|(?P<close>\))|(?P<or>\|)|(?P<edge>[\^$]|\\[bB])|(?P<class>\[\^?(?:\\.|[^\]\\])*\])"
    r"|(?P<escape>\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.)|(?P<any>\.)|(?P<char>[^*+?{])",
    re.DOTALL,
)
_REPEAT = re.compile(r"\*\??|\+\??|\?\??|\{(?P<minimum>[0-9]+)(?:,[0-9]*)?\}\??")
_ESCAPES = {"d": "0", "D": "a", "w": "a", "W": "-", "s": " ", "S": "a", "t": "\t", "n": "\n", "r": "\r"}
_CANDIDATES = "a0A-_. :/@bB1zZ9#%"
_MAX_LENGTH = 4096


def build_matching_string(pattern: str, min_length: int = 0) -> str | None:
    """Return a string of at least `least` characters that matches a pattern; None if no such string was found."""
    try:
        core = _SampleBuilder(pattern).build_alternatives()
        for candidate in (core, *_pad(core, min_length)):
            if len(candidate) >= min_length and matches_pattern(pattern, candidate):
                return candidate
    except (UnsupportedPatternError, _UnsupportedSyntaxError):
        return None
    return None


class _UnsupportedSyntaxError(ValueError):
    """A pattern with unsupported syntax."""


def _pad(core: str, min_length: int) -> list[str]:
    missing = min_length - len(core)
    if not 0 < missing < _MAX_LENGTH:
        return []
    return [core + filling * missing for filling in (core[-1:] or "a", "a", "0")] + ["a" * missing + core]


class _SampleBuilder:
    """Builds the shortest string of each part of a pattern while reading it."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at: int = 0

    def build_alternatives(self) -> str:
        """Return the string of the first alternative; read to the end of the group."""
        texts = [self._build_sequence()]
        while self._at < len(self._pattern) and self._pattern[self._at] == "|":
            self._at += 1
            texts.append(self._build_sequence())
        return texts[0]

    def _build_sequence(self) -> str:
        parts: list[str] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            part = self._build_atom()
            repeat = _REPEAT.match(self._pattern, self._at)
            if repeat:
                self._at = repeat.end()
                count = int(repeat["minimum"]) if repeat["minimum"] else int(repeat[0][0] == "+")
                part *= min(count, _MAX_LENGTH)
            parts.append(part)
        return "".join(parts)

    def _build_atom(self) -> str:
        atom = _ATOM.match(self._pattern, self._at)
        if atom is None:
            raise _UnsupportedSyntaxError(self._pattern)
        self._at = atom.end()
        match atom.lastgroup:
            case "open":
                inner = self.build_alternatives()
                self._at += 1
                return inner
            case "class":
                return _pick_character(atom[0])
            case "escape":
                return _unescape(atom[0])
            case "any":
                return "a"
            case "edge":
                return ""
            case _:
                return str(atom[0])


def _unescape(escape: str) -> str:
    if len(escape) > 2:
        return chr(int(escape[2:], 16))
    return _ESCAPES.get(escape[1], escape[1])


def _pick_character(group: str) -> str:
    """Return a character of a class: a common one, or else the first one named."""
    for char in (*_CANDIDATES, *group[1:-1]):
        if matches_pattern(f"^{group}$", char):
            return str(char)
    raise _UnsupportedSyntaxError(group)
