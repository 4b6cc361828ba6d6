"""Equality of JSON values: what is the same, and the first place where two values differ."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirelock.runtime.json.equality import difference, equal
from wirelock.runtime.json.text import MAX_DEPTH, parse

SAME = [
    ("1", "1.0"),
    ("1e2", "100"),
    ("0", "-0.0"),
    ("9007199254740993", "9007199254740993.0"),
    ('{"a": 1, "b": [true, null]}', '{"b": [true, null], "a": 1.0}'),
    ('"é"', '"\\u00e9"'),
    ('"😀"', '"\\ud83d\\ude00"'),
    ("[]", "[ ]"),
]
DIFFERENT = [
    ("1", "true", ""),
    ("0", "false", ""),
    ("1", '"1"', ""),
    ("null", "false", ""),
    ("[]", "{}", ""),
    ("9007199254740993", "9007199254740992.0", ""),
    ('"é"', '"e\\u0301"', ""),
    ('{"a": null}', "{}", "/a"),
    ("{}", '{"a": null}', "/a"),
    ("[1]", "[1, null]", "/1"),
    ("[1, null]", "[1]", "/1"),
    ('{"a/b": {"~": [0, 1]}}', '{"a/b": {"~": [0, 2]}}', "/a~1b/~0/1"),
    ('{"": 1}', '{"": 2}', "/"),
    ('{"b": 1, "a": 1}', '{"a": 2, "b": 2}', "/b"),
    ('{"a": [true]}', '{"a": [1]}', "/a/0"),
]


@pytest.mark.parametrize(("left", "right"), SAME)
def test_the_same(left: str, right: str) -> None:
    assert equal(parse(left), parse(right))
    assert difference(parse(right), parse(left)) is None


@pytest.mark.parametrize(("left", "right", "pointer"), DIFFERENT)
def test_not_the_same_and_where(left: str, right: str, pointer: str) -> None:
    assert not equal(parse(left), parse(right))
    assert difference(parse(left), parse(right)) == pointer


def test_the_first_difference_is_the_one_that_a_reader_meets_first() -> None:
    left, right = parse('{"a": [1, {"x": 1}], "b": 1}'), parse('{"a": [1, {"x": 2}], "b": 2}')
    assert difference(left, right) == "/a/1/x"


def test_values_may_be_as_deep_as_text() -> None:
    deep = parse("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH)
    other = parse("[" * MAX_DEPTH + "2" + "]" * MAX_DEPTH)
    assert equal(deep, deep)
    assert difference(deep, other) == "/0" * MAX_DEPTH


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -0.0]) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)


def plainly(value: Any) -> Any:
    """Another way to say which values are equal: types as tags, members as sets."""
    match value:
        case dict():
            return "object", frozenset((name, plainly(item)) for name, item in value.items())
        case list():
            return "array", tuple(plainly(item) for item in value)
        case _:
            return type(value) if isinstance(value, bool | str | None) else "number", value


@settings(derandomize=True, deadline=None, max_examples=200)
@given(JSON, JSON)
def test_two_values_are_equal_when_they_say_the_same(left: Any, right: Any) -> None:
    assert equal(left, right) is (plainly(left) == plainly(right))
    assert equal(left, right) is equal(right, left)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(JSON)
def test_a_copy_with_its_members_in_another_order_is_equal(value: Any) -> None:
    assert equal(value, json.loads(json.dumps(value, sort_keys=True)))
