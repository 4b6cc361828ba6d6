"""Header fields that go on to the other side, and those that end here (RFC 9110, 7.6.1; RFC 9112, 6.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from multidict import CIMultiDict

Raw = Sequence[tuple[bytes, bytes]]
"""Header fields as they came over the wire."""
_HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    )
)
_ENDS_HERE = frozenset(("host", "expect"))
"""What of a request is ours to say: whom we dial, and whether to wait (which was answered already)."""


def of_request(raw: Raw) -> CIMultiDict[str]:
    """The header fields that the server gets, repeated ones repeated."""
    return _passed_on(raw, _ENDS_HERE)


def of_response(raw: Raw) -> CIMultiDict[str]:
    """The header fields that the client gets, repeated ones repeated."""
    return _passed_on(raw, frozenset())


def text(raw: Raw) -> tuple[tuple[str, str], ...]:
    """Header fields as texts, for a recording."""
    return tuple((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")) for name, value in raw)


def wrong(raw: Raw) -> str:
    """Why a message with these header fields cannot be passed on safely, "" if it can."""
    lengths = {value.strip() for value in values(raw, b"content-length")}
    if len(lengths) > 1:
        return "it has two lengths"
    if any(not length.isdigit() for length in lengths):
        return "its length is no number"
    if lengths and values(raw, b"transfer-encoding"):
        return "it has a Content-Length and a Transfer-Encoding"
    return next((words for name, value in raw if (words := _wrong(name) or _wrong(value))), "")


def coded(raw: Raw) -> str:
    """Why a body cannot be passed on as it was coded for its way here, "" if it can (RFC 9112, 6.1).

    Only chunks are undone here and made anew: what is below another coding would arrive without its name.
    """
    codings = values(raw, b"transfer-encoding")
    plain = not codings or [coding.strip().lower() for coding in codings] == [b"chunked"]
    return "" if plain else "it has a transfer coding other than chunked"


def values(raw: Raw, name: bytes) -> list[bytes]:
    """The values of a header field; the name is in lower case."""
    return [value for known, value in raw if known.lower() == name]


def _passed_on(raw: Raw, more: frozenset[str]) -> CIMultiDict[str]:
    ends = _HOP_BY_HOP | more | _named(values(raw, b"connection"))
    pairs = ((name.decode(), value.decode()) for name, value in raw)
    return CIMultiDict((name, value) for name, value in pairs if name.lower() not in ends)


def _named(connection: Iterable[bytes]) -> frozenset[str]:
    return frozenset(option.strip().lower() for value in connection for option in value.decode().split(","))


def _wrong(part: bytes) -> str:
    if any((byte < 0x20 and byte != 0x09) or byte == 0x7F for byte in part):
        return "a header field holds a control character"
    try:
        part.decode()
    except UnicodeDecodeError:
        return "a header field holds bytes that are no UTF-8"
    return ""
