"""The tests of the bridge use its event loop, since some bugs depend on the loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from running_bridge import run_in_thread

from wirelock.serve.net import event_loop


async def get_loop_type() -> type[asyncio.AbstractEventLoop]:
    """Return the type of the running loop."""
    return type(asyncio.get_running_loop())


def test_a_bridge_in_a_thread_has_the_loop_that_serve_has() -> None:
    loop_types: list[type[asyncio.AbstractEventLoop]] = []

    @contextlib.asynccontextmanager
    async def note_loop_type() -> AsyncGenerator[int]:
        loop_types.append(await get_loop_type())
        yield 0

    with run_in_thread(note_loop_type):
        assert loop_types == [event_loop.run(get_loop_type())]
