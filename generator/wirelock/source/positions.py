"""Where the values of a JSON text stand: line and column for every JSON Pointer."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping

from wirelock.runtime.json.pointers import token

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def positions(text: str) -> Mapping[str, tuple[int, int]]:
    """1-based line and column of every value of a valid JSON text; a property stands where its name does."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found: dict[str, tuple[int, int]] = {}
    containers: list[str] = []
    path: list[str | int] = []
    expecting_name = False
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word in "{[":
            pointer = _pointer(containers, path)
            found.setdefault(pointer, _place(match.start(), starts))
            containers.append(pointer)
            path.append("" if word == "{" else 0)
            expecting_name = word == "{"
        elif word in "}]":
            containers.pop()
            path.pop()
            expecting_name = False
        elif word == ",":
            last = path[-1]
            expecting_name = isinstance(last, str)
            if isinstance(last, int):
                path[-1] = last + 1
        elif word == ":":
            expecting_name = False
        elif expecting_name:
            path[-1] = json.loads(word)
            found[_pointer(containers, path)] = _place(match.start(), starts)
        else:
            found.setdefault(_pointer(containers, path), _place(match.start(), starts))
    return found


def _pointer(containers: list[str], path: list[str | int]) -> str:
    """The pointer of a path, whose last name is in the last container."""
    return f"{containers[-1]}/{token(path[-1])}" if path else ""


def _place(offset: int, starts: list[int]) -> tuple[int, int]:
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1
