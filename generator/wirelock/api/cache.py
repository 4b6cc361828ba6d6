"""Results of earlier runs, so that a check repeats only the work whose input changed (decision 0016)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import msgspec

from wirelock.write import Cache, hash_content

Found = TypeVar("Found")


class ResultCache:
    """A cache of results by key; without a cache every result is computed."""

    def __init__(self, cache: Cache | None = None) -> None:
        self._cache = cache

    def get_or_compute(
        self, kind: type[Found], make_key: Callable[[], bytes | None], work: Callable[[], Found]
    ) -> Found:
        """Return the cached result for a key, or compute and store it; without a key nothing is stored.

        A cached value that does not decode as `kind` is ignored. If the key changes during the work, nothing is stored.
        """
        key = make_key() if self._cache else None
        if self._cache is None or key is None:
            return work()
        entry = hash_content(kind.__qualname__.encode() + b"\n" + key)
        kept = self._cache.get(entry)
        if kept is not None:
            with suppress(msgspec.DecodeError):
                return msgspec.json.decode(kept, type=kind)
        result = work()
        if make_key() == key:
            with suppress(ValueError):  # a text with a lone surrogate has no UTF-8 form
                self._cache.put(entry, msgspec.json.encode(result))
        return result

    def close(self) -> None:
        """Delete entries that have not been used for a long time."""
        if self._cache is not None:
            self._cache.prune()


NO_CACHE = ResultCache()
"""For commands that must do the work."""
