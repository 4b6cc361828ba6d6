"""Content codings of recorded bodies (RFC 9110, 8.4.1), undone where the recording kept them.

The header alone does not tell: most recorders undo the coding and keep the header. Compressed bytes are no UTF-8 text,
and only text is held against anything, so a text body that is UTF-8 is taken as it stands.
"""

from __future__ import annotations

import re
import zlib
from importlib import import_module
from typing import Any

from wirelock.runtime.words import name as quoted
from wirelock.traffic.entries import EntryError
from wirelock.traffic.exchange import Body, Headers

MAX_BYTES = 64 * 2**20
"""The most that a body may be without its coding: a few bytes can stand for any number of them."""
_TEXT = re.compile(r"|text/.*|application/(.*\+)?json|application/(x-)?ndjson")
_GZIP = b"\x1f\x8b"
_GZIP_AS_CHARACTERS = _GZIP.decode("latin-1").encode()
_MAGIC = {"gzip": _GZIP, "zstd": b"\x28\xb5\x2f\xfd"}
_ALIASES = {"x-gzip": "gzip"}
_PIECE = 64
"""How many bytes brotli is given at once: what it makes of them cannot be limited otherwise."""


class _Undecodable(ValueError):
    """Why a coding cannot be undone."""


def body(text: bytes, media_type: str, headers: Headers, pointer: str) -> Body | None:
    """A recorded body without its content coding, None if it is empty; raises EntryError."""
    if not text:
        return None
    if _TEXT.fullmatch(media_type):
        try:
            text = _plain(text, headers)
        except _Undecodable as error:
            raise EntryError(pointer, f"the body {error}") from None
    return Body(text, media_type) if text else None


def _plain(text: bytes, headers: Headers) -> bytes:
    stated = ",".join(value for name, value in headers if name == "content-encoding").lower()
    codings = [coding for part in stated.split(",") if (coding := part.strip()) not in ("", "identity")]
    for coding in reversed(codings):
        text = _undone(text, _ALIASES.get(coding, coding))
    return text


def _undone(text: bytes, coding: str) -> bytes:
    if coding == "gzip" and text.startswith(_GZIP_AS_CHARACTERS):
        text = _from_characters(text)
    if _is_utf8(text) or not text.startswith(_MAGIC.get(coding, b"")):
        return text
    match coding:
        case "gzip":
            return _inflated(text, 16 + zlib.MAX_WBITS, coding)
        case "deflate":  # some servers send it without its zlib wrapper (RFC 9110, 8.4.1.2)
            wrapped = text[0] & 0x0F == 8 and int.from_bytes(text[:2]) % 31 == 0
            return _inflated(text, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, coding)
        case "br":
            return _of_brotli(text)
        case _:
            raise _Undecodable(f"is compressed with {quoted(coding)}, which is not undone here")


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
        raise _Undecodable("was compressed with gzip, and the recording has damaged it") from None


def _inflated(text: bytes, window: int, coding: str) -> bytes:
    """What one or several streams of zlib stand for (RFC 1950 to 1952)."""
    found = bytearray()
    while text:
        stream = zlib.decompressobj(window)
        try:
            found += stream.decompress(text, MAX_BYTES + 1 - len(found))
        except zlib.error:
            raise _broken(coding) from None
        _limit(found, coding)
        if not stream.eof:
            raise _broken(coding)
        text = stream.unused_data
    return bytes(found)


def _of_brotli(text: bytes) -> bytes:
    """What a stream of Brotli stands for (RFC 7932)."""
    try:
        brotli: Any = import_module("brotli")
    except ImportError:
        raise _Undecodable('is compressed with br; to read it: pip install "wirelock[br]"') from None
    stream, found = brotli.Decompressor(), bytearray()
    try:
        for start in range(0, len(text), _PIECE):
            found += stream.process(text[start : start + _PIECE])
            _limit(found, "br")
    except brotli.error:
        raise _broken("br") from None
    if not stream.is_finished():
        raise _broken("br")
    return bytes(found)


def _limit(found: bytearray, coding: str) -> None:
    if len(found) > MAX_BYTES:
        raise _Undecodable(f"is larger than {MAX_BYTES // 2**20} MiB when its {coding} is undone")


def _broken(coding: str) -> _Undecodable:
    return _Undecodable(f"is not whole {coding}, though its header says so")
