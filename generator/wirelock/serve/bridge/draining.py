"""What ends streams when the bridge is told to go: they would otherwise never come to their end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator

import aiohttp


class Draining:
    """Whether the bridge is going down, and the responses that are open until then."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._open: set[aiohttp.ClientResponse] = set()

    @property
    def has_begun(self) -> bool:
        """Whether the bridge is going down."""
        return self._begun.is_set()

    def begin(self) -> None:
        """End every stream; those that wait for their next try wake up."""
        self._begun.set()
        for response in tuple(self._open):
            response.close()

    @contextlib.contextmanager
    def holding(self, response: aiohttp.ClientResponse) -> Generator[None]:
        """While this runs, a response is one that has to end."""
        self._open.add(response)
        try:
            yield
        finally:
            self._open.discard(response)

    async def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the beginning."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._begun.wait(), seconds)
