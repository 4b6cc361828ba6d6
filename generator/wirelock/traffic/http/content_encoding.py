"""Content codings (RFC 9110, 8.4.1), decoded in chunks or at once, for recordings and live traffic.

A body that does not reach the end of its coding is incomplete and must not be used.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Protocol

from wirelock.runtime.json.formatting import quote_name as quoted
from wirelock.traffic.http.exchange import Headers

MAX_MEMBERS = 1000
"""Maximum number of gzip members in one body; each may be empty."""
_ALIASES = {"x-gzip": "gzip"}
_PIECE = 2**14
"""Number of bytes per call of zlib, which copies the rest after each member."""
_BROTLI_PIECE = 64
"""Number of bytes per call of brotli, whose output cannot be limited otherwise."""


class DecodingError(ValueError):
    """Raised when a coding cannot be decoded; the text follows "the body"."""


class _ContentCoding(Protocol):
    """One content coding."""

    @property
    def is_whole(self) -> bool:
        """True if everything that began has ended."""
        ...

    def feed(self, text: bytes, max_bytes: int) -> bytes:
        """Decode bytes; raises DecodingError."""
        ...


class ContentDecoder:
    """Decodes a body in chunks; each chunk may decode to `most` bytes."""

    def __init__(self, codings: Sequence[str], max_bytes: int) -> None:
        self._codings = [_make_coding(coding) for coding in reversed(codings)]
        self._max_bytes = max_bytes
        self._has_begun = False

    def feed(self, text: bytes) -> bytes:
        """Decode a chunk; raises DecodingError."""
        self._has_begun = self._has_begun or bool(text)
        for name, coding in self._codings:
            text = coding.feed(text, self._max_bytes)
            if len(text) > self._max_bytes:
                raise DecodingError(f"is larger than {self._max_bytes // 2**20} MiB after decoding {name}")
        return text

    def end(self) -> None:
        """Finish; raises DecodingError if the body is incomplete. An empty body has no coding."""
        for name, coding in self._codings:
            if self._has_begun and not coding.is_whole:
                raise _incomplete(name)


def decode_body(text: bytes, codings: Sequence[str], max_bytes: int) -> bytes:
    """Decode a complete body of at most `most` bytes; raises DecodingError."""
    if not text:  # the response to a HEAD names a coding too
        return text
    decoding = ContentDecoder(codings, max_bytes)
    plain = decoding.feed(text)
    decoding.end()
    return plain


def list_codings(headers: Headers) -> list[str]:
    """List the content codings of headers in the order of their application."""
    declared = ",".join(value for name, value in headers if name == "content-encoding").lower()
    named = (coding for part in declared.split(",") if (coding := part.strip()) not in ("", "identity"))
    return [_ALIASES.get(coding, coding) for coding in named]


def _make_coding(name: str) -> tuple[str, _ContentCoding]:
    match name:
        case "gzip":
            return name, _GzipCoding()
        case "deflate":
            return name, _DeflateCoding()
        case "br":
            return name, _BrotliCoding()
        case _:
            raise DecodingError(f"is compressed with {quoted(name)}, which is not supported")


class _GzipCoding:
    """One or several gzip members (RFC 1952, 2.2)."""

    def __init__(self) -> None:
        self._members = 0
        self._stream: Any = None

    @property
    def is_whole(self) -> bool:
        return self._stream is None and self._members > 0

    def feed(self, text: bytes, max_bytes: int) -> bytes:
        result = bytearray()
        for piece in _split(text, _PIECE):
            while piece and len(result) <= max_bytes:
                piece = self._feed_member(piece, result, max_bytes)
        return bytes(result)

    def _feed_member(self, piece: bytes, results: bytearray, max_bytes: int) -> bytes:
        """Decode up to the end of a member; return the bytes behind it."""
        stream = self._stream if self._stream is not None else self._begin_member()
        results += _inflate(stream, piece, max_bytes + 1 - len(results), "gzip")
        rest: bytes = stream.unused_data
        self._stream = None if stream.eof else stream
        return rest if stream.eof else b""

    def _begin_member(self) -> Any:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise DecodingError(f"has more than {MAX_MEMBERS} gzip members")
        return zlib.decompressobj(16 + zlib.MAX_WBITS)


class _DeflateCoding:
    """One zlib stream (RFC 1950); some servers omit its wrapper (RFC 9110, 8.4.1.2)."""

    def __init__(self) -> None:
        self._first = b""
        self._stream: Any = None

    @property
    def is_whole(self) -> bool:
        return self._stream is not None and self._stream.eof

    def feed(self, text: bytes, max_bytes: int) -> bytes:
        if self._stream is None:
            text = self._first + text
            if len(text) < 2:
                self._first = text
                return b""
            is_wrapped = text[0] & 0x0F == 8 and int.from_bytes(text[:2]) % 31 == 0
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if is_wrapped else -zlib.MAX_WBITS)
        if text and self._stream.eof:
            raise _incomplete("deflate")
        plain = _inflate(self._stream, text, max_bytes + 1, "deflate")
        if self._stream.unused_data:
            raise _incomplete("deflate")
        return plain


class _BrotliCoding:
    """One Brotli stream (RFC 7932)."""

    def __init__(self) -> None:
        try:
            self._brotli: Any = import_module("brotli")
        except ImportError:
            raise DecodingError("is compressed with br; to read it, install the extra `br`") from None
        self._stream = self._brotli.Decompressor()

    @property
    def is_whole(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, text: bytes, max_bytes: int) -> bytes:
        decoded = bytearray()
        for piece in _split(text, _BROTLI_PIECE):
            if self.is_whole:
                raise _incomplete("br")
            try:
                decoded += self._stream.process(piece)
            except self._brotli.error:
                raise _incomplete("br") from None
            if len(decoded) > max_bytes:
                break
        return bytes(decoded)


def _inflate(stream: Any, text: bytes, max_bytes: int, name: str) -> bytes:
    try:
        plain: bytes = stream.decompress(text, max_bytes)
    except zlib.error:
        raise _incomplete(name) from None
    return plain


def _split(text: bytes, size: int) -> Iterable[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


def _incomplete(name: str) -> DecodingError:
    return DecodingError(f"is not complete {name}, as its header requires")
