"""Callbacks that report the progress of long operations."""

from __future__ import annotations

from collections.abc import Callable

ProgressCallback = Callable[[str, int, int], None]
"""Called with the current activity, the number of finished steps and the total number of steps."""


def noop_progress(activity: str, done: int, total: int) -> None:
    """Ignore the progress."""


StatusCallback = Callable[[str], None]
"""Called with a status message for the user."""


def noop_status(message: str) -> None:
    """Ignore the status message."""
