"""Header fields: hop-by-hop filtering (RFC 9110, 7.6.1) and message framing checks (RFC 9112, 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from multidict import CIMultiDict

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Header fields as received: names and values."""
_HOP_BY_HOP = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    )
)
_SET_BY_PROXY = frozenset(("host", "expect"))
"""Request fields of the connection to the proxy; `Expect` has been answered already."""


def filter_request_headers(raw: RawHeaders) -> CIMultiDict[str]:
    """Return the header fields to send to the server; repeated fields stay repeated."""
    return _filter_headers(raw, _SET_BY_PROXY)


def filter_response_headers(raw: RawHeaders) -> CIMultiDict[str]:
    """Return the header fields to send to the client; repeated fields stay repeated."""
    return _filter_headers(raw, frozenset())


def decode_headers(raw: RawHeaders) -> tuple[tuple[str, str], ...]:
    """Return header fields as strings for a recording; invalid UTF-8 is replaced."""
    return tuple((name.decode("utf-8", "replace"), value.decode("utf-8", "replace")) for name, value in raw)


def find_header_error(raw: RawHeaders) -> str:
    """Describe why a message with these header fields cannot be forwarded safely, or return ""."""
    lengths = {value.strip() for value in get_values(raw, b"content-length")}
    if len(lengths) > 1:
        return "it has several values of Content-Length"
    if any(not length.isdigit() for length in lengths):
        return "its Content-Length is not a number"
    if lengths and get_values(raw, b"transfer-encoding"):
        return "it has both Content-Length and Transfer-Encoding"
    return next((error for name, value in raw if (error := _find_byte_error(name) or _find_byte_error(value))), "")


def find_transfer_coding_error(raw: RawHeaders) -> str:
    """Describe why the transfer coding of a body cannot be forwarded, or return "" (RFC 9112, 6.1).

    The proxy decodes and encodes chunks only; it would lose the name of any other coding.
    """
    codings = get_values(raw, b"transfer-encoding")
    is_supported = not codings or [coding.strip().lower() for coding in codings] == [b"chunked"]
    return "" if is_supported else "it has a transfer coding other than chunked"


def get_values(raw: RawHeaders, name: bytes) -> list[bytes]:
    """Return the values of a header field; the name is in lower case."""
    return [value for field, value in raw if field.lower() == name]


def _filter_headers(raw: RawHeaders, excluded: frozenset[str]) -> CIMultiDict[str]:
    excluded |= _HOP_BY_HOP | _parse_connection_options(get_values(raw, b"connection"))
    pairs = ((name.decode(), value.decode()) for name, value in raw)
    return CIMultiDict((name, value) for name, value in pairs if name.lower() not in excluded)


def _parse_connection_options(connection: Iterable[bytes]) -> frozenset[str]:
    return frozenset(option.strip().lower() for value in connection for option in value.decode().split(","))


def _find_byte_error(part: bytes) -> str:
    if any((byte < 0x20 and byte != 0x09) or byte == 0x7F for byte in part):
        return "a header field contains a control character"
    try:
        part.decode()
    except UnicodeDecodeError:
        return "a header field is not valid UTF-8"
    return ""
