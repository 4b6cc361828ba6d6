"""`verify --live` with `--events` and `--for`: limits, events and the ends of streams."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from session_server import HTML_PAGE, Behavior, SessionRequest, run_session_server

from wirelock.api.project import Project
from wirelock.api.verify_live import verify_live
from wirelock.config import Config
from wirelock.diagnostics import Report, Severity
from wirelock.report import FORMATS
from wirelock.serve.live import client, streams

pytestmark = pytest.mark.long

TICK = {"type": "object", "required": ["at"], "properties": {"at": {"type": "integer"}}}
SERVICE = {
    "service": "Ticks",
    "methods": {
        "Follow": {
            "request": "empty.schema.json",
            "response": "tick.schema.json",
            "http": {"get": "/tick"},
            "responses": {
                "200": {"schema": "tick.schema.json", "media_type": "text/event-stream"},
                "409": {"schema": "tick.schema.json"},
            },
            "stream": "sse",
        },
    },
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Return a project with one streaming method."""
    folder = tmp_path / "schemas/s"
    folder.mkdir(parents=True)
    files = {"tick.schema.json": TICK, "empty.schema.json": {"type": "object"}, "s.service.json": SERVICE}
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value), "utf-8")
    return Config(tmp_path, "wirelock.toml", "ticks", "ticks")


def build_event(at: object) -> bytes:
    return f"data: {json.dumps({'at': at})}\n\n".encode()


def send_stream(*pieces: bytes, hold: float = 0) -> Behavior:
    return lambda request: request.send_stream(*pieces, hold=hold) or True


def check_streams(config: Config, behavior: Behavior, **options: Any) -> Report:
    with run_session_server(behavior) as server:
        return verify_live(Project(config), server.url, {}, **options)


def count_events(report: Report) -> int:
    """Count the events whose round trips are equal; the request has one more."""
    return int(report.summary["round trips"]["equal"]) - 1


def test_the_number_of_events_is_limited(config: Config) -> None:
    started = time.monotonic()
    report = check_streams(config, send_stream(*map(build_event, range(9)), hold=5), events=3)
    assert time.monotonic() - started < 5
    assert (report.exit_code, count_events(report)) == (0, 3)


def test_the_time_is_limited_and_heartbeats_are_not_events(config: Config) -> None:
    started = time.monotonic()
    report = check_streams(
        config, send_stream(build_event(1), *[b": beat\n\n"] * 20, build_event(2), hold=3), seconds=0.7
    )
    assert 0.6 < time.monotonic() - started < 3
    assert (report.exit_code, count_events(report)) == (0, 2)


def test_a_time_limit_has_a_default_number_of_events(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "DEFAULT_EVENTS", 5)
    assert count_events(check_streams(config, send_stream(*map(build_event, range(50)), hold=3), seconds=30)) == 5


def test_a_stream_without_events_is_reported(config: Config) -> None:
    report = check_streams(config, send_stream(b": beat\n\n", hold=3), seconds=0.5)
    assert any("the stream has no complete event" in diagnostic.message for diagnostic in report.diagnostics)


def test_an_incomplete_event_is_reported(config: Config) -> None:
    report = check_streams(config, send_stream(build_event(1), build_event(2)[:-1]), events=9)
    assert count_events(report) == 1
    (truncation,) = [diagnostic for diagnostic in report.diagnostics if diagnostic.code.id == "STREAM_TRUNCATED"]
    assert "ends within an event" in truncation.message and truncation.level is Severity.WARNING


def test_a_time_limit_within_an_event_is_not_a_finding(config: Config) -> None:
    report = check_streams(config, send_stream(build_event(1), build_event(2)[:-1], hold=3), seconds=0.5)
    assert [diagnostic.code.id for diagnostic in report.diagnostics] == []


def test_events_may_be_split_anywhere(config: Config) -> None:
    text = b"\xef\xbb\xbf" + b"".join(map(build_event, range(4))).replace(b"\n", b"\r\n")
    pieces = [text[start : start + 3] for start in range(0, len(text), 3)]
    assert count_events(check_streams(config, send_stream(*pieces), events=4)) == 4


def test_equal_findings_of_events_are_grouped_and_counted(config: Config) -> None:
    report = check_streams(config, send_stream(*(build_event("x") for _ in range(40)), build_event(1)), events=41)
    assert report.exit_code == 1
    printed = FORMATS["text"](report)
    assert printed.count("VIOLATION") == 1
    assert "40" in printed


