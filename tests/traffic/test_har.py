"""HAR files as browsers and proxies write them, whole and broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wirelock.diagnostics import Diagnostic, Location
from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.recordings import reading
from wirelock.traffic.recordings.har import read

FIXTURE = Path(__file__).parent / "fixtures" / "exchanges.har"


@pytest.fixture
def exchanges() -> tuple[Exchange, ...]:
    read_exchanges, found = read(FIXTURE, "recordings/exchanges.har")
    assert not found
    return read_exchanges


def entry() -> dict[str, Any]:
    return {
        "request": {"method": "GET", "url": "http://h/session", "headers": [], "bodySize": 0},
        "response": {"status": 200, "headers": [], "bodySize": 0, "content": {"size": 0, "mimeType": ""}},
    }


def har(folder: Path, *entries: object) -> Path:
    path = folder / "a.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    return path


def only(found: tuple[Diagnostic, ...]) -> Diagnostic:
    (diagnostic,) = found
    assert diagnostic.code.fatal
    return diagnostic


def test_a_request_is_read_without_secrets(exchanges: tuple[Exchange, ...]) -> None:
    first = exchanges[0]
    assert (first.recording, first.index, first.method) == ("recordings/exchanges.har", 0, "POST")
    assert first.url == "http://127.0.0.1:4096/session?directory=%2Fwork%20here&auth_token=[redacted]"
    assert first.query == (("directory", "/work here"), ("auth_token", "[redacted]"))
    assert first.request == Body('{"title":"Größe"}'.encode(), "application/json")


def test_header_names_are_in_lower_case_and_pseudo_headers_are_left_out(exchanges: tuple[Exchange, ...]) -> None:
    assert exchanges[0].request_headers == (
        ("content-type", "application/json"),
        ("x-opencode-directory", "/work here"),
    )


def test_base64_is_decoded_and_an_unknown_media_type_is_looked_up_in_the_header(
    exchanges: tuple[Exchange, ...],
) -> None:
    assert exchanges[0].response == Body(b'{"id":"ses"}', "application/json")
    assert exchanges[0].unrecorded == ()


def test_a_body_that_was_there_and_is_not_recorded(exchanges: tuple[Exchange, ...]) -> None:
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
def test_sizes_tell_whether_a_body_is_missing(tmp_path: Path, content: object, size: int, unrecorded: bool) -> None:
    broken = entry()
    broken["response"] |= {"content": content, "bodySize": size}
    (exchange,), _ = read(har(tmp_path, broken), "a.har")
    assert (exchange.response, exchange.unrecorded) == (None, ("response",) if unrecorded else ())


@pytest.mark.parametrize(
    "sent", [{"bodySize": 9}, {"bodySize": -1, "postData": {"mimeType": "a/b", "params": [{"name": "c"}]}}]
)
def test_a_request_body_that_is_not_recorded(tmp_path: Path, sent: dict[str, Any]) -> None:
    broken = entry()
    broken["request"] |= sent
    (exchange,), _ = read(har(tmp_path, broken), "a.har")
    assert (exchange.request, exchange.unrecorded) == (None, ("request",))


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = har(tmp_path, entry())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    read_exchanges, found = read(path, "a.har")
    assert (len(read_exchanges), found) == (1, ())


def test_a_har_cut_off_anywhere_is_said_to_end_early(tmp_path: Path) -> None:
    whole = FIXTURE.read_bytes().rstrip()
    path = tmp_path / "a.har"
    path.write_bytes(whole)
    everything, _ = read(path, "a.har")
    for kept in range(len(whole)):
        path.write_bytes(whole[:kept])
        read_exchanges, found = read(path, "a.har")
        assert read_exchanges == everything[: len(read_exchanges)]
        assert only(found).code.id == "RECORDING_UNREADABLE"
        assert only(found).hint == "the file ends early; record it again or restore it", kept
        assert only(found).where.line or not whole[:kept].strip()


def test_a_truncated_har_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text('{"log": {\n  "entries": [{"request": {"method": "GE', "utf-8")
    diagnostic = only(read(path, "a.har")[1])
    assert (str(diagnostic.where), diagnostic.message) == ("a.har:2:38", "not JSON: unterminated string")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{'log': {}}", "one document of strict JSON"),
        ("<html></html>", "one document of strict JSON"),
        ('{"request": {}}\n{"request": {}}\n', "end its name in .ndjson"),
        ('{"request": {}}\n{"request": {', "end its name in .ndjson"),
        ("", "ends early"),
    ],
)
def test_what_is_not_json_at_all(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "a.har"
    path.write_text(text, "utf-8")
    diagnostic = only(read(path, "a.har")[1])
    assert diagnostic.code.id == "RECORDING_UNREADABLE"
    assert hint in diagnostic.hint


@pytest.mark.parametrize("text", ["[]", "{}", '{"log": []}', '{"log": {}}', '{"log": {"entries": {}}}', "null"])
def test_json_that_is_no_har(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.har"
    path.write_text(text, "utf-8")
    assert only(read(path, "a.har")[1]).code.id == "RECORDING_NOT_HAR"


def without(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(broken: dict[str, Any]) -> None:
        *parents, last = path
        for name in parents:
            broken = broken[name]
        del broken[last]

    return change


def with_value(value: object, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(broken: dict[str, Any]) -> None:
        *parents, last = path
        for name in parents:
            broken = broken[name]
        broken[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        (without("request", "method"), "/request", "`method` is missing"),
        (without("request", "url"), "/request", "`url` is missing"),
        (without("response", "status"), "/response", "`status` is missing"),
        (without("response"), "", "`response` is missing"),
        (with_value("", "request", "method"), "/request/method", "`method` must be a text, and not empty"),
        (with_value("200", "response", "status"), "/response/status", '`status` must be an integer, not string "200"'),
        (with_value(True, "response", "status"), "/response/status", "`status` must be an integer, not boolean true"),
        (with_value([], "request"), "/request", "array where an object is wanted"),
        (with_value([{"name": "a"}], "request", "headers"), "/request/headers/0", "`value` is missing"),
        (
            with_value({"a": 1}, "request", "headers"),
            "/request/headers",
            "the header `a` must be a text, not integer",
        ),
        (
            with_value({"text": 1}, "response", "content"),
            "/response/content/text",
            "`text` must be a text, not integer",
        ),
        (
            with_value({"text": "a", "encoding": "base64"}, "response", "content"),
            "/response/content/text",
            "the text is not base64, though the recording says so",
        ),
        (
            with_value({"text": "a", "encoding": "rot13"}, "response", "content"),
            "/response/content/text",
            "the encoding `rot13` is unknown",
        ),
    ],
)
def test_a_broken_entry_is_named_and_the_others_are_read(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], pointer: str, words: str
) -> None:
    broken = entry()
    change(broken)
    read_exchanges, found = read(har(tmp_path, entry(), broken, entry()), "a.har")
    diagnostic = only(found)
    assert [exchange.index for exchange in read_exchanges] == [0, 2]
    assert (diagnostic.code.id, diagnostic.message) == ("RECORDING_ENTRY_INVALID", words)
    assert diagnostic.where == Location("a.har", pointer=f"/log/entries/1{pointer}")


def test_a_fault_does_not_show_what_was_sent(tmp_path: Path) -> None:
    broken = entry()
    broken["request"]["postData"] = "password=s3cret"
    assert only(read(har(tmp_path, broken), "a.har")[1]).message == "string where an object is wanted"


def test_a_missing_file_names_one_that_is_nearly_called_so(tmp_path: Path) -> None:
    (tmp_path / "lifecycle.har").touch()
    diagnostic = only(read(tmp_path / "livecycle.har", "recordings/livecycle.har")[1])
    assert (diagnostic.code.id, diagnostic.hint) == ("RECORDING_MISSING", "did you mean recordings/lifecycle.har?")
    diagnostic = only(read(tmp_path / "nowhere" / "a.har", "nowhere/a.har")[1])
    assert diagnostic.code.id == "RECORDING_MISSING" and "folder" in diagnostic.hint


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    assert only(read(tmp_path, "recordings")[1]).message == "a folder is not a recording"


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    diagnostic = only(read(tmp_path / "a.har", "a.har")[1])
    assert (diagnostic.code.id, diagnostic.message) == ("RECORDING_UNREADABLE", "cannot be read: Permission denied")


def test_a_file_past_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = har(tmp_path, entry())
    monkeypatch.setattr(reading, "MAX_BYTES", path.stat().st_size)
    assert not read(path, "a.har")[1]
    monkeypatch.setattr(reading, "MAX_BYTES", path.stat().st_size - 1)
    diagnostic = only(read(path, "a.har")[1])
    assert (diagnostic.code.id, diagnostic.hint) == ("RECORDING_UNREADABLE", "split the recording")
