"""A buffer for a passing body, up to a maximum size."""

from __future__ import annotations

from wirelock.traffic.http.content_encoding import ContentDecoder, DecodingError, decode_body, list_codings
from wirelock.traffic.http.exchange import Headers, get_header, parse_media_type
from wirelock.traffic.http.server_sent_events import MEDIA_TYPE

MAX_BODY_BYTES = 16 * 2**20
"""Maximum number of buffered bytes, encoded or not."""


class BodyBuffer:
    """One body; set `is_complete` after its last chunk. `size` counts all bytes."""

    def __init__(self, headers: Headers, max_bytes: int | None = None) -> None:
        self.has_begun = False
        self.is_complete = False
        self.size = 0
        self._codings = list_codings(headers)
        self._is_stream = parse_media_type(get_header(headers, "content-type")) == MEDIA_TYPE
        self._max_bytes = MAX_BODY_BYTES if max_bytes is None else max_bytes
        self._kept = bytearray()
        self._full = False

    @property
    def has_room(self) -> bool:
        """True if everything so far fit."""
        return not self._full

    def add(self, chunk: bytes) -> None:
        """Add a chunk if it fits; a body that does not fit is dropped, except for a stream."""
        self.has_begun = True
        self.size += len(chunk)
        room = self._max_bytes - len(self._kept)
        self._full = self._full or len(chunk) > room
        if not self._full or self._is_stream:
            self._kept += chunk[:room]
        elif self._kept:
            self._kept = bytearray()

    def stop(self) -> None:
        """Stop buffering; an incomplete body is useless unless it is a stream."""
        self._max_bytes = len(self._kept) if self._is_stream else 0

    def decode(self) -> bytes | None:
        """Return the decoded body, or None if it is incomplete; a stream may be incomplete."""
        try:
            return self._decode()
        except DecodingError:
            return None

    @property
    def decoding_error(self) -> str:
        """The reason why a complete body cannot be decoded, as a text after "the body"; "" if it can."""
        try:
            self._decode()
        except DecodingError as error:
            return str(error)
        return ""

    def _decode(self) -> bytes | None:
        if self._is_stream:
            return self._decode_stream()
        is_complete = self.is_complete and not self._full
        return decode_body(bytes(self._kept), self._codings, MAX_BODY_BYTES) if is_complete else None

    def _decode_stream(self) -> bytes:
        """Return the decoded part of a stream."""
        if self.is_complete and not self._full:
            return decode_body(bytes(self._kept), self._codings, MAX_BODY_BYTES)
        return ContentDecoder(self._codings, MAX_BODY_BYTES).feed(bytes(self._kept))


class StreamDecoder:
    """Decodes a body chunk by chunk; after an error it decodes nothing more."""

    def __init__(self, headers: Headers) -> None:
        self.failed = False
        self._decoding = ContentDecoder((), MAX_BODY_BYTES)
        try:
            self._decoding = ContentDecoder(list_codings(headers), MAX_BODY_BYTES)
        except DecodingError:
            self.failed = True

    def feed(self, chunk: bytes) -> bytes:
        """Decode a chunk; b"" after an error or for more than MAX_BODY_BYTES at once."""
        if self.failed:
            return b""
        try:
            return self._decoding.feed(chunk)
        except DecodingError:
            self.failed = True
            return b""

    def end(self) -> None:
        """Finish; an incomplete body is an error."""
        try:
            self._decoding.end()
        except DecodingError:
            self.failed = True
