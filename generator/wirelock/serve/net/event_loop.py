"""The event loop that a bridge runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")
Loop = Callable[[], asyncio.AbstractEventLoop]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run this to its end: on uvloop, which the extra `live` brings where there is one, else on asyncio's own loop."""
    with asyncio.Runner(loop_factory=quickest()) as runner:
        return runner.run(main)


def quickest() -> Loop:
    """What makes such a loop."""
    if find_spec("uvloop") is None:  # there is none for Windows
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
