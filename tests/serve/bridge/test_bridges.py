"""What the tests of bridges run on is what a bridge runs on: some faults are those of one loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from bridges import in_a_thread

from wirelock.serve.net import event_loop


async def kind() -> type[asyncio.AbstractEventLoop]:
    """The kind of the loop that runs this."""
    return type(asyncio.get_running_loop())


def test_a_bridge_in_a_thread_has_the_loop_that_serve_has() -> None:
    kinds: list[type[asyncio.AbstractEventLoop]] = []

    @contextlib.asynccontextmanager
    async def noting() -> AsyncIterator[int]:
        kinds.append(await kind())
        yield 0

    with in_a_thread(noting):
        assert kinds == [event_loop.run(kind())]
