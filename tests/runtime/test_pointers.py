"""JSON Pointers are compared by token, never as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirelock.runtime.json.pointers import get_relative_pointer, join_pointer

NAMES = st.lists(st.sampled_from(["body", "bodyType", "bo", "", "a/b", "~"]), max_size=4)


@pytest.mark.parametrize(
    ("pointer", "ancestor", "relative"),
    [
        ("/body/id", "/body", "/id"),
        ("/body", "/body", ""),
        ("/bodyType", "/body", None),
        ("/id", "", "/id"),
        ("", "", ""),
        ("", "/body", None),
    ],
)
def test_a_pointer_relative_to_an_ancestor(pointer: str, ancestor: str, relative: str | None) -> None:
    assert get_relative_pointer(pointer, ancestor) == relative


@given(NAMES, NAMES)
def test_every_pointer_below_an_ancestor_is_found_again(names: list[str], below: list[str]) -> None:
    ancestor, pointer = join_pointer(names), join_pointer([*names, *below])
    assert get_relative_pointer(pointer, ancestor) == join_pointer(below)


@given(NAMES, NAMES)
def test_only_a_pointer_below_an_ancestor_is_relative(names: list[str], others: list[str]) -> None:
    is_below = others[: len(names)] == names
    assert (get_relative_pointer(join_pointer(others), join_pointer(names)) is not None) == is_below
