"""Content codings undone, piece by piece or at once (RFC 9110, 8.4.1): one reader for recordings and for what passes.

What does not come to the end that its coding has is not whole, and nobody may take it for a body.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Protocol

from wirelock.runtime.json.formatting import name as quoted
from wirelock.traffic.http.exchange import Headers

MOST_MEMBERS = 1000
"""How many streams of gzip may follow each other in one body; each of them may stand for nothing at all."""
_ALIASES = {"x-gzip": "gzip"}
_PIECE = 2**14
"""How many bytes zlib is given at once: behind each stream that ends it copies what is left of them."""
_BROTLI_PIECE = 64
"""The same for brotli, of which what it makes of them cannot be limited otherwise."""


class Undecodable(ValueError):
    """Why a coding cannot be undone, as words that follow "the body"."""


class _Coding(Protocol):
    """One coding of a body."""

    @property
    def is_whole(self) -> bool:
        """Whether everything that began has ended."""
        ...

    def feed(self, text: bytes, most: int) -> bytes:
        """What these bytes add; raises Undecodable."""
        ...


class Decoding:
    """A body that comes in pieces, without its codings; each piece may stand for `most` bytes."""

    def __init__(self, codings: Sequence[str], most: int) -> None:
        self._codings = [_coding(coding) for coding in reversed(codings)]
        self._most = most
        self._has_begun = False

    def feed(self, text: bytes) -> bytes:
        """What this piece adds; raises Undecodable."""
        self._has_begun = self._has_begun or bool(text)
        for name, coding in self._codings:
            text = coding.feed(text, self._most)
            if len(text) > self._most:
                raise Undecodable(f"is larger than {self._most // 2**20} MiB when its {name} is undone")
        return text

    def end(self) -> None:
        """Say that there is no more; raises Undecodable if there should be. A body of no bytes has no coding."""
        for name, coding in self._codings:
            if self._has_begun and not coding.is_whole:
                raise _broken(name)


def decoded(text: bytes, codings: Sequence[str], most: int) -> bytes:
    """A whole body without its codings, of at most that many bytes; raises Undecodable."""
    if not text:  # the answer to a HEAD names a coding, too
        return text
    decoding = Decoding(codings, most)
    plain = decoding.feed(text)
    decoding.end()
    return plain


def codings(headers: Headers) -> list[str]:
    """The content codings that the headers name, in the order in which they were applied."""
    stated = ",".join(value for name, value in headers if name == "content-encoding").lower()
    named = (coding for part in stated.split(",") if (coding := part.strip()) not in ("", "identity"))
    return [_ALIASES.get(coding, coding) for coding in named]


def _coding(name: str) -> tuple[str, _Coding]:
    match name:
        case "gzip":
            return name, _Gzip()
        case "deflate":
            return name, _Deflate()
        case "br":
            return name, _Brotli()
        case _:
            raise Undecodable(f"is compressed with {quoted(name)}, which is not undone here")


class _Gzip:
    """One or several streams of gzip (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._members = 0
        self._stream: Any = None

    @property
    def is_whole(self) -> bool:
        return self._stream is None and self._members > 0

    def feed(self, text: bytes, most: int) -> bytes:
        found = bytearray()
        for piece in _pieces(text, _PIECE):
            while piece and len(found) <= most:
                piece = self._fed(piece, found, most)
        return bytes(found)

    def _fed(self, piece: bytes, found: bytearray, most: int) -> bytes:
        """Take bytes up to the end of a stream; gives those behind it."""
        stream = self._stream if self._stream is not None else self._begun()
        found += _inflated(stream, piece, most + 1 - len(found), "gzip")
        rest: bytes = stream.unused_data
        self._stream = None if stream.eof else stream
        return rest if stream.eof else b""

    def _begun(self) -> Any:
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise Undecodable(f"is more than {MOST_MEMBERS} streams of gzip behind each other")
        return zlib.decompressobj(16 + zlib.MAX_WBITS)


class _Deflate:
    """One stream of zlib (RFC 1950); some servers send it without its wrapper (RFC 9110, 8.4.1.2)."""

    def __init__(self) -> None:
        self._first = b""
        self._stream: Any = None

    @property
    def is_whole(self) -> bool:
        return self._stream is not None and self._stream.eof

    def feed(self, text: bytes, most: int) -> bytes:
        if self._stream is None:
            text = self._first + text
            if len(text) < 2:
                self._first = text
                return b""
            is_wrapped = text[0] & 0x0F == 8 and int.from_bytes(text[:2]) % 31 == 0
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS)
        if text and self._stream.eof:
            raise _broken("deflate")
        plain = _inflated(self._stream, text, most + 1, "deflate")
        if self._stream.unused_data:
            raise _broken("deflate")
        return plain


class _Brotli:
    """One stream of Brotli (RFC 7932)."""

    def __init__(self) -> None:
        try:
            self._brotli: Any = import_module("brotli")
        except ImportError:
            raise Undecodable('is compressed with br; to read it: pip install "wirelock[br]"') from None
        self._stream = self._brotli.Decompressor()

    @property
    def is_whole(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, text: bytes, most: int) -> bytes:
        found = bytearray()
        for piece in _pieces(text, _BROTLI_PIECE):
            if self.is_whole:
                raise _broken("br")
            try:
                found += self._stream.process(piece)
            except self._brotli.error:
                raise _broken("br") from None
            if len(found) > most:
                break
        return bytes(found)


def _inflated(stream: Any, text: bytes, most: int, name: str) -> bytes:
    try:
        plain: bytes = stream.decompress(text, most)
    except zlib.error:
        raise _broken(name) from None
    return plain


def _pieces(text: bytes, size: int) -> Iterable[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


def _broken(name: str) -> Undecodable:
    return Undecodable(f"is not whole {name}, though its header says so")
