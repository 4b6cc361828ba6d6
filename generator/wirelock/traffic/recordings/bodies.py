"""Content codings of recorded bodies (RFC 9110, 8.4.1).

Most recorders decode a body and keep its header, so the header is not enough: a body that is UTF-8 text is already
decoded, because compressed bytes are not UTF-8.
"""

from __future__ import annotations

import re

from wirelock.traffic.http.content_encoding import DecodingError, decode_body, list_codings
from wirelock.traffic.http.exchange import Headers, RecordedBody, is_utf8
from wirelock.traffic.recordings.fields import EntryError

MAX_BYTES = 64 * 2**20
"""Maximum size of a decoded body; a few bytes can decode to any number of bytes."""
_TEXT = re.compile(r"|text/.*|application/(.*\+)?json|application/(x-)?ndjson")
_GZIP = b"\x1f\x8b"
_GZIP_AS_CHARACTERS = _GZIP.decode("latin-1").encode()
_MAGIC = {"gzip": _GZIP, "zstd": b"\x28\xb5\x2f\xfd"}


def decode_recorded_body(text: bytes, media_type: str, headers: Headers, pointer: str) -> RecordedBody | None:
    """Return a decoded body, or None if it is empty; raises EntryError."""
    if not text:
        return None
    if _TEXT.fullmatch(media_type):
        try:
            text = _undo_codings(text, headers)
        except DecodingError as error:
            raise EntryError(pointer, f"the body {error}") from None
    return RecordedBody(text, media_type) if text else None


def _undo_codings(text: bytes, headers: Headers) -> bytes:
    for coding in reversed(list_codings(headers)):
        text = _undo_coding(text, coding)
    return text


def _undo_coding(text: bytes, coding: str) -> bytes:
    if coding == "gzip" and text.startswith(_GZIP_AS_CHARACTERS):
        text = _from_characters(text)
    if is_utf8(text) or not text.startswith(_MAGIC.get(coding, b"")):
        return text
    return decode_body(text, [coding], MAX_BYTES)


def _from_characters(text: bytes) -> bytes:
    """Return the bytes that a recorder stored as one character each."""
    try:
        return text.decode().encode("latin-1")
    except UnicodeError:
        raise DecodingError("is gzip that the recorder damaged") from None
