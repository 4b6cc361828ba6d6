"""A body that is kept while it passes by, chunk by chunk, up to a size."""

from __future__ import annotations

from wirelock.traffic.http.content_encoding import Decoding, Undecodable, codings, decoded
from wirelock.traffic.http.exchange import Headers, header, media_type
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE

MOST = 16 * 2**20
"""How many bytes of a body are kept, coded or not."""


class Collected:
    """One body; `whole` is to be set when its last chunk was taken. `size` is how many bytes passed."""

    def __init__(self, headers: Headers, most: int | None = None) -> None:
        self.begun = False
        self.whole = False
        self.size = 0
        self._codings = codings(headers)
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
        try:
            return self._decoded()
        except Undecodable:
            return None

    @property
    def undecodable(self) -> str:
        """Why a body that is here to its end cannot be decoded, as words that follow "the body"; "" if it can."""
        try:
            self._decoded()
        except Undecodable as error:
            return str(error)
        return ""

    def _decoded(self) -> bytes | None:
        if self._is_stream:
            return self._begun_stream()
        whole = self.whole and not self._full
        return decoded(bytes(self._kept), self._codings, MOST) if whole else None

    def _begun_stream(self) -> bytes:
        """What is kept of a stream, which need not have come to its end."""
        if self.whole and not self._full:
            return decoded(bytes(self._kept), self._codings, MOST)
        return Decoding(self._codings, MOST).feed(bytes(self._kept))


class Decoder:
    """A body without its content coding, chunk by chunk; it gives up, for good, on what it cannot decode."""

    def __init__(self, headers: Headers) -> None:
        self.failed = False
        self._decoding = Decoding((), MOST)
        try:
            self._decoding = Decoding(codings(headers), MOST)
        except Undecodable:
            self.failed = True

    def feed(self, chunk: bytes) -> bytes:
        """What this chunk adds; b"" where it cannot be decoded, or would be more than MOST at once."""
        if self.failed:
            return b""
        try:
            return self._decoding.feed(chunk)
        except Undecodable:
            self.failed = True
            return b""

    def end(self) -> None:
        """Say that there are no more; it fails if there should be."""
        try:
            self._decoding.end()
        except Undecodable:
            self.failed = True
