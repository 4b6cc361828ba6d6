"""NDJSON: exchanges and bare documents, one a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirelock.diagnostics import Diagnostic, Location
from wirelock.traffic.http.exchange import Body, Document
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.ndjson import read, read_documents

FIXTURE = Path(__file__).parent / "fixtures" / "exchanges.ndjson"
GOOD = b'{"request": {"method": "GET", "url": "/session"}, "response": {"status": 200}}'


def written(folder: Path, *lines: bytes) -> Path:
    path = folder / "a.ndjson"
    path.write_bytes(b"\n".join(lines))
    return path


def only(found: tuple[Diagnostic, ...]) -> Diagnostic:
    (diagnostic,) = found
    assert diagnostic.code.fatal
    return diagnostic


def test_a_string_body_is_the_text_as_it_went_over_the_wire() -> None:
    exchanges, found = read(FIXTURE, "a.ndjson")
    assert not found
    assert exchanges[0].response == Body(b'[ {"id": 1.0} ]', "application/json")
    assert (exchanges[0].method, exchanges[0].url) == ("GET", "/session?token=[redacted]")
    assert exchanges[0].request_headers == (("accept", "*/*"),)


def test_any_other_body_is_its_json_value_and_null_is_none() -> None:
    second, third = read(FIXTURE, "a.ndjson")[0][1:3]
    assert second.request == Body('{"title":"Größe","time":1}'.encode(), "application/json")
    assert second.response is None
    assert third.request == Body(b"false", "")


def test_base64_is_decoded() -> None:
    assert read(FIXTURE, "a.ndjson")[0][2].response == Body(b"\x00\xff", "")


def test_empty_lines_do_not_count_and_no_response_is_status_0() -> None:
    exchanges, _ = read(FIXTURE, "a.ndjson")
    assert [exchange.index for exchange in exchanges] == [0, 1, 2, 3]
    assert [exchange.status for exchange in exchanges] == [200, 404, 200, 0]


@pytest.mark.parametrize(
    ("line", "where", "words"),
    [
        (b'{"request": {"method": "GET"', Location("a.ndjson", 3, 29), "not JSON: the text ends inside the document"),
        (b"hello", Location("a.ndjson", 3, 1), "not JSON: expecting value"),
        (b"[]", Location("a.ndjson", 3, 1), "array where an object is wanted"),
        (b'{"request": {"method": "GET", "url": "/"}}', Location("a.ndjson", 3, 1), "`response` is missing"),
        (
            b'{"request": {"method": "GET"}, "response": null}',
            Location("a.ndjson", 3, 1, "/request"),
            "`url` is missing",
        ),
        (
            b'{"request": {"method": "GET", "url": "/", "body": 1, "bodyEncoding": "base64"}, "response": null}',
            Location("a.ndjson", 3, 1, "/request/body"),
            "`body` must be a text where `bodyEncoding` stands, not integer",
        ),
    ],
)
def test_a_faulty_line_is_named_and_the_others_are_read(
    tmp_path: Path, line: bytes, where: Location, words: str
) -> None:
    exchanges, found = read(written(tmp_path, GOOD, b"  ", line, GOOD), "a.ndjson")
    diagnostic = only(found)
    assert [exchange.index for exchange in exchanges] == [0, 2]
    assert diagnostic.code.id == "RECORDING_ENTRY_INVALID"
    assert (diagnostic.where, diagnostic.message) == (where, words)


def test_a_line_that_ends_early_is_said_to(tmp_path: Path) -> None:
    assert "ends early" in only(read(written(tmp_path, GOOD, GOOD[:50]), "a.ndjson")[1]).hint
    assert "ends early" not in only(read(written(tmp_path, GOOD, b"hello"), "a.ndjson")[1]).hint


@pytest.mark.parametrize("document", [b'{"id": "ses_1"}', b"[]", b"null"])
def test_bare_documents_are_no_exchanges(tmp_path: Path, document: bytes) -> None:
    exchanges, found = read(written(tmp_path, document, document), "a.ndjson")
    diagnostic = only(found)
    assert (exchanges, diagnostic.code.id) == ((), "RECORDING_NOT_EXCHANGES")
    assert diagnostic.hint == "one bare document a line needs --type session/sessionInfo"


def test_a_byte_order_mark_and_carriage_returns_are_accepted(tmp_path: Path) -> None:
    exchanges, found = read(written(tmp_path, b"\xef\xbb\xbf" + GOOD + b"\r", GOOD + b"\r", b""), "a.ndjson")
    assert (len(exchanges), found) == (2, ())


def test_a_line_past_the_limit_ends_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, GOOD, GOOD + b" " * 100, GOOD)
    monkeypatch.setattr(reading, "MAX_BYTES", len(GOOD) + 1)
    exchanges, found = read(path, "a.ndjson")
    assert len(exchanges) == 1
    assert (only(found).code.id, only(found).where) == ("RECORDING_UNREADABLE", Location("a.ndjson", 2, 1))


def test_documents_are_lines_as_they_stand(tmp_path: Path) -> None:
    documents, found = read_documents(written(tmp_path, b'{"id": 1}', b"", b" {broken"), "a.ndjson")
    assert documents == (Document("a.ndjson", 0, b'{"id": 1}', 1), Document("a.ndjson", 1, b" {broken", 3))
    assert not found


def test_missing_documents(tmp_path: Path) -> None:
    assert only(read_documents(tmp_path / "b.ndjson", "b.ndjson")[1]).code.id == "RECORDING_MISSING"
