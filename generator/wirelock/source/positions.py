"""Where the values of a JSON text stand: line and column for every JSON Pointer."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping

from wirelock.runtime.pointers import pointer_of

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def positions(text: str) -> Mapping[str, tuple[int, int]]:
    """1-based line and column of every value of a valid JSON text; a property stands where its name does."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found: dict[str, tuple[int, int]] = {}
    path: list[str | int] = []
    expecting_name = False
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "{[":
            found.setdefault(pointer_of(path), _place(match.start(), starts))
            path.append("" if token == "{" else 0)
            expecting_name = token == "{"
        elif token in "}]":
            path.pop()
            expecting_name = False
        elif token == ",":
            last = path[-1]
            expecting_name = isinstance(last, str)
            if isinstance(last, int):
                path[-1] = last + 1
        elif token == ":":
            expecting_name = False
        elif expecting_name:
            path[-1] = json.loads(token)
            found[pointer_of(path)] = _place(match.start(), starts)
        else:
            found.setdefault(pointer_of(path), _place(match.start(), starts))
    return found


def _place(offset: int, starts: list[int]) -> tuple[int, int]:
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1
