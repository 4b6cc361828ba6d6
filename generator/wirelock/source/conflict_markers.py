"""Detection of git merge conflicts, and the text of each side."""

from __future__ import annotations

import re

CONFLICT_MARKER = re.compile(rb"^(?:<{7}|>{7})(?: |\r?$)", re.MULTILINE)
"""The first or last line of a conflict."""
_MARKER = re.compile(rb"(<{7}|\|{7}|={7}|>{7})(?: .*)?\r?\n?")
_NEXT_MARKERS = {b"": b"<", b"<": b"|=", b"|": b"=", b"=": b">"}


def split_sides(text: bytes) -> tuple[bytes, bytes] | None:
    """Return our and their version of a file with conflicts, in any conflict style; None if markers are unbalanced."""
    ours, theirs = bytearray(), bytearray()
    state = b""
    for line in text.splitlines(keepends=True):
        mark = _MARKER.fullmatch(line)
        sign = mark[1][:1] if mark else b""
        if sign and sign in _NEXT_MARKERS[state]:
            state = b"" if sign == b">" else sign
            continue
        if sign in (b"<", b">") and state != b"|":
            return None
        if state in (b"", b"<"):
            ours += line
        if state in (b"", b"="):
            theirs += line
    return (bytes(ours), bytes(theirs)) if not state else None
