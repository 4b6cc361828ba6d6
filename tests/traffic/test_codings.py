"""Bodies that a recording kept compressed: undone where they are text, within a limit, and said where they cannot be."""

from __future__ import annotations

import gzip
import sys
import zlib

import brotli
import pytest

from wirelock.traffic.http.content_encoding import Decoding
from wirelock.traffic.http.content_encoding import codings as codings_of
from wirelock.traffic.recordings import bodies
from wirelock.traffic.recordings.bodies import body
from wirelock.traffic.recordings.fields import EntryError

TEXT = b'[{"id": "ses_1", "title": "Gr\xc3\xb6\xc3\x9fe"}]'
BARE = zlib.compressobj(wbits=-zlib.MAX_WBITS)
CODED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "x-gzip": gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:]),
    "deflate": zlib.compress(TEXT),
    "Deflate": BARE.compress(TEXT) + BARE.flush(),
    "br": brotli.compress(TEXT),
    "br, gzip": gzip.compress(brotli.compress(TEXT)),
    "identity": TEXT,
}


def undone(text: bytes, coding: str, media_type: str = "application/json") -> bytes:
    found = body(text, media_type, (("content-encoding", coding),), "/body")
    assert found is not None
    return found.text


@pytest.mark.parametrize("coding", CODED)
def test_a_coding_is_undone(coding: str) -> None:
    assert undone(CODED[coding], coding) == TEXT


@pytest.mark.parametrize("coding", [*CODED, "zstd"])
def test_what_the_recorder_has_undone_is_left_though_the_header_stays(coding: str) -> None:
    assert undone(TEXT, coding) == TEXT


def test_two_headers_are_two_codings() -> None:
    headers = (("content-encoding", "br"), ("content-encoding", "gzip"))
    found = body(CODED["br, gzip"], "application/json", headers, "")
    assert found is not None and found.text == TEXT


def test_a_picture_is_not_touched() -> None:
    assert undone(b"\x89PNG\xff", "br", "image/png") == b"\x89PNG\xff"


def test_bytes_that_were_recorded_as_characters_are_bytes_again() -> None:
    assert undone(CODED["gzip"].decode("latin-1").encode(), "gzip") == TEXT


@pytest.mark.parametrize(
    ("text", "coding", "words"),
    [
        (CODED["gzip"][:-9], "gzip", "is not whole gzip"),
        (CODED["gzip"] + b"\xff", "gzip", "is not whole gzip"),
        (gzip.compress(b"") * 1000 + CODED["gzip"], "gzip", "is more than 1000 streams of gzip"),
        (gzip.compress(b"") * 500_000, "gzip", "is more than 1000 streams of gzip"),
        (CODED["deflate"] + b"\xff", "deflate", "is not whole deflate"),
        (CODED["deflate"][:-5], "deflate", "is not whole deflate"),
        (CODED["br"][:-3], "br", "is not whole br"),
        (b"\xff" + CODED["br"], "br", "is not whole br"),
        (b"\x28\xb5\x2f\xfd\xff", "zstd", "compressed with `zstd`, which is not undone here"),
        (b"\x1f\xc2\x8b\xe2\x82\xac", "gzip", "the recording has damaged it"),
    ],
    ids=[
        "gzip cut",
        "behind gzip",
        "1001 streams of gzip",
        "half a million empty streams",
        "behind deflate",
        "deflate cut",
        "brotli cut",
        "before brotli",
        "an unknown coding",
        "bytes that became characters",
    ],
)
def test_what_cannot_be_undone_is_said(text: bytes, coding: str, words: str) -> None:
    with pytest.raises(EntryError, match=words) as raised:
        undone(text, coding)
    assert raised.value.pointer == "/body"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_bomb_stops_at_the_limit(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_BYTES", 2**20)
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress}[coding]
    assert len(undone(pack(bytes(2**20)), coding)) == 2**20
    with pytest.raises(EntryError, match=f"is larger than 1 MiB when its {coding} is undone"):
        undone(pack(bytes(2**24)), coding)


def test_without_brotli_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(EntryError, match=r"wirelock\[br\]"):
        undone(CODED["br"], "br")


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "Deflate", "br", "br, gzip"])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_body_in_pieces_is_that_body(coding: str, size: int) -> None:
    text = CODED[coding]
    decoding = Decoding(codings_of((("content-encoding", coding),)), 1000)
    assert b"".join(decoding.feed(text[at : at + size]) for at in range(0, len(text), size)) == TEXT
    decoding.end()
