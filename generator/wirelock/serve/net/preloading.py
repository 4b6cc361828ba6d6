"""What types need is made in a thread before they are used: where traffic flows it would hold all of it up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from wirelock.ir import TypeId
from wirelock.serve.net.gc_freeze import lasting

Make = Callable[[TypeId], Iterable[object]]
"""Makes what a type needs, and stops at each step."""


class Making:
    """Makes types, one at a time, in the order in which they are asked for."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._made: set[TypeId] = set()
        self._thread = ThreadPoolExecutor(1, "wirelock-types")
        self._ended = False

    def missing(self, keys: frozenset[TypeId]) -> list[TypeId]:
        """Those that are not made yet."""
        return sorted(keys - self._made)

    async def of(self, keys: Iterable[TypeId]) -> None:
        """Wait until these are made, behind all that were asked for before."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._all, keys)

    def close(self) -> None:
        """Make nothing more; what is being made is left where it is at its next step."""
        self._ended = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _all(self, keys: Iterable[TypeId]) -> None:
        for key in keys:
            if key not in self._made and not self._ended:
                self._one(key)

    def _one(self, key: TypeId) -> None:
        with lasting():
            for _ in self._make(key):
                if self._ended:
                    return
        self._made.add(key)
