"""Checks what passes, so that nothing waits for it: at once what is small, in a thread what is not.

To hand a small document to a thread takes longer than to check it, since both compete for the interpreter. What the
thread cannot keep up with is not checked, and counted. What makes a validator, a model and a codec first is not small,
whatever its size: of a large union that takes seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

MOST_WAITING = 64 * 2**20
"""How many bytes may wait to be checked."""
SMALL = 32 * 2**10
"""How many bytes are checked at once."""
_EACH = 4096
"""What an exchange weighs besides its bodies."""

Result = TypeVar("Result")


class Checker:
    """Does one thing at a time, in the order in which they come."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "wirelock-check")
        self._queued = 0
        self._waiting = 0
        self._fault: BaseException | None = None

    def later(self, work: Callable[[], object], size: int, *, cold: bool = False) -> bool:
        """Do something that holds `size` bytes when its turn comes; False if too much waits, and it is not done.

        It is `cold` if something is to be made first.
        """
        if not cold and self._is_at_once(size):
            self._do(work)
            return True
        weight = size + _EACH
        if self._waiting + weight > MOST_WAITING and self._waiting:
            return False
        self._waiting += weight
        self._submitted(work).add_done_callback(lambda done: self._finished(done, weight))
        return True

    async def now(self, work: Callable[[], Result], size: int, *, cold: bool = False) -> Result:
        """Do something when its turn comes, and wait for it."""
        return work() if not cold and self._is_at_once(size) else await self._submitted(work)

    async def close(self) -> None:
        """Wait for everything that was to be done; a fault of ours on the way is raised, lest it looks like success."""
        await self._submitted(lambda: None)
        self._thread.shutdown()
        if self._fault is not None:
            raise self._fault

    def _is_at_once(self, size: int) -> bool:
        return size <= SMALL and not self._queued

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as fault:
            self._fault = self._fault or fault

    def _submitted(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        self._queued += 1
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        future.add_done_callback(lambda _: self._left())
        return future

    def _left(self) -> None:
        self._queued -= 1

    def _finished(self, done: asyncio.Future[object], weight: int) -> None:
        self._waiting -= weight
        if not done.cancelled():
            self._fault = self._fault or done.exception()
