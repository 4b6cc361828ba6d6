"""Handlers for SIGINT and SIGTERM, which both request a shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Generator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def handle_signals(*actions: Callable[[], object]) -> Generator[None]:
    """Call the next of `actions` for each signal in the block, and the last one for every further signal.

    Where the loop cannot handle signals (on Windows, or outside the main thread), their handlers stay unchanged: Ctrl-C
    then cancels the main task.
    """
    loop, remaining = asyncio.get_running_loop(), list(actions)

    def run_next_action() -> None:
        (remaining.pop(0) if len(remaining) > 1 else remaining[0])()

    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, run_next_action)
    except (NotImplementedError, RuntimeError, ValueError):
        yield
        return
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
