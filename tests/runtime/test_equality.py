"""Equality of JSON values, and the first difference of two values."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirelock.runtime.json.equality import are_equal, find_difference
from wirelock.runtime.json.text import MAX_DEPTH, parse

EQUAL = [
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


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_equal_values(left: str, right: str) -> None:
    assert are_equal(parse(left), parse(right))
    assert find_difference(parse(right), parse(left)) is None


@pytest.mark.parametrize(("left", "right", "pointer"), DIFFERENT)
def test_different_values(left: str, right: str, pointer: str) -> None:
    assert not are_equal(parse(left), parse(right))
    assert find_difference(parse(left), parse(right)) == pointer


def test_the_first_difference_is_the_first_in_document_order() -> None:
    left, right = parse('{"a": [1, {"x": 1}], "b": 1}'), parse('{"a": [1, {"x": 2}], "b": 2}')
    assert find_difference(left, right) == "/a/1/x"


def test_values_may_be_as_deep_as_text_may_be() -> None:
    deep = parse("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH)
    other = parse("[" * MAX_DEPTH + "2" + "]" * MAX_DEPTH)
    assert are_equal(deep, deep)
    assert find_difference(deep, other) == "/0" * MAX_DEPTH


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -0.0]) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)


def to_comparable(value: Any) -> Any:
    """Return a value that Python compares like JSON: types as tags, members as sets."""
    match value:
        case dict():
            return "object", frozenset(
                (name, to_comparable(item)) for name, item in cast("dict[str, Any]", value).items()
            )
        case list():
            return "array", tuple(to_comparable(item) for item in cast("list[Any]", value))
        case _:
            return type(value) if isinstance(value, bool | str | None) else "number", value


@settings(derandomize=True, deadline=None, max_examples=200)
@given(JSON, JSON)
def test_equality_agrees_with_a_comparison_by_python(left: Any, right: Any) -> None:
    assert are_equal(left, right) is (to_comparable(left) == to_comparable(right))
    assert are_equal(left, right) is are_equal(right, left)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(JSON)
def test_the_order_of_members_does_not_matter(value: Any) -> None:
    assert are_equal(value, json.loads(json.dumps(value, sort_keys=True)))
