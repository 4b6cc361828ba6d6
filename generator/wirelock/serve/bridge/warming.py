"""What types need is made in a thread before they are used: where calls are answered it would hold them all up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from wirelock.ir import TypeId
from wirelock.serve.bridge.answers import Carriers
from wirelock.serve.bridge.errors import Contracts


class Warmth:
    """Makes contracts one at a time, those that a call waits for before those that only may be needed."""

    def __init__(self, contracts: Contracts, carriers: Carriers | None) -> None:
        self._contracts = contracts
        self._carriers = carriers
        self._made: set[TypeId] = set()
        self._thread = ThreadPoolExecutor(1, "wirelock-warm")

    async def of(self, keys: frozenset[TypeId]) -> None:
        """Wait until these are made."""
        for key in sorted(keys - self._made):
            await asyncio.get_running_loop().run_in_executor(self._thread, self._make, key)

    async def of_all(self, wanted: Iterable[frozenset[TypeId]]) -> None:
        """Make everything that is not made yet, in turn with what calls wait for."""
        for keys in wanted:
            for key in sorted(keys - self._made):
                await self.of(frozenset((key,)))

    def close(self) -> None:
        """Begin with nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _make(self, key: TypeId) -> None:
        if key in self._made:
            return
        contract = self._contracts(key)
        contract.validator_findings(b"{}")  # some of it is made when it is used
        contract.codec_findings(b"{}")
        if self._carriers is not None and contract.carried:
            self._carriers(key)
        self._made.add(key)