@pytest.mark.parametrize(
    ("behavior", "code"),
    [
        (lambda request: request.send(HTML_PAGE, "text/html") or True, "PATH_NOT_SERVED"),
        (lambda request: request.send_json({"at": 1}, 404) or True, "PATH_NOT_SERVED"),
        (lambda request: request.send_json({"at": 1}) or True, "MEDIA_TYPE_UNDOCUMENTED"),
        (lambda request: request.reset() or True, "UPSTREAM_NO_RESPONSE"),
        (lambda request: time.sleep(2) or True, "UPSTREAM_NO_RESPONSE"),
        (lambda request: request.send(b"\x1f\x8b", "text/event-stream", content_encoding="gzip") or True, "UPSTREAM_NO_RESPONSE"),
    ],
    ids=["page", "404", "JSON", "reset", "slow", "compressed"],
)  # fmt: skip
def test_a_response_other_than_a_stream_is_a_finding(behavior: Behavior, code: str, config: Config) -> None:
    report = check_streams(config, behavior, seconds=0.5)
    assert code in {diagnostic.code.id for diagnostic in report.diagnostics}
    assert report.exit_code in (1, 2)
    assert report.summary["exchanges"]["conforming"] == 0


def send_in_two(text: bytes) -> Behavior:
    """Return a behavior that sends a described error in two pieces."""

    def behavior(request: SessionRequest) -> bool:
        request.send_response(409)
        request.send_header("content-type", "application/json")
        request.send_header("content-length", str(len(text)))
        request.end_headers()
        request.wfile.write(text[:4])
        time.sleep(0.2)
        request.wfile.write(text[4:])
        return True

    return behavior


def test_an_error_in_pieces_is_checked(config: Config) -> None:
    report = check_streams(config, send_in_two(b'{"at": 1}'), seconds=5)
    assert [diagnostic.code.id for diagnostic in report.diagnostics] == []
    assert (report.exit_code, report.summary["exchanges"]["conforming"]) == (0, 1)


def test_an_error_above_the_size_limit_is_reported(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 2**20)
    report = check_streams(config, send_in_two(b'{"at": 1' + b" " * 2**20 + b"}"), seconds=5)
    (diagnostic,) = [d for d in report.diagnostics if d.code.id == "UPSTREAM_NO_RESPONSE"]
    assert "the response is larger than 1 MiB" in diagnostic.message


def test_an_endless_event_is_not_read(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_BYTES", 2**16)

    def send_endless_event(request: SessionRequest) -> bool:
        request.send_stream(build_event(1), *[b"data: " + b"x" * 2**14] * 40)
        return True

    report = check_streams(config, send_endless_event, seconds=5)
    assert any("the rest was not read" in diagnostic.message for diagnostic in report.diagnostics)


def interrupt_during(*pieces: bytes) -> Behavior:
    """Return a behavior that sends pieces, and interrupts the check half a second later."""

    def behavior(request: SessionRequest) -> bool:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        request.send_stream(*pieces, hold=3)
        return True

    return behavior


def test_events_are_checked_when_the_check_is_interrupted(config: Config) -> None:
    started = time.monotonic()
    report = check_streams(
        config, interrupt_during(build_event(1), build_event("x"), build_event(2), build_event(3)[:-1]), seconds=60
    )
    assert time.monotonic() - started < 10
    assert (report.exit_code, count_events(report)) == (2, 2)
    assert [d.code.id for d in report.diagnostics if d.is_failure] == ["INTERRUPTED", "VIOLATION"]
    assert report.summary["server"]["called"] == 1


def test_a_stream_without_a_response_counts_as_not_called_after_an_interruption(config: Config) -> None:
    def stay_silent(request: SessionRequest) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        return True

    report = check_streams(config, stay_silent, seconds=60)
    assert ([d.code.id for d in report.diagnostics if d.is_failure], report.exit_code) == (["INTERRUPTED"], 2)
    assert report.summary["server"]["called"] == 0


def test_streams_are_not_followed_by_default(config: Config) -> None:
    with run_session_server(send_stream(build_event(1))) as server:
        report = verify_live(Project(config), server.url, {})
        assert server.requests == []
    assert report.exit_code == 2


def test_a_lifecycle_without_resources_is_an_error(config: Config) -> None:
    report = check_streams(config, send_stream(build_event(1)), events=1, lifecycle=True)
    assert [d.message for d in report.diagnostics if d.is_failure] == [
        "no service describes a POST to a collection and a DELETE of its members"
    ]
