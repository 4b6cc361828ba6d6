"""How long work says where it stands."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many steps are done, and how many there are."""


def silent(doing: str, done: int, total: int) -> None:
    """For callers that do not look."""


Noted = Callable[[str], None]
"""Called with what people wait for, in words."""


def unheard(words: str) -> None:
    """For callers whom nobody listens to."""
