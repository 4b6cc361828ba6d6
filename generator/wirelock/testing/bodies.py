"""A body that is kept while it passes by, chunk by chunk, up to a size."""

from __future__ import annotations

import zlib

from wirelock.traffic.events import MEDIA_TYPE
from wirelock.traffic.exchange import Headers, header, media_type

MOST = 16 * 2**20
"""How many bytes of a body are kept, coded or not."""
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
"""The content codings that Python knows by itself (RFC 9110, 8.4.1)."""


class Collected:
    """One body; `whole` is to be set when its last chunk was taken."""

    def __init__(self, headers: Headers) -> None:
        self.begun = False
        self.whole = False
        self._coding = header(headers, "content-encoding").strip().lower()
        self._is_stream = media_type(header(headers, "content-type")) == MEDIA_TYPE
        self._kept = bytearray()
        self._full = False

    def take(self, chunk: bytes) -> None:
        """Keep a chunk, as far as there is room."""
        self.begun = True
        room = MOST - len(self._kept)
        self._kept += chunk[:room]
        self._full = self._full or len(chunk) > room

    def content(self) -> bytes | None:
        """The decoded body, None if it is not whole; of server-sent events the first will do."""
        if not self._is_stream and (self._full or not self.whole):
            return None
        return _decoded(bytes(self._kept), self._coding)


def _decoded(text: bytes, coding: str) -> bytes | None:
    """A body without its content coding; None if that is not known or not kept to."""
    if coding in ("", "identity") or not text:
        return text
    if coding not in _WINDOWS:
        return None
    decoder = zlib.decompressobj(_WINDOWS[coding])
    try:
        plain = decoder.decompress(text, MOST)
    except zlib.error:
        return None
    return None if decoder.unconsumed_tail else plain
