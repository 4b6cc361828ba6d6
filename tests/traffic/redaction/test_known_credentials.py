"""Removal of known credentials from messages that quote a server, even where quotes are truncated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wirelock.runtime.json.formatting import describe_value, quote_name
from wirelock.runtime.json.pointers import join_pointer
from wirelock.traffic.redaction.credentials import NO_CREDENTIALS, find_credentials

TOKENS = st.text(st.characters(codec="utf-8"), min_size=12, max_size=80).filter(
    lambda token: token.strip("= ") == token
)


@given(TOKENS, st.integers(0, 70))
def test_known_credentials_are_removed_from_every_kind_of_quote(token: str, before: int) -> None:
    """Messages quote values, names and pointers; fewer than four characters of a credential may remain."""
    known = find_credentials((), f"Bearer {token}")
    for message in (describe_value("<" * before + token), quote_name("<" * before + token), join_pointer(["a", token])):
        assert "[redacted]" in known.remove_from_message(message) or before > 60 - 4


@pytest.mark.parametrize("message", ['expected integer, got string "abc…"', 'expected integer, got string ""'])
def test_a_message_without_credentials_is_unchanged(message: str) -> None:
    assert (
        NO_CREDENTIALS.remove_from_message(message)
        == find_credentials((), "Bearer abcdefgh").remove_from_message(message)
        == message
    )
