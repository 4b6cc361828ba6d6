"""Room for graphs of types that are as deep as they are large."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

_FRAMES = 24
"""How many calls one type inside another takes at most, with room to spare."""


@contextmanager
def room_for(types: int) -> Generator[None]:
    """Let calls go as deep as a chain of so many types needs: the limit is that of the project, not the interpreter's.

    Calls between functions of Python take none of the machine's stack (since Python 3.11): memory alone bounds them.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + _FRAMES * types)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
