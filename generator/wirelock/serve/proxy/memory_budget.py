"""Memory budget for the bodies of all exchanges in flight."""

from __future__ import annotations

from wirelock.traffic.http.body_buffer import BodyBuffer

MAX_BUFFERED_BYTES = 256 * 2**20
"""Bytes of bodies that the proxy buffers in total, until they are checked and recorded."""


class MemoryBudget:
    """A limit for the buffered bytes of all exchanges together."""

    def __init__(self) -> None:
        self._available = MAX_BUFFERED_BYTES

    def add_chunk(self, body: BodyBuffer, chunk: bytes) -> int:
        """Add a chunk to a buffer if the budget allows it, else stop the buffer; return the bytes to release later."""
        fits = len(chunk) <= self._available
        if not fits:
            body.stop()
        body.add(chunk)
        reserved = len(chunk) if fits and body.has_room else 0
        self._available -= reserved
        return reserved

    def release(self, reserved: int) -> None:
        """Return bytes to the budget."""
        self._available += reserved
