"""What earlier runs found, so that a check does again only what changed (decision 0016)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import msgspec

from wirelock.write import Cache, digest

Found = TypeVar("Found")


class Recall:
    """Results by everything that they depend on; without a cache each is worked out."""

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache

    def found(self, kind: type[Found], basis: Callable[[], bytes | None], work: Callable[[], Found]) -> Found:
        """The result that was kept on a basis, or that of the work; nothing is kept where there is no basis.

        What was kept and is no such result counts as lost. A basis that changed during the work keeps nothing.
        """
        stated = basis() if self._cache else None
        if self._cache is None or stated is None:
            return work()
        key = digest(kind.__qualname__.encode() + b"\n" + stated)
        kept = self._cache.get(key)
        if kept is not None:
            with suppress(msgspec.DecodeError):
                return msgspec.json.decode(kept, type=kind)
        result = work()
        if basis() == stated:
            with suppress(ValueError):  # text with half a surrogate pair has no bytes
                self._cache.put(key, msgspec.json.encode(result))
        return result

    def close(self) -> None:
        """Let go of what nobody has asked for in a long time."""
        if self._cache is not None:
            self._cache.prune()


NOTHING_KEPT = Recall()
"""For commands that are asked to do the work."""
