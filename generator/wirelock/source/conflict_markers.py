"""Texts that git left in conflict: that they are, and what each branch has."""

from __future__ import annotations

import re

CONFLICT = re.compile(rb"^(?:<{7}|>{7})(?: |\r?$)", re.MULTILINE)
"""A line that git writes around what two branches made of the same place."""
_MARK = re.compile(rb"(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?\n?")
_NEXT = {b"": b"<", b"<": b"|=", b"|": b"=", b"=": b">"}


def sides(text: bytes) -> tuple[bytes, bytes] | None:
    """Ours and theirs of a file that git left in conflict, in any of its styles; None if a marker has no partner."""
    ours, theirs = bytearray(), bytearray()
    state = b""
    for line in text.splitlines(keepends=True):
        mark = _MARK.fullmatch(line)
        sign = mark[1][:1] if mark else b""
        if sign and sign in _NEXT[state]:
            state = b"" if sign == b">" else sign
            continue
        if sign in (b"<", b">") and state != b"|":
            return None
        if state in (b"", b"<"):
            ours += line
        if state in (b"", b"="):
            theirs += line
    return (bytes(ours), bytes(theirs)) if not state else None
