"""Positions of the values of a JSON text."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping

from wirelock.runtime.json.pointers import escape_token

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def find_positions(text: str) -> Mapping[str, tuple[int, int]]:
    """Return the 1-based line and column of each JSON Pointer in a valid JSON text; for a property, of its name."""
    starts = find_line_starts(text)
    positions: dict[str, tuple[int, int]] = {}
    containers: list[str] = []
    path: list[str | int] = []
    expecting_name = False
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "{[":
            pointer = _build_pointer(containers, path)
            positions.setdefault(pointer, to_line_and_column(match.start(), starts))
            containers.append(pointer)
            path.append("" if token == "{" else 0)
            expecting_name = token == "{"
        elif token in "}]":
            containers.pop()
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
            positions[_build_pointer(containers, path)] = to_line_and_column(match.start(), starts)
        else:
            positions.setdefault(_build_pointer(containers, path), to_line_and_column(match.start(), starts))
    return positions


def _build_pointer(containers: list[str], path: list[str | int]) -> str:
    """Return the JSON Pointer of the last token of a path in the innermost container."""
    return f"{containers[-1]}/{escape_token(path[-1])}" if path else ""


def find_line_starts(text: str) -> list[int]:
    """Return the offset of the first character of each line."""
    return [0, *(match.end() for match in re.finditer("\n", text))]


def to_line_and_column(offset: int, starts: list[int]) -> tuple[int, int]:
    """Return the 1-based line and column of an offset; `starts` are the offsets of the lines."""
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1
