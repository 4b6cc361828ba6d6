"""What ends streams when the bridge is told to go: they would otherwise never come to their end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator


class Draining:
    """Whether the bridge is going down, and how to end what is open until then."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._open: set[Callable[[], None]] = set()

    @property
    def has_begun(self) -> bool:
        """Whether the bridge is going down."""
        return self._begun.is_set()

    def begin(self) -> None:
        """End every stream; those that wait for their next try wake up."""
        self._begun.set()
        for end in tuple(self._open):
            end()

    @contextlib.contextmanager
    def holding(self, end: Callable[[], None]) -> Generator[None]:
        """While this runs, there is something that has to end, which `end` does; at once, if it is too late already."""
        self._open.add(end)
        try:
            if self.has_begun:
                end()
            yield
        finally:
            self._open.discard(end)

    async def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the beginning."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), seconds)
