"""A short text that a pattern matches, for the patterns that people write; None for the others."""

from __future__ import annotations

import re

from wirelock.runtime.schema.assertions import matches
from wirelock.runtime.schema.patterns import PatternRefused

_ATOM = re.compile(
    r"(?P<open>\((?:\?:|\?<\w+>)?)|(?P<close>\))|(?P<or>\|)|(?P<edge>[\^$]|\\[bB])|(?P<class>\[\^?(?:\\.|[^\]\\])*\])"
    r"|(?P<escape>\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.)|(?P<any>\.)|(?P<char>[^*+?{])",
    re.DOTALL,
)
_REPEAT = re.compile(r"\*\??|\+\??|\?\??|\{(?P<least>[0-9]+)(?:,[0-9]*)?\}\??")
_ESCAPES = {"d": "0", "D": "a", "w": "a", "W": "-", "s": " ", "S": "a", "t": "\t", "n": "\n", "r": "\r"}
_TRIED = "a0A-_. :/@bB1zZ9#%"
_LONGEST = 4096


def text_for(pattern: str, least: int = 0) -> str | None:
    """A text of at least that many characters in which a pattern is found."""
    try:
        core = _Reader(pattern).alternatives()
        for text in (core, *_stretched(core, least)):
            if len(text) >= least and matches(pattern, text):
                return text
    except (PatternRefused, _Unread):
        return None
    return None


class _Unread(ValueError):
    """A pattern that this reader does not know."""


def _stretched(core: str, least: int) -> list[str]:
    missing = least - len(core)
    if not 0 < missing < _LONGEST:
        return []
    return [core + filling * missing for filling in (core[-1:] or "a", "a", "0")] + ["a" * missing + core]


class _Reader:
    """A pattern, and how far it is read; each method gives the shortest text of what it read."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at: int = 0

    def alternatives(self) -> str:
        """The first alternative, up to the end of its group."""
        texts = [self._sequence()]
        while self._at < len(self._pattern) and self._pattern[self._at] == "|":
            self._at += 1
            texts.append(self._sequence())
        return texts[0]

    def _sequence(self) -> str:
        parts: list[str] = []
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            part = self._atom()
            repeat = _REPEAT.match(self._pattern, self._at)
            if repeat:
                self._at = repeat.end()
                count = int(repeat["least"]) if repeat["least"] else int(repeat[0][0] == "+")
                part *= min(count, _LONGEST)
            parts.append(part)
        return "".join(parts)

    def _atom(self) -> str:
        found = _ATOM.match(self._pattern, self._at)
        if found is None:
            raise _Unread(self._pattern)
        self._at = found.end()
        match found.lastgroup:
            case "open":
                inner = self.alternatives()
                self._at += 1
                return inner
            case "class":
                return _member(found[0])
            case "escape":
                return _escaped(found[0])
            case "any":
                return "a"
            case "edge":
                return ""
            case _:
                return str(found[0])


def _escaped(escape: str) -> str:
    if len(escape) > 2:
        return chr(int(escape[2:], 16))
    return _ESCAPES.get(escape[1], escape[1])


def _member(group: str) -> str:
    """A character of a class: one that is tried, or else the first that is named."""
    for char in (*_TRIED, *group[1:-1]):
        if matches(f"^{group}$", char):
            return str(char)
    raise _Unread(group)
