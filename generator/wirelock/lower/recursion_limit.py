"""A recursion limit for deep type graphs."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager

_FRAMES = 24
"""Upper bound of the nested calls that one nested type takes."""


@contextmanager
def raised_recursion_limit(types: int) -> Generator[None]:
    """Raise the recursion limit for a chain of nested types, so that the project sets the depth.

    Calls between Python functions do not use the C stack (since Python 3.11), so that only memory limits them.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + _FRAMES * types)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
