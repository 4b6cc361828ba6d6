"""Construction of codecs and validators in a worker thread, so that the event loop is not blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from wirelock.ir import TypeId
from wirelock.serve.net.gc_freeze import build_permanent

BuildSteps = Callable[[TypeId], Iterable[object]]
"""Builds the codecs and validators of a type step by step, as its result is iterated."""


class BackgroundBuilder:
    """A worker thread that builds types one at a time, in request order."""

    def __init__(self, build_steps: BuildSteps) -> None:
        self._build_steps = build_steps
        self._built: set[TypeId] = set()
        self._executor = ThreadPoolExecutor(1, "wirelock-types")
        self._is_closed = False

    def find_unbuilt(self, keys: frozenset[TypeId]) -> list[TypeId]:
        """Return the types that are not built yet, sorted."""
        return sorted(keys - self._built)

    async def build(self, keys: Iterable[TypeId]) -> None:
        """Build types after all types requested earlier, and wait for them."""
        await asyncio.get_running_loop().run_in_executor(self._executor, self._build_all, keys)

    def close(self) -> None:
        """Cancel all builds; the current one stops after its current step."""
        self._is_closed = True
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _build_all(self, keys: Iterable[TypeId]) -> None:
        for key in keys:
            if key not in self._built and not self._is_closed:
                self._build_one(key)

    def _build_one(self, key: TypeId) -> None:
        with build_permanent():
            for _ in self._build_steps(key):
                if self._is_closed:
                    return
        self._built.add(key)
