"""YAML limited to JSON: values, locations, and refused features."""

from __future__ import annotations

from itertools import pairwise

import pytest

from wirelock.diagnostics import Diagnostic
from wirelock.runtime.json.text import Json
from wirelock.source import Document
from wirelock.source.yaml import parse_yaml_document


def parse_yaml(text: str) -> Document:
    document = parse_yaml_document("api.yaml", text.encode())
    assert isinstance(document, Document), document
    return document


def assert_refused(text: str | bytes) -> Diagnostic:
    diagnostic = parse_yaml_document("api.yaml", text if isinstance(text, bytes) else text.encode())
    assert isinstance(diagnostic, Diagnostic), diagnostic
    return diagnostic


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("yes", "yes"),
        ("on", "on"),
        ("1", 1),
        ("-0x1F", "-0x1F"),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("1_000", "1_000"),
        ("1.50", 1.5),
        (".5e3", 500.0),
        (".inf", ".inf"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("'1'", "1"),
        ('"\\u00e9"', "é"),
        ("|\n  a\n  b", "a\nb"),
        ("!!str 1", "1"),
        ("[1, {a: [~]}]", [1, {"a": [None]}]),
        ("200: x\non: y\n? z\n: 1", {"200": "x", "on": "y", "z": 1}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x\nb: *x", {"a": None, "b": None}),
    ],
)
def test_values_follow_yaml_1_2(text: str, value: Json) -> None:
    parsed = parse_yaml(text).value
    assert parsed == value and type(parsed) is type(value)


def test_positions_are_those_of_keys_and_items() -> None:
    document = parse_yaml("a:\n  - b: 1\n  - /x~y: [2]\n")
    assert document.get_location("/a").line == 1
    assert (document.get_location("/a/0/b").line, document.get_location("/a/0/b").column) == (2, 5)
    assert (document.get_location("/a/1/~1x~0y/0").line, document.get_location("/a/1/~1x~0y/0").column) == (3, 12)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3", 3, "duplicate key 'a'"),
        ("1: a\n'1': b", 2, "duplicate key '1'"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("a: {<<: {b: 1}}", 1, "merge key"),
        ("a: !thing b", 1, "the tag !thing"),
        ("a: !!binary aGk=", 1, "the tag tag:yaml.org,2002:binary"),
        ("a: !!python/object/apply:os.system [x]", 1, "the tag"),
        ("a: *gone", 1, "*gone"),
        ("a: &a [*a]", 1, "*a"),
        ("[a, b]: c", 1, "a key that is not a string"),
        ("a: 1e999", 1, "double range"),
        ("a: [", 2, ""),
        ("[" * 2000, 1, "nesting deeper than 512 levels"),
        ("\n".join("[" * 600), 513, "nesting deeper than 512 levels"),
        ("\n".join(" " * level + "- " for level in range(600)), 513, "nesting deeper than 512 levels"),
        ("\n".join(" " * level + "a:" for level in range(2000)), 513, "nesting deeper than 512 levels"),
        ("[" * 100_000, 1, "nesting deeper than 512 levels"),
    ],
    ids=lambda part: repr(part)[:40],
)
def test_unsupported_yaml_is_reported_at_its_line(text: str, line: int, message: str) -> None:
    finding = assert_refused(text)
    assert finding.code.id == "SOURCE_NOT_YAML" and finding.hint
    assert message in finding.message
    assert finding.location.line == line


def test_the_deepest_text_is_parsed_at_any_stack_depth() -> None:
    text = "[" * 512 + "]" * 512

    def get_below(frames: int) -> Json:
        return get_below(frames - 1) if frames else parse_yaml(text).value

    value = get_below(900)  # of the interpreter's thousand
    for _ in range(511):
        assert isinstance(value, list)
        (value,) = value
    assert value == []


def test_aliases_count_as_many_values_as_their_anchors() -> None:
    names = "abcdefghij"
    rows = [f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]" for old, new in pairwise(names)]
    assert "more than 1000000 values" in assert_refused("\n".join(["a: &a [1, 1]", *rows])).message


def test_text_that_is_not_utf_8_is_rejected() -> None:
    assert "UTF-8" in assert_refused(b"a: \xff").message
