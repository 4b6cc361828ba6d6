"""HAR files of browsers and proxies, complete and broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wirelock.diagnostics import Diagnostic, Location
from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.har import read_har

FIXTURE = Path(__file__).parent / "fixtures" / "exchanges.har"


@pytest.fixture
def exchanges() -> tuple[Exchange, ...]:
    """The exchanges of the fixture."""
    read_exchanges, diagnostics = read_har(FIXTURE, "recordings/exchanges.har")
    assert not diagnostics
    return read_exchanges


def build_entry() -> dict[str, Any]:
    """Build an entry without bodies."""
    return {
        "request": {"method": "GET", "url": "http://h/session", "headers": [], "bodySize": 0},
        "response": {"status": 200, "headers": [], "bodySize": 0, "content": {"size": 0, "mimeType": ""}},
    }


def write_har(folder: Path, *entries: object) -> Path:
    """Write a HAR of these entries."""
    path = folder / "a.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    return path


def get_fatal(diagnostics: tuple[Diagnostic, ...]) -> Diagnostic:
    """Return the only diagnostic, which must be fatal."""
    (diagnostic,) = diagnostics
    assert diagnostic.code.fatal
    return diagnostic


def test_a_request_is_read_without_secrets(exchanges: tuple[Exchange, ...]) -> None:
    first = exchanges[0]
    assert (first.recording, first.index, first.method) == ("recordings/exchanges.har", 0, "POST")
    assert first.url == "http://127.0.0.1:4096/session?directory=%2Fwork%20here&auth_token=[redacted]"
    assert first.query == (("directory", "/work here"), ("auth_token", "[redacted]"))
    assert first.request == RecordedBody('{"title":"Größe"}'.encode(), "application/json")


def test_header_names_are_lowercase_without_pseudo_headers(exchanges: tuple[Exchange, ...]) -> None:
    assert exchanges[0].request_headers == (
        ("content-type", "application/json"),
        ("x-opencode-directory", "/work here"),
    )


def test_base64_is_decoded_and_the_header_gives_an_unknown_media_type(
    exchanges: tuple[Exchange, ...],
) -> None:
    assert exchanges[0].response == RecordedBody(b'{"id":"ses"}', "application/json")
    assert exchanges[0].unrecorded == ()


def test_a_body_that_was_sent_but_not_recorded_is_unrecorded(exchanges: tuple[Exchange, ...]) -> None:
    assert (exchanges[1].request, exchanges[1].response, exchanges[1].unrecorded) == (None, None, ("response",))


def test_an_aborted_exchange_has_status_0(exchanges: tuple[Exchange, ...]) -> None:
    assert (exchanges[2].status, exchanges[2].response, exchanges[2].unrecorded) == (0, None, ())


@pytest.mark.parametrize(
    ("content", "size", "unrecorded"),
    [
        ({"size": 0, "text": ""}, 0, False),
        ({"size": 3, "text": ""}, 0, True),
        ({"size": -1}, 30, True),
        ({}, 30, True),
        (None, 30, True),
        (None, -1, False),
        ({"size": 0}, 30, False),
    ],
)
def test_the_size_shows_that_a_body_is_missing(tmp_path: Path, content: object, size: int, unrecorded: bool) -> None:
    broken = build_entry()
    broken["response"] |= {"content": content, "bodySize": size}
    (exchange,), _ = read_har(write_har(tmp_path, broken), "a.har")
    assert (exchange.response, exchange.unrecorded) == (None, ("response",) if unrecorded else ())


@pytest.mark.parametrize(
    "sent", [{"bodySize": 9}, {"bodySize": -1, "postData": {"mimeType": "a/b", "params": [{"name": "c"}]}}]
)
def test_a_request_body_without_text_is_unrecorded(tmp_path: Path, sent: dict[str, Any]) -> None:
    broken = build_entry()
    broken["request"] |= sent
    (exchange,), _ = read_har(write_har(tmp_path, broken), "a.har")
    assert (exchange.request, exchange.unrecorded) == (None, ("request",))


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = write_har(tmp_path, build_entry())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    read_exchanges, diagnostics = read_har(path, "a.har")
    assert (len(read_exchanges), diagnostics) == (1, ())


def test_a_truncated_har_is_reported(tmp_path: Path) -> None:
    whole = FIXTURE.read_bytes().rstrip()
    path = tmp_path / "a.har"
    path.write_bytes(whole)
    complete, _ = read_har(path, "a.har")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        read_exchanges, diagnostics = read_har(path, "a.har")
        assert read_exchanges == complete[: len(read_exchanges)]
        assert get_fatal(diagnostics).code.id == "RECORDING_UNREADABLE"
        assert get_fatal(diagnostics).hint == "the file is truncated; record it again or restore it", length
        assert get_fatal(diagnostics).location.line or not whole[:length].strip()


def test_a_truncated_har_has_a_location(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text('{"log": {\n  "entries": [{"request": {"method": "GE', "utf-8")
    diagnostic = get_fatal(read_har(path, "a.har")[1])
    assert (str(diagnostic.location), diagnostic.message) == ("a.har:2:38", "not JSON: unterminated string")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{'log': {}}", "one document of strict JSON"),
        ("<html></html>", "one document of strict JSON"),
        ('{"request": {}}\n{"request": {}}\n', "name a file with one exchange per line .ndjson"),
        ('{"request": {}}\n{"request": {', "name a file with one exchange per line .ndjson"),
        ("", "the file is truncated"),
    ],
)
def test_text_that_is_not_json_is_reported_with_a_hint(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "a.har"
    path.write_text(text, "utf-8")
    diagnostic = get_fatal(read_har(path, "a.har")[1])
    assert diagnostic.code.id == "RECORDING_UNREADABLE"
    assert hint in diagnostic.hint


@pytest.mark.parametrize("text", ["[]", "{}", '{"log": []}', '{"log": {}}', '{"log": {"entries": {}}}', "null"])
def test_json_without_entries_is_not_a_har(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.har"
    path.write_text(text, "utf-8")
    assert get_fatal(read_har(path, "a.har")[1]).code.id == "RECORDING_NOT_HAR"


def remove_member(*path: str) -> Callable[[dict[str, Any]], None]:
    """Return a function that removes a member of an entry."""

    def change(broken: dict[str, Any]) -> None:
        *parents, last = path
        for name in parents:
            broken = broken[name]
        del broken[last]

    return change


def replace_member(value: object, *path: str) -> Callable[[dict[str, Any]], None]:
    """Return a function that replaces a member of an entry."""

    def change(broken: dict[str, Any]) -> None:
        *parents, last = path
        for name in parents:
            broken = broken[name]
        broken[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (remove_member("request", "method"), "/request", "`method` is missing"),
        (remove_member("request", "url"), "/request", "`url` is missing"),
        (remove_member("response", "status"), "/response", "`status` is missing"),
        (remove_member("response"), "", "`response` is missing"),
        (replace_member("", "request", "method"), "/request/method", "`method` must be a non-empty string"),
        (
            replace_member("200", "response", "status"),
            "/response/status",
            '`status` must be an integer, not string "200"',
        ),
        (
            replace_member(True, "response", "status"),
            "/response/status",
            "`status` must be an integer, not boolean true",
        ),
        (replace_member([], "request"), "/request", "array instead of an object"),
        (replace_member([{"name": "a"}], "request", "headers"), "/request/headers/0", "`value` is missing"),
        (
            replace_member({"a": 1}, "request", "headers"),
            "/request/headers",
            "the header `a` must be a string, not integer",
        ),
        (
            replace_member({"text": 1}, "response", "content"),
            "/response/content/text",
            "`text` must be a string, not integer",
        ),
        (
            replace_member({"text": "a", "encoding": "base64"}, "response", "content"),
            "/response/content/text",
            "the text is not base64, as its encoding requires",
        ),
        (
            replace_member({"text": "a", "encoding": "rot13"}, "response", "content"),
            "/response/content/text",
            "the encoding `rot13` is unknown",
        ),
    ],
)
def test_an_invalid_entry_is_reported_and_the_others_are_read(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], pointer: str, message: str
) -> None:
    broken = build_entry()
    change(broken)
    read_exchanges, diagnostics = read_har(write_har(tmp_path, build_entry(), broken, build_entry()), "a.har")
    diagnostic = get_fatal(diagnostics)
    assert [exchange.index for exchange in read_exchanges] == [0, 2]
    assert (diagnostic.code.id, diagnostic.message) == ("RECORDING_ENTRY_INVALID", message)
    assert diagnostic.location == Location("a.har", pointer=f"/log/entries/1{pointer}")


def test_the_message_does_not_quote_the_request(tmp_path: Path) -> None:
    broken = build_entry()
    broken["request"]["postData"] = "password=s3cret"
    assert get_fatal(read_har(write_har(tmp_path, broken), "a.har")[1]).message == "string instead of an object"


def test_a_missing_file_suggests_a_similar_name(tmp_path: Path) -> None:
    (tmp_path / "lifecycle.har").touch()
    diagnostic = get_fatal(read_har(tmp_path / "livecycle.har", "recordings/livecycle.har")[1])
    assert (diagnostic.code.id, diagnostic.hint) == ("RECORDING_MISSING", "did you mean recordings/lifecycle.har?")
    diagnostic = get_fatal(read_har(tmp_path / "nowhere" / "a.har", "nowhere/a.har")[1])
    assert diagnostic.code.id == "RECORDING_MISSING" and "folder" in diagnostic.hint


def test_a_folder_is_not_a_recording(tmp_path: Path) -> None:
    assert get_fatal(read_har(tmp_path, "recordings")[1]).message == "the recording is a folder"


def test_an_unreadable_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    diagnostic = get_fatal(read_har(tmp_path / "a.har", "a.har")[1])
    assert (diagnostic.code.id, diagnostic.message) == ("RECORDING_UNREADABLE", "cannot be read: Permission denied")


def test_a_file_beyond_the_limit_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_har(tmp_path, build_entry())
    monkeypatch.setattr(reading, "MAX_BYTES", path.stat().st_size)
    assert not read_har(path, "a.har")[1]
    monkeypatch.setattr(reading, "MAX_BYTES", path.stat().st_size - 1)
    diagnostic = get_fatal(read_har(path, "a.har")[1])
    assert (diagnostic.code.id, diagnostic.hint) == ("RECORDING_UNREADABLE", "split the recording")
