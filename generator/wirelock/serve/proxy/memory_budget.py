"""How much of everything that passes at one time may be kept, so that many large bodies do not fill the memory."""

from __future__ import annotations

from wirelock.traffic.http.body_buffer import Collected

MOST_KEPT = 256 * 2**20
"""How many bytes of bodies are kept in all, until they are checked and recorded."""


class Room:
    """What is left of it."""

    def __init__(self) -> None:
        self._left = MOST_KEPT

    def keep(self, body: Collected, chunk: bytes) -> int:
        """Keep a chunk of a body if there is room; gives how much was taken, which is to be given back."""
        fits = len(chunk) <= self._left
        if not fits:
            body.stop()
        body.take(chunk)
        taken = len(chunk) if fits and body.keeps else 0
        self._left -= taken
        return taken

    def give_back(self, taken: int) -> None:
        """Have so much room again."""
        self._left += taken
