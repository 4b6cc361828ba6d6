"""The event loop of the bridge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from typing import Any, TypeVar

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on uvloop if it is installed (extra `live`), else on asyncio's own loop."""
    with asyncio.Runner(loop_factory=choose_loop_factory()) as runner:
        return runner.run(main)


def choose_loop_factory() -> LoopFactory:
    """Return uvloop's loop factory if uvloop is installed, else asyncio's."""
    if find_spec("uvloop") is None:  # uvloop does not support Windows
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
