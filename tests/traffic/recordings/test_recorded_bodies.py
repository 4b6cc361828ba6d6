"""Content codings of recorded bodies."""

from __future__ import annotations

import gzip
import sys
import zlib
from importlib import import_module
from typing import Any

import pytest

from wirelock.traffic.http.content_encoding import ContentDecoder, list_codings
from wirelock.traffic.recordings import bodies
from wirelock.traffic.recordings.bodies import decode_recorded_body
from wirelock.traffic.recordings.fields import EntryError

brotli: Any = import_module("brotli")  # has no types
TEXT = b'[{"id": "ses_1", "title": "Gr\xc3\xb6\xc3\x9fe"}]'
BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
CODED: dict[str, bytes] = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "x-gzip": gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]),
    "deflate": zlib.compress(TEXT),
    "Deflate": BARE.compress(TEXT) + BARE.flush(),
    "br": brotli.compress(TEXT),
    "br, gzip": gzip.compress(brotli.compress(TEXT)),
    "identity": TEXT,
}


def decode(text: bytes, coding: str, media_type: str = "application/json") -> bytes:
    """Decode a body that must not be empty."""
    decoded = decode_recorded_body(text, media_type, (("content-encoding", coding),), "/body")
    assert decoded is not None
    return decoded.text


@pytest.mark.parametrize("coding", CODED)
def test_a_coding_is_decoded(coding: str) -> None:
    assert decode(CODED[coding], coding) == TEXT


@pytest.mark.parametrize("coding", [*CODED, "zstd"])
def test_a_body_that_the_recorder_decoded_is_unchanged(coding: str) -> None:
    assert decode(TEXT, coding) == TEXT


def test_two_headers_are_two_codings() -> None:
    headers = (("content-encoding", "br"), ("content-encoding", "gzip"))
    decoded = decode_recorded_body(CODED["br, gzip"], "application/json", headers, "")
    assert decoded is not None and decoded.text == TEXT


def test_an_image_is_unchanged() -> None:
    assert decode(b"\x89PNG\xff", "br", "image/png") == b"\x89PNG\xff"


def test_bytes_stored_as_characters_are_restored() -> None:
    assert decode(CODED["gzip"].decode("latin-1").encode(), "gzip") == TEXT


@pytest.mark.parametrize(
    ("text", "coding", "message"),
    [
        (CODED["gzip"][:-9], "gzip", "is not complete gzip"),
        (CODED["gzip"] + b"\xff", "gzip", "is not complete gzip"),
        (gzip.compress(b"") * 1000 + CODED["gzip"], "gzip", "has more than 1000 gzip members"),
        (gzip.compress(b"") * 500_000, "gzip", "has more than 1000 gzip members"),
        (CODED["deflate"] + b"\xff", "deflate", "is not complete deflate"),
        (CODED["deflate"][:-5], "deflate", "is not complete deflate"),
        (CODED["br"][:-3], "br", "is not complete br"),
        (b"\xff" + CODED["br"], "br", "is not complete br"),
        (b"\x28\xb5\x2f\xfd\xff", "zstd", "compressed with `zstd`, which is not supported"),
        (b"\x1f\xc2\x8b\xe2\x82\xac", "gzip", "is gzip that the recorder damaged"),
    ],
    ids=[
        "truncated gzip",
        "behind gzip",
        "1001 gzip members",
        "half a million empty members",
        "behind deflate",
        "truncated deflate",
        "truncated brotli",
        "before brotli",
        "an unknown coding",
        "bytes stored as characters",
    ],
)
def test_a_body_that_cannot_be_decoded_is_reported(text: bytes, coding: str, message: str) -> None:
    with pytest.raises(EntryError, match=message) as raised:
        decode(text, coding)
    assert raised.value.pointer == "/body"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_compression_bomb_stops_at_the_limit(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_BYTES", 2**20)
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[coding]
    assert len(decode(pack(bytes(2**20)), coding)) == 2**20
    with pytest.raises(EntryError, match=f"is larger than 1 MiB after decoding {coding}"):
        decode(pack(bytes(2**24)), coding)


def test_the_message_names_the_extra_for_brotli(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(EntryError, match="install the extra `br`"):
        decode(CODED["br"], "br")


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "Deflate", "br", "br, gzip"])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_body_is_decoded_in_chunks(coding: str, size: int) -> None:
    text = CODED[coding]
    decoder = ContentDecoder(list_codings((("content-encoding", coding),)), 1000)
    assert b"".join(decoder.feed(text[at : at + size]) for at in range(0, len(text), size)) == TEXT
    decoder.end()
