"""Positions of the keys of TOML texts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from checkout import ROOT

from wirelock.runtime.json.pointers import escape_token
from wirelock.source.toml import find_toml_positions

TEXT = (
    r'''# a comment with [a.table] and key = 1
dotted.key = "a string with # and [ and = and \" in it"
"quoted [key]" = {x = 1, y = [1, {z = "}"}], "k.l" = 'literal \'}
multi = """
[not.a.table] ""quoted"" \""" end"""
date = 2026-12-01 10:00:00.5
[tool.wirelock]
numbers = [
  -1.5e3,  # a comment, with ] and [
  +inf,
]
[[verify.expect]]
code = "a"
[verify.expect.more]
deep = '''
    r"""'''
[x]'''
"""
    r"""
[[verify.expect]]
code = "b"
"a/b~c" = true
"""
)


def list_pointers(value: object, pointer: str = "") -> Iterator[str]:
    """Yield the pointers of all keys and array items."""
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = [*cast("dict[str, object]", value).items()]
    elif isinstance(value, list):
        items = [*enumerate(cast("list[object]", value))]
    for token, inner in items:
        inside = f"{pointer}/{escape_token(token)}"
        yield inside
        yield from list_pointers(inner, inside)


def test_every_key_has_a_position() -> None:
    assert {*find_toml_positions(TEXT)} == {*list_pointers(tomllib.loads(TEXT))}


@pytest.mark.parametrize(
    ("pointer", "position"),
    [
        ("/dotted/key", (2, 1)),
        ("/quoted [key]/y/1/z", (3, 35)),
        ("/quoted [key]/k.l", (3, 46)),
        ("/date", (6, 1)),
        ("/tool", (7, 1)),
        ("/tool/wirelock/numbers/1", (10, 3)),
        ("/verify/expect", (12, 1)),
        ("/verify/expect/0", (12, 1)),
        ("/verify/expect/0/more/deep", (15, 1)),
        ("/verify/expect/1", (18, 1)),
        ("/verify/expect/1/a~1b~0c", (20, 1)),
    ],
)
def test_positions_are_those_of_keys_headers_and_items(pointer: str, position: tuple[int, int]) -> None:
    assert find_toml_positions(TEXT)[pointer] == position


@pytest.mark.parametrize("name", ["pyproject.toml"])
def test_a_real_file_is_read_completely(name: str) -> None:
    text = Path(ROOT / name).read_text("utf-8")
    assert {*find_toml_positions(text)} == {*list_pointers(tomllib.loads(text))}
