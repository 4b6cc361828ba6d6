"""One thread that checks, so that nothing that passes waits for it; what it cannot keep up with is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

MOST_WAITING = 64 * 2**20
"""How many bytes may wait to be checked."""
_EACH = 4096
"""What an exchange weighs besides its bodies."""

Result = TypeVar("Result")


class Checker:
    """Does one thing at a time, in the order in which they come."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "wirelock-check")
        self._waiting = 0
        self._fault: BaseException | None = None

    def later(self, work: Callable[[], object], size: int) -> bool:
        """Do something that holds `size` bytes when its turn comes; False if too much waits, and it is not done."""
        weight = size + _EACH
        if self._waiting + weight > MOST_WAITING and self._waiting:
            return False
        self._waiting += weight
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._thread, work)
        done.add_done_callback(lambda future: self._finished(future, weight))
        return True

    async def now(self, work: Callable[[], Result]) -> Result:
        """Do something when its turn comes, and wait for it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Wait for everything that was to be done; a fault of ours on the way is raised, lest it looks like success."""
        await self.now(lambda: None)
        self._thread.shutdown()
        if self._fault is not None:
            raise self._fault

    def _finished(self, future: asyncio.Future[object], weight: int) -> None:
        self._waiting -= weight
        self._fault = self._fault or future.exception()
