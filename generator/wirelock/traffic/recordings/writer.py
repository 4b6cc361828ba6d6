"""Recording files that are complete after every exchange, even if the process dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from wirelock.traffic.http.captured import CapturedExchange
from wirelock.traffic.recordings.encoders import RecordingLayout

MAX_FILE_BYTES = 64 * 2**20
"""Maximum size of a file before the next one starts; `verify` reads four times as much."""
_PRIVATE = 0o600


class RecordingWriter:
    """Writes a file, and the next one when it is full; an existing file is renamed, never lost."""

    def __init__(self, path: Path, layout: RecordingLayout, max_bytes: int = MAX_FILE_BYTES) -> None:
        self.exchanges = 0
        self.files = 0
        self._path = path
        self._layout = layout
        self._max_bytes = max_bytes
        self._file = -1
        self._end = 0
        self._inside = 0

    def encode(self, exchange: CapturedExchange) -> bytes:
        """Encode an exchange."""
        return self._layout.encode_entry(exchange)

    def add(self, entries: Iterable[bytes]) -> None:
        """Write exchanges and sync the file; raises OSError."""
        for entry in entries:
            self._add(entry)
            self.exchanges += 1
        os.fsync(self._file)

    def begin(self) -> None:
        """Create a file; raises OSError."""
        if self._path.exists():
            self._path.rename(_find_free_name(self._path))
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), _PRIVATE)
        self.files += 1
        self._inside = self._end = 0
        if self._layout.head:
            self._write(self._layout.head + self._layout.tail, 0)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _add(self, entry: bytes) -> None:
        if self._inside and self._end + len(entry) > self._max_bytes:
            os.fsync(self._file)  # sync the first part of this batch; the caller syncs the next file
            self.close()
            self.begin()
        at = self._end - (len(self._layout.tail) if self._layout.head else 0)
        self._write((self._layout.between if self._inside else b"") + entry + self._layout.tail, at)
        self._inside += 1

    def _write(self, text: bytes, at: int) -> None:
        """Write an entry and a new tail over the old tail."""
        try:
            self._put(text, at)
        except OSError:  # the disk is full: restoring the tail needs no space
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, at)
                self._put(self._layout.tail if self._layout.head else b"", at)
            raise
        self._end = at + len(text)

    def _put(self, text: bytes, at: int) -> None:
        os.lseek(self._file, at, os.SEEK_SET)
        rest = memoryview(text)
        while rest:
            rest = rest[os.write(self._file, rest) :]


def _find_free_name(path: Path) -> Path:
    """Return the first unused numbered name: capture-0001.har."""
    number = 1
    while (moved := path.with_name(f"{path.stem}-{number:04}{path.suffix}")).exists():
        number += 1
    return moved
