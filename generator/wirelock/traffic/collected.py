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
    """One body; `whole` is to be set when its last chunk was taken. `size` is how many bytes passed."""

    def __init__(self, headers: Headers, most: int | None = None) -> None:
        self.begun = False
        self.whole = False
        self.size = 0
        self._coding = coding(headers)
        self._is_stream = media_type(header(headers, "content-type")) == MEDIA_TYPE
        self._most = MOST if most is None else most
        self._kept = bytearray()
        self._full = False

    @property
    def keeps(self) -> bool:
        """Whether there was room for everything so far."""
        return not self._full

    def take(self, chunk: bytes) -> None:
        """Keep a chunk, as far as there is room; a body that does not fit is not kept at all, but for a stream."""
        self.begun = True
        self.size += len(chunk)
        room = self._most - len(self._kept)
        self._full = self._full or len(chunk) > room
        if not self._full or self._is_stream:
            self._kept += chunk[:room]
        elif self._kept:
            self._kept = bytearray()

    def stop(self) -> None:
        """Keep no more; what is kept of a body that is no stream is of no use then."""
        self._most = len(self._kept) if self._is_stream else 0

    def content(self) -> bytes | None:
        """The decoded body, None if it is not whole; of server-sent events the first will do."""
        if not self._is_stream and (self._full or not self.whole):
            return None
        return _decoded(bytes(self._kept), self._coding)


class Decoder:
    """A body without its content coding, chunk by chunk; it gives up, for good, on what it cannot decode."""

    def __init__(self, headers: Headers) -> None:
        stated = coding(headers)
        self.failed = stated not in ("", *_WINDOWS)
        self._inner = zlib.decompressobj(_WINDOWS[stated]) if stated in _WINDOWS else None

    def feed(self, chunk: bytes) -> bytes:
        """What this chunk adds; b"" where it cannot be decoded, or would be more than MOST at once."""
        if self.failed or self._inner is None:
            return b"" if self.failed else chunk
        try:
            plain = self._inner.decompress(chunk, MOST)
        except zlib.error:
            plain, self.failed = b"", True
        self.failed = self.failed or bool(self._inner.unconsumed_tail)
        return plain


def coding(headers: Headers) -> str:
    """The content coding that the headers name, "" for none."""
    stated = header(headers, "content-encoding").strip().lower()
    return "" if stated == "identity" else stated


def _decoded(text: bytes, coding: str) -> bytes | None:
    """A body without its content coding; None if that is not known or not kept to."""
    if not coding or not text:
        return text
    if coding not in _WINDOWS:
        return None
    decoder = zlib.decompressobj(_WINDOWS[coding])
    try:
        plain = decoder.decompress(text, MOST)
    except zlib.error:
        return None
    return None if decoder.unconsumed_tail else plain
