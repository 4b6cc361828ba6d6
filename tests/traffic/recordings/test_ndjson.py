"""NDJSON files with one exchange or one document per line."""

from __future__ import annotations

from pathlib import Path

import pytest

from wirelock.diagnostics import Diagnostic, Location
from wirelock.traffic.http.exchange import RecordedBody, RecordedDocument
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.ndjson import read_documents, read_ndjson

FIXTURE = Path(__file__).parent / "fixtures" / "exchanges.ndjson"
GOOD = b'{"request": {"method": "GET", "url": "/session"}, "response": {"status": 200}}'


def write_lines(folder: Path, *lines: bytes) -> Path:
    """Write an NDJSON file."""
    path = folder / "a.ndjson"
    path.write_bytes(b"\n".join(lines))
    return path


def get_fatal(diagnostics: tuple[Diagnostic, ...]) -> Diagnostic:
    """Return the only diagnostic, which must be fatal."""
    (diagnostic,) = diagnostics
    assert diagnostic.code.fatal
    return diagnostic


def test_a_string_body_is_the_text_as_sent() -> None:
    exchanges, diagnostics = read_ndjson(FIXTURE, "a.ndjson")
    assert not diagnostics
    assert exchanges[0].response == RecordedBody(b'[ {"id": 1.0} ]', "application/json")
    assert (exchanges[0].method, exchanges[0].url) == ("GET", "/session?token=[redacted]")
    assert exchanges[0].request_headers == (("accept", "*/*"),)


def test_another_body_is_a_json_value_and_null_is_no_body() -> None:
    second, third = read_ndjson(FIXTURE, "a.ndjson")[0][1:3]
    assert second.request == RecordedBody('{"title":"Größe","time":1}'.encode(), "application/json")
    assert second.response is None
    assert third.request == RecordedBody(b"false", "")


def test_base64_is_decoded() -> None:
    assert read_ndjson(FIXTURE, "a.ndjson")[0][2].response == RecordedBody(b"\x00\xff", "")


def test_empty_lines_are_skipped_and_no_response_is_status_0() -> None:
    exchanges, _ = read_ndjson(FIXTURE, "a.ndjson")
    assert [exchange.index for exchange in exchanges] == [0, 1, 2, 3]
    assert [exchange.status for exchange in exchanges] == [200, 404, 200, 0]


@pytest.mark.parametrize(
    ("line", "location", "message"),
    [
        (b'{"request": {"method": "GET"', Location("a.ndjson", 3, 29), "not JSON: the text ends inside the document"),
        (b"hello", Location("a.ndjson", 3, 1), "not JSON: expecting value"),
        (b"[]", Location("a.ndjson", 3, 1), "array instead of an object"),
        (b'{"request": {"method": "GET", "url": "/"}}', Location("a.ndjson", 3, 1), "`response` is missing"),
        (
            b'{"request": {"method": "GET"}, "response": null}',
            Location("a.ndjson", 3, 1, "/request"),
            "`url` is missing",
        ),
        (
            b'{"request": {"method": "GET", "url": "/", "body": 1, "bodyEncoding": "base64"}, "response": null}',
            Location("a.ndjson", 3, 1, "/request/body"),
            "`body` must be a string beside `bodyEncoding`, not integer",
        ),
    ],
)
def test_an_invalid_line_is_reported_and_the_others_are_read(
    tmp_path: Path, line: bytes, location: Location, message: str
) -> None:
    exchanges, diagnostics = read_ndjson(write_lines(tmp_path, GOOD, b"  ", line, GOOD), "a.ndjson")
    diagnostic = get_fatal(diagnostics)
    assert [exchange.index for exchange in exchanges] == [0, 2]
    assert diagnostic.code.id == "RECORDING_ENTRY_INVALID"
    assert (diagnostic.location, diagnostic.message) == (location, message)


def test_a_truncated_line_is_reported_as_truncated(tmp_path: Path) -> None:
    assert "the line is truncated" in get_fatal(read_ndjson(write_lines(tmp_path, GOOD, GOOD[:50]), "a.ndjson")[1]).hint
    assert "truncated" not in get_fatal(read_ndjson(write_lines(tmp_path, GOOD, b"hello"), "a.ndjson")[1]).hint


@pytest.mark.parametrize("document", [b'{"id": "ses_1"}', b"[]", b"null"])
def test_documents_are_not_exchanges(tmp_path: Path, document: bytes) -> None:
    exchanges, diagnostics = read_ndjson(write_lines(tmp_path, document, document), "a.ndjson")
    diagnostic = get_fatal(diagnostics)
    assert (exchanges, diagnostic.code.id) == ((), "RECORDING_NOT_EXCHANGES")
    assert diagnostic.hint == "for one document per line, add --type session/sessionInfo"


def test_a_byte_order_mark_and_carriage_returns_are_accepted(tmp_path: Path) -> None:
    exchanges, diagnostics = read_ndjson(
        write_lines(tmp_path, b"\xef\xbb\xbf" + GOOD + b"\r", GOOD + b"\r", b""), "a.ndjson"
    )
    assert (len(exchanges), diagnostics) == (2, ())


def test_reading_stops_at_a_line_beyond_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_lines(tmp_path, GOOD, GOOD + b" " * 100, GOOD)
    monkeypatch.setattr(reading, "MAX_BYTES", len(GOOD) + 1)
    exchanges, diagnostics = read_ndjson(path, "a.ndjson")
    assert len(exchanges) == 1
    assert (get_fatal(diagnostics).code.id, get_fatal(diagnostics).location) == (
        "RECORDING_UNREADABLE",
        Location("a.ndjson", 2, 1),
    )


def test_documents_are_not_parsed(tmp_path: Path) -> None:
    documents, diagnostics = read_documents(write_lines(tmp_path, b'{"id": 1}', b"", b" {broken"), "a.ndjson")
    assert documents == (
        RecordedDocument("a.ndjson", 0, b'{"id": 1}', 1),
        RecordedDocument("a.ndjson", 1, b" {broken", 3),
    )
    assert not diagnostics


def test_a_missing_file_of_documents_is_reported(tmp_path: Path) -> None:
    assert get_fatal(read_documents(tmp_path / "b.ndjson", "b.ndjson")[1]).code.id == "RECORDING_MISSING"
