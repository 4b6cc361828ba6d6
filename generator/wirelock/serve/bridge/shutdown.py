"""The shutdown of a bridge, which ends streams that otherwise never end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Generator


class Shutdown:
    """The shutdown of a bridge, with the callbacks that close its open streams."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._callbacks: set[Callable[[], None]] = set()

    @property
    def has_begun(self) -> bool:
        """True if the bridge is shutting down."""
        return self._begun.is_set()

    def begin(self) -> None:
        """Close every stream, and wake those that wait to reconnect."""
        self._begun.set()
        for close in tuple(self._callbacks):
            close()

    @contextlib.contextmanager
    def closing_on_begin(self, close: Callable[[], None]) -> Generator[None]:
        """Call `close` if the shutdown begins during the block, or at once if it has begun already."""
        self._callbacks.add(close)
        try:
            if self.has_begun:
                close()
            yield
        finally:
            self._callbacks.discard(close)

    async def sleep(self, seconds: float) -> None:
        """Sleep until the time is over or the shutdown begins."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), seconds)
