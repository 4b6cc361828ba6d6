"""Results of earlier runs by key, stored outside of all projects; any entry may be missing or damaged.

A key is the hash of everything that a result depends on, so entries are never out of date.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

from wirelock.write.disk import discard, read_file
from wirelock.write.manifest import hash_content

VARIABLE = "WIRELOCK_CACHE"
"""The environment variable that names another folder; if it is empty, there is no cache."""
MAX_AGE_DAYS = 30
_KEY = re.compile(r"[0-9a-f]{64}")
_DAY_SECONDS = 86_400


class Cache:
    """The results in one folder, which only its user can read, because they quote recordings."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """Return the content of a key; None if it is missing or damaged."""
        try:
            stored = read_file(self._folder, key)
        except OSError:
            return None
        head, _, content = (stored or b"").partition(b"\n")
        if stored is None or head.decode("latin-1") != _compute_seal(key, content):
            return None
        with suppress(OSError):
            os.utime(self._folder / key)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Store a content atomically; does nothing if the folder is not writable."""
        temporary = self._folder / f"{key}.{os.getpid()}.new"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.write_bytes(_compute_seal(key, content).encode() + b"\n" + content)  # detects a torn write
            temporary.replace(self._folder / key)
        except OSError:
            discard(temporary)

    def prune(self) -> None:
        """Remove entries that were not used in the last 30 days."""
        oldest = time.time() - MAX_AGE_DAYS * _DAY_SECONDS
        with suppress(OSError):
            for path in list(self._folder.iterdir()):
                if _KEY.fullmatch(path.name.partition(".")[0]) and path.lstat().st_mtime < oldest:
                    discard(path)


def open_user_cache() -> Cache | None:
    """Return the cache of the current user; None if WIRELOCK_CACHE disables it."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        from platformdirs import user_cache_path  # imported late, because few commands use it

        return Cache(user_cache_path("wirelock", appauthor=False))
    return Cache(Path(folder)) if folder else None


def _compute_seal(key: str, content: bytes) -> str:
    return hash_content(key.encode() + b"\n" + content)
