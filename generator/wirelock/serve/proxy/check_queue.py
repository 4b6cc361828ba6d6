"""Checks what passes, so that nothing waits for it: at once what is small, in a thread what is not.

To hand a small document to a thread takes longer than to check it, since both compete for the interpreter. What the
thread cannot keep up with is not checked, and counted. What needs types that are not made yet, whatever its size, waits
for them, and for those that were asked for before, since one thread makes them in turn: a large union takes seconds.
What has its types waits for none.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from wirelock.ir import TypeId
from wirelock.serve.net.preloading import Making

MOST_WAITING = 64 * 2**20
"""How many bytes may wait to be checked."""
SMALL = 32 * 2**10
"""How many bytes are checked at once."""
_EACH = 4096
"""What an exchange weighs besides its bodies."""
Needs = frozenset[TypeId]

Result = TypeVar("Result")


class Checker:
    """Does one thing at a time, in the order in which their types are made and they come."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self._thread = ThreadPoolExecutor(1, "wirelock-check")
        self._queued = 0
        self._waiting = 0
        self._cold: Counter[object] = Counter()
        self._pending: set[asyncio.Future[object]] = set()
        self._fault: BaseException | None = None

    def later(self, work: Callable[[], object], size: int, needs: Needs, exchange: object) -> bool:
        """Do something that holds `size` bytes when its turn comes; False if too much waits, and it is not done.

        What is of one exchange is done in the order in which it comes.
        """
        cold = self._is_cold(needs, exchange)
        if not cold and self._is_at_once(size):
            self._do(work)
            return True
        weight = size + _EACH
        if self._waiting + weight > MOST_WAITING and self._waiting:
            return False
        self._waiting += weight
        if cold:
            self._cold[exchange] += 1
        doing = asyncio.ensure_future(self._when_made(work, needs, exchange)) if cold else self._submitted(work)
        self._pending.add(doing)
        doing.add_done_callback(lambda done: self._finished(done, weight))
        return True

    async def now(self, work: Callable[[], Result], size: int, needs: Needs = frozenset()) -> Result:
        """Do something when its turn comes, and wait for it."""
        if missing := self._making.missing(needs):
            await self._making.of(missing)
        return work() if self._is_at_once(size) else await self._submitted(work)

    async def settled(self, at_once: asyncio.Event | None = None) -> int:
        """Wait until everything is done that was to be done, or it is to be at once; gives how much was left undone."""
        doing = asyncio.gather(*self._pending, return_exceptions=True)
        hurrying = asyncio.ensure_future((at_once or asyncio.Event()).wait())
        try:
            await asyncio.wait((doing, hurrying), return_when=asyncio.FIRST_COMPLETED)
        finally:
            hurrying.cancel()
        left = [one for one in self._pending if at_once and at_once.is_set() and one.cancel()]
        await doing
        return len(left)

    async def close(self) -> None:
        """Wait for everything that was to be done; a fault of ours on the way is raised, lest it looks like success."""
        await self.settled()
        self._making.close()
        await self._submitted(lambda: None)
        self._thread.shutdown()
        if self._fault is not None:
            raise self._fault

    def _is_cold(self, needs: Needs, exchange: object) -> bool:
        """Whether something waits for types: this, or what came before it of its exchange."""
        return bool(self._cold[exchange] or self._making.missing(needs))

    def _is_at_once(self, size: int) -> bool:
        return size <= SMALL and not self._queued

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as fault:
            self._fault = self._fault or fault

    async def _when_made(self, work: Callable[[], object], needs: Needs, exchange: object) -> object:
        try:
            await self._making.of(sorted(needs))  # also if they are by now: nothing is to overtake
            doing = self._submitted(work)
        finally:
            self._cold[exchange] -= 1
            if not self._cold[exchange]:
                del self._cold[exchange]
        return await doing

    def _submitted(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        self._queued += 1
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        future.add_done_callback(lambda _: self._left())
        return future

    def _left(self) -> None:
        self._queued -= 1

    def _finished(self, done: asyncio.Future[object], weight: int) -> None:
        self._pending.discard(done)
        self._waiting -= weight
        if not done.cancelled():
            self._fault = self._fault or done.exception()
