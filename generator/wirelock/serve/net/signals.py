"""SIGINT and SIGTERM, which mean the same to whatever serves or asks: come to an end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Generator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def signals(*acts: Callable[[], object]) -> Generator[None]:
    """Within this each signal calls the next of `acts`, the last one again for every signal that follows.

    Where a loop cannot handle signals (on Windows, or beside the main thread) they are left as they are: Ctrl-C cancels
    the main task there.
    """
    loop, left = asyncio.get_running_loop(), list(acts)

    def came() -> None:
        (left.pop(0) if len(left) > 1 else left[0])()

    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, came)
    except (NotImplementedError, RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
