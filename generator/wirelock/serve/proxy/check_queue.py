"""Queue of checks, so that no exchange waits for its check.

Small documents are checked in the event loop: passing one to a thread takes longer than the check, because both compete
for the interpreter. Large documents are checked in a thread. Checks beyond the size limit of the queue are dropped and
counted.

A check whose types are not built yet waits for them, whatever its size, and for the types requested before it, because
one thread builds all types in turn; a large union takes seconds. A check whose types are built does not wait.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from wirelock.ir import TypeId
from wirelock.serve.net.preloading import BackgroundBuilder

MAX_QUEUED_BYTES = 64 * 2**20
"""Bytes of documents that may wait for their checks."""
MAX_INLINE_BYTES = 32 * 2**10
"""Largest size of a document that is checked in the event loop."""
_OVERHEAD_BYTES = 4096
"""The size that an exchange counts as in addition to its bodies."""
RequiredTypes = frozenset[TypeId]

Result = TypeVar("Result")


class CheckQueue:
    """A queue that runs one check at a time, in the order in which their types are built and they arrive."""

    def __init__(self, builder: BackgroundBuilder) -> None:
        self._builder = builder
        self._thread = ThreadPoolExecutor(1, "wirelock-check")
        self._in_thread = 0
        self._queued_bytes = 0
        self._waiting: Counter[object] = Counter()
        self._pending: set[asyncio.Future[object]] = set()
        self._error: BaseException | None = None

    def submit(self, work: Callable[[], object], size: int, types: RequiredTypes, exchange: object) -> bool:
        """Queue a function that holds `size` bytes and needs `types`; return False if the queue is full.

        Functions of the same exchange run in the order of their submission.
        """
        waits = self._must_wait(types, exchange)
        if not waits and self._is_inline(size):
            self._run_inline(work)
            return True
        counted = size + _OVERHEAD_BYTES
        if self._queued_bytes + counted > MAX_QUEUED_BYTES and self._queued_bytes:
            return False
        self._queued_bytes += counted
        future: asyncio.Future[object]
        if waits:
            self._waiting[exchange] += 1
            future = asyncio.ensure_future(self._run_when_built(work, types, exchange))
        else:
            future = self._run_in_thread(work)
        self._pending.add(future)
        future.add_done_callback(lambda done: self._finish(done, counted))
        return True

    async def run(self, work: Callable[[], Result], size: int, types: RequiredTypes = frozenset()) -> Result:
        """Run a function once its types are built, and return its result."""
        if missing := self._builder.find_unbuilt(types):
            await self._builder.build(missing)
        return work() if self._is_inline(size) else await self._run_in_thread(work)

    async def drain(self, forced: asyncio.Event | None = None) -> int:
        """Wait for all queued functions; once `forced` is set, cancel the rest and return their number."""
        finished = asyncio.gather(*self._pending, return_exceptions=True)
        waiting = asyncio.ensure_future((forced or asyncio.Event()).wait())
        try:
            await asyncio.wait((finished, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        cancelled = [future for future in self._pending if forced and forced.is_set() and future.cancel()]
        await finished
        return len(cancelled)

    async def close(self) -> None:
        """Wait for all queued functions; raise the first exception of a check, which is an internal error."""
        await self.drain()
        self._builder.close()
        await self._run_in_thread(lambda: None)
        self._thread.shutdown()
        if self._error is not None:
            raise self._error

    def _must_wait(self, types: RequiredTypes, exchange: object) -> bool:
        """Return True if types must be built first, for this function or for an earlier one of the exchange."""
        return bool(self._waiting[exchange] or self._builder.find_unbuilt(types))

    def _is_inline(self, size: int) -> bool:
        return size <= MAX_INLINE_BYTES and not self._in_thread

    def _run_inline(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self._error = self._error or error

    async def _run_when_built(self, work: Callable[[], object], types: RequiredTypes, exchange: object) -> object:
        try:
            await self._builder.build(sorted(types))  # even if they are built by now, to keep the order
            future = self._run_in_thread(work)
        finally:
            self._waiting[exchange] -= 1
            if not self._waiting[exchange]:
                del self._waiting[exchange]
        return await future

    def _run_in_thread(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        self._in_thread += 1
        future = asyncio.get_running_loop().run_in_executor(self._thread, work)
        future.add_done_callback(lambda _: self._leave_thread())
        return future

    def _leave_thread(self) -> None:
        self._in_thread -= 1

    def _finish(self, future: asyncio.Future[object], counted: int) -> None:
        self._pending.discard(future)
        self._queued_bytes -= counted
        if not future.cancelled():
            self._error = self._error or future.exception()
