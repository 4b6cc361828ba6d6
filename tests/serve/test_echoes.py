"""Words that show what a server sent hold nothing of what is known, wherever they are cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirelock.runtime.json.formatting import described, name
from wirelock.runtime.json.pointers import pointer_of
from wirelock.traffic.redaction.credentials import UNKNOWN, echoes

TOKENS = st.text(st.characters(codec="utf-8"), min_size=12, max_size=80).filter(lambda one: one.strip("= ") == one)


@given(TOKENS, st.integers(0, 70))
def test_no_way_to_show_a_value_shows_what_is_known(token: str, before: int) -> None:
    """Shown are values, names and pointers; a beginning of less than four characters tells nothing."""
    known = echoes((), f"Bearer {token}")
    for words in (described("<" * before + token), name("<" * before + token), pointer_of(["a", token])):
        assert "[redacted]" in known.within(words) or before > 60 - 4


@pytest.mark.parametrize("words", ['expected integer, got string "abc…"', 'expected integer, got string ""'])
def test_what_is_not_known_stays(words: str) -> None:
    assert UNKNOWN.within(words) == echoes((), "Bearer abcdefgh").within(words) == words
