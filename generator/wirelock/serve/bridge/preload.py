"""What methods need is made behind the start of the bridge, and at once where a call waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wirelock.ir import TypeId
from wirelock.serve.bridge.http_errors import Contracts
from wirelock.serve.bridge.responses import Carriers
from wirelock.serve.net.preloading import Making


class Warmth:
    """Makes contracts one at a time, those that a call waits for before those that only may be needed."""

    def __init__(self, contracts: Contracts, carriers: Carriers | None) -> None:
        self._contracts = contracts
        self._carriers = carriers
        self._making = Making(self._make)

    async def of(self, keys: frozenset[TypeId]) -> None:
        """Wait until these are made."""
        for key in self._making.missing(keys):
            await self._making.of((key,))

    async def of_all(self, wanted: Iterable[frozenset[TypeId]]) -> None:
        """Make everything that is not made yet, in turn with what calls wait for."""
        for keys in wanted:
            await self.of(keys)

    def close(self) -> None:
        """Begin with nothing more, and leave what was begun."""
        self._making.close()

    def _make(self, key: TypeId) -> Iterator[None]:
        contract = self._contracts(key)
        yield from contract.making(model=False)
        if self._carriers is not None and contract.carried:
            self._carriers(key)
