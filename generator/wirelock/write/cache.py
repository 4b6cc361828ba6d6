"""Results of earlier runs, outside of every project: contents by key, any of which may be lost or spoilt.

Keys are hashes of everything that a result depends on, so that nothing in here is ever out of date.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

from wirelock.write.disk import discard, read
from wirelock.write.manifest import digest

VARIABLE = "WIRELOCK_CACHE"
"""Names another folder; empty, nothing is kept."""
KEPT_DAYS = 30
_KEY = re.compile(r"[0-9a-f]{64}")
_DAY = 86_400


class Cache:
    """The results in one folder, which only its user can read: they quote recordings."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> bytes | None:
        """The content of a key; None where there is none that is whole."""
        try:
            stored = read(self._folder, key)
        except OSError:
            return None
        head, _, content = (stored or b"").partition(b"\n")
        if stored is None or head.decode("latin-1") != _seal(key, content):
            return None
        with suppress(OSError):
            os.utime(self._folder / key)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Keep a content, whole or not at all; a folder that cannot be written keeps nothing."""
        aside = self._folder / f"{key}.{os.getpid()}.new"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside.write_bytes(_seal(key, content).encode() + b"\n" + content)  # a torn one has a broken seal
            aside.replace(self._folder / key)
        except OSError:
            discard(aside)

    def prune(self) -> None:
        """Remove what no run has asked for in 30 days."""
        oldest = time.time() - KEPT_DAYS * _DAY
        with suppress(OSError):
            for path in list(self._folder.iterdir()):
                if _KEY.fullmatch(path.name.partition(".")[0]) and path.lstat().st_mtime < oldest:
                    discard(path)


def users_cache() -> Cache | None:
    """The cache of whoever runs this; None if nothing is to be kept."""
    stated = os.environ.get(VARIABLE)
    if stated is None:
        from platformdirs import user_cache_path  # knows where each system has it

        return Cache(user_cache_path("wirelock", appauthor=False))
    return Cache(Path(stated)) if stated else None


def _seal(key: str, content: bytes) -> str:
    return digest(key.encode() + b"\n" + content)
