"""Construction of codecs and validators after the bridge has started, or as soon as a call needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wirelock.ir import TypeId
from wirelock.serve.bridge.http_errors import Contracts
from wirelock.serve.bridge.responses import LenientCodecs
from wirelock.serve.net.preloading import BackgroundBuilder


class Preloader:
    """Builds codecs and validators one type at a time; the types that a call waits for come first."""

    def __init__(self, contracts: Contracts, lenient_codecs: LenientCodecs | None) -> None:
        self._contracts = contracts
        self._lenient_codecs = lenient_codecs
        self._builder = BackgroundBuilder(self._build_steps)

    async def load(self, keys: frozenset[TypeId]) -> None:
        """Build types, and wait for them."""
        for key in self._builder.find_unbuilt(keys):
            await self._builder.build((key,))

    async def load_all(self, methods: Iterable[frozenset[TypeId]]) -> None:
        """Build the types of all methods, interleaved with those that calls wait for."""
        for keys in methods:
            await self.load(keys)

    def close(self) -> None:
        """Cancel all builds; the current one stops after its current step."""
        self._builder.close()

    def _build_steps(self, key: TypeId) -> Iterator[None]:
        contract = self._contracts(key)
        yield from contract.build_steps(model=False)
        if self._lenient_codecs is not None and contract.has_codec:
            self._lenient_codecs(key)
