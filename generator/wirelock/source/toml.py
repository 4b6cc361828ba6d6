"""Positions of the keys of a TOML text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from wirelock.runtime.json.pointers import escape_token
from wirelock.source.positions import find_line_starts, to_line_and_column

_TOKEN = re.compile(
    r"""
    \#[^\n]*
    | "{3} (?: [^"\\] | \\. | "(?!"") )* "{3,5}
    | '{3} (?: [^'] | '(?!'') )* '{3,5}
    | " (?: [^"\\\n] | \\. )* "
    | ' [^'\n]* '
    | [\[\]{}=,.\n]
    | [^\s\[\]{}=,.\#"']+
    """,
    re.VERBOSE | re.DOTALL,
)


def find_toml_positions(text: str) -> Mapping[str, tuple[int, int]]:
    """Return the 1-based line and column of each key and array item of a valid TOML text, by JSON Pointer.

    The position of a table is that of its header or key.
    """
    reader = _PositionReader(text)
    reader.read_document()
    return reader.positions


class _PositionReader:
    """Reads the tokens of a valid TOML 1.0 text and records positions."""

    def __init__(self, text: str) -> None:
        self.positions: dict[str, tuple[int, int]] = {}
        self._tokens = [(match.group(), match.start()) for match in _TOKEN.finditer(text) if match.group()[0] != "#"]
        self._tokens.append(("", len(text)))
        self._index = 0
        self._line_starts = find_line_starts(text)
        self._array_lengths: dict[str, int] = {}

    def read_document(self) -> None:
        """Read all headers and pairs."""
        table = ""
        while self._token:
            if self._token == "[":
                table = self._read_header()
            elif self._token != "\n":
                self._read_pair(table)
            self._skip("\n")

    @property
    def _token(self) -> str:
        return self._tokens[self._index][0]

    @property
    def _offset(self) -> int:
        return self._tokens[self._index][1]

    def _skip(self, *tokens: str) -> bool:
        """Skip all next tokens that are in `tokens`; returns True if there was one."""
        start = self._index
        while self._token in tokens:
            self._index += 1
        return self._index > start

    def _record(self, pointer: str, offset: int) -> None:
        self.positions.setdefault(pointer, to_line_and_column(offset, self._line_starts))

    def _read_header(self) -> str:
        """Read `[table]` or `[[array of tables]]`; returns the pointer of the table."""
        offset = self._offset
        start = self._index
        self._skip("[")
        is_array = self._index - start == 2
        keys = self._read_keys()
        self._skip("]")
        pointer = ""
        for index, key in enumerate(keys, 1):
            pointer += f"/{escape_token(key)}"
            self._record(pointer, offset)
            if is_array and index == len(keys):
                self._array_lengths[pointer] = self._array_lengths.get(pointer, 0) + 1
            if pointer in self._array_lengths:
                pointer += f"/{self._array_lengths[pointer] - 1}"
                self._record(pointer, offset)
        return pointer

    def _read_keys(self) -> list[str]:
        """Read a dotted key."""
        keys: list[str] = []
        while self._token not in ("]", "=", ""):
            if not self._skip("."):
                is_quoted = self._token[0] in "\"'"
                keys.append(tomllib.loads(f"key = {self._token}")["key"] if is_quoted else self._token)
                self._index += 1
        return keys

    def _read_pair(self, table: str) -> None:
        """Read `key = value`."""
        offset = self._offset
        pointer = table
        for key in self._read_keys():
            pointer += f"/{escape_token(key)}"
            self._record(pointer, offset)
        self._skip("=")
        self._read_value(pointer)

    def _read_value(self, pointer: str) -> None:
        if self._token == "{":
            self._read_inline_table(pointer)
        elif self._token == "[":
            self._read_array(pointer)
        else:
            while self._token not in ("", "\n", ",", "]", "}"):
                self._index += 1

    def _read_inline_table(self, pointer: str) -> None:
        self._index += 1
        while self._token not in ("}", ""):
            if not self._skip(",", "\n"):
                self._read_pair(pointer)
        self._index += 1

    def _read_array(self, pointer: str) -> None:
        self._index += 1
        length = 0
        while self._token not in ("]", ""):
            if not self._skip(",", "\n"):
                item = f"{pointer}/{length}"
                self._record(item, self._offset)
                self._read_value(item)
                length += 1
        self._index += 1
