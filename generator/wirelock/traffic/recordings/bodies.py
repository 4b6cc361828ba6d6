"""Content codings of recorded bodies (RFC 9110, 8.4.1), undone where the recording kept them.

The header alone does not tell: most recorders undo the coding and keep the header. Compressed bytes are no UTF-8 text,
and only text is held against anything, so a text body that is UTF-8 is taken as it stands.
"""

from __future__ import annotations

import re

from wirelock.traffic.http.content_encoding import Undecodable, codings, decoded
from wirelock.traffic.http.exchange import Body, Headers
from wirelock.traffic.recordings.fields import EntryError

MAX_BYTES = 64 * 2**20
"""The most that a body may be without its coding: a few bytes can stand for any number of them."""
_TEXT = re.compile(r"|text/.*|application/(.*\+)?json|application/(x-)?ndjson")
_GZIP = b"\x1f\x8b"
_GZIP_AS_CHARACTERS = _GZIP.decode("latin-1").encode()
_MAGIC = {"gzip": _GZIP, "zstd": b"\x28\xb5\x2f\xfd"}


def body(text: bytes, media_type: str, headers: Headers, pointer: str) -> Body | None:
    """A recorded body without its content coding, None if it is empty; raises EntryError."""
    if not text:
        return None
    if _TEXT.fullmatch(media_type):
        try:
            text = _plain(text, headers)
        except Undecodable as error:
            raise EntryError(pointer, f"the body {error}") from None
    return Body(text, media_type) if text else None


def _plain(text: bytes, headers: Headers) -> bytes:
    for coding in reversed(codings(headers)):
        text = _undone(text, coding)
    return text


def _undone(text: bytes, coding: str) -> bytes:
    if coding == "gzip" and text.startswith(_GZIP_AS_CHARACTERS):
        text = _from_characters(text)
    if _is_utf8(text) or not text.startswith(_MAGIC.get(coding, b"")):
        return text
    return decoded(text, [coding], MAX_BYTES)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _from_characters(text: bytes) -> bytes:
    """The bytes of which a recorder made one character each."""
    try:
        return text.decode().encode("latin-1")
    except UnicodeError:
        raise Undecodable("was compressed with gzip, and the recording has damaged it") from None
