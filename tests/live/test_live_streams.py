"""`verify --live` with `--events` and `--for`: bounded, event by event, and honest about how a stream ended."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from acting import PAGE, Act, Actor, staged

from wirelock.api.verify_live import verify_live
from wirelock.config import Config
from wirelock.diagnostics import Report, Severity
from wirelock.report import FORMATS
from wirelock.serve.live import client, streams

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
    """A project whose one method is a stream."""
    folder = tmp_path / "schemas/s"
    folder.mkdir(parents=True)
    files = {"tick.schema.json": TICK, "empty.schema.json": {"type": "object"}, "s.service.json": SERVICE}
    for name, value in files.items():
        (folder / name).write_text(json.dumps(value), "utf-8")
    return Config(tmp_path, "wirelock.toml", "ticks", "ticks")


def event(at: object) -> bytes:
    return f"data: {json.dumps({'at': at})}\n\n".encode()


def streaming(*pieces: bytes, hold: float = 0) -> Act:
    return lambda actor: actor.stream(*pieces, hold=hold) or True


def followed(config: Config, act: Act, **asked: Any) -> Report:
    with staged(act) as stage:
        return verify_live(config, stage.url, {}, **asked)


def trips(report: Report) -> int:
    """How many events came back equal from protobuf; the request did too."""
    return int(report.summary["round trips"]["equal"]) - 1


def test_so_many_events_are_taken_and_no_more(config: Config) -> None:
    begun = time.monotonic()
    report = followed(config, streaming(*map(event, range(9)), hold=5), events=3)
    assert time.monotonic() - begun < 5
    assert (report.exit_code, trips(report)) == (0, 3)


def test_a_stream_is_followed_for_so_long_and_heartbeats_are_no_events(config: Config) -> None:
    begun = time.monotonic()
    report = followed(config, streaming(event(1), *[b": beat\n\n"] * 20, event(2), hold=3), seconds=0.7)
    assert 0.6 < time.monotonic() - begun < 3
    assert (report.exit_code, trips(report)) == (0, 2)


def test_time_alone_bounds_the_number_of_events(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "EVENTS", 5)
    assert trips(followed(config, streaming(*map(event, range(50)), hold=3), seconds=30)) == 5


def test_a_stream_without_events_is_not_clean(config: Config) -> None:
    report = followed(config, streaming(b": beat\n\n", hold=3), seconds=0.5)
    assert any("the stream holds no whole event" in diagnostic.message for diagnostic in report.diagnostics)


def test_an_event_that_was_not_finished_is_none_and_is_named(config: Config) -> None:
    report = followed(config, streaming(event(1), event(2)[:-1]), events=9)
    assert trips(report) == 1
    (cut,) = [diagnostic for diagnostic in report.diagnostics if diagnostic.code.id == "STREAM_TRUNCATED"]
    assert "ends within an event" in cut.message and cut.level is Severity.WARNING


def test_a_limit_that_falls_within_an_event_is_no_fault(config: Config) -> None:
    report = followed(config, streaming(event(1), event(2)[:-1], hold=3), seconds=0.5)
    assert [diagnostic.code.id for diagnostic in report.diagnostics] == []


def test_events_come_apart_anywhere(config: Config) -> None:
    text = b"\xef\xbb\xbf" + b"".join(map(event, range(4))).replace(b"\n", b"\r\n")
    pieces = [text[start : start + 3] for start in range(0, len(text), 3)]
    assert trips(followed(config, streaming(*pieces), events=4)) == 4


def test_a_fault_of_many_events_is_one_group_with_a_count(config: Config) -> None:
    report = followed(config, streaming(*(event("x") for _ in range(40)), event(1)), events=41)
    assert report.exit_code == 1
    printed = FORMATS["text"](report)
    assert printed.count("VIOLATION") == 1
    assert "40" in printed


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda actor: actor.send(PAGE, "text/html") or True, "PATH_NOT_SERVED"),
        (lambda actor: actor.answer({"at": 1}, 404) or True, "PATH_NOT_SERVED"),
        (lambda actor: actor.answer({"at": 1}) or True, "MEDIA_TYPE_UNDOCUMENTED"),
        (lambda actor: actor.reset() or True, "UPSTREAM_NO_RESPONSE"),
        (lambda actor: time.sleep(2) or True, "UPSTREAM_NO_RESPONSE"),
        (lambda actor: actor.send(b"\x1f\x8b", "text/event-stream", content_encoding="gzip") or True, "UPSTREAM_NO_RESPONSE"),
    ],
    ids=["page", "404", "JSON", "reset", "slow", "compressed"],
)  # fmt: skip
def test_what_is_no_stream_is_a_finding(act: Act, code: str, config: Config) -> None:
    report = followed(config, act, seconds=0.5)
    assert code in {diagnostic.code.id for diagnostic in report.diagnostics}
    assert report.exit_code in (1, 2)
    assert report.summary["exchanges"]["conforming"] == 0


def in_two(text: bytes) -> Act:
    """A described refusal whose body is sent in two, apart in time."""

    def act(actor: Actor) -> bool:
        actor.send_response(409)
        actor.send_header("content-type", "application/json")
        actor.send_header("content-length", str(len(text)))
        actor.end_headers()
        actor.wfile.write(text[:4])
        time.sleep(0.2)
        actor.wfile.write(text[4:])
        return True

    return act


def test_a_refusal_that_comes_in_pieces_is_judged_whole(config: Config) -> None:
    report = followed(config, in_two(b'{"at": 1}'), seconds=5)
    assert [diagnostic.code.id for diagnostic in report.diagnostics] == []
    assert (report.exit_code, report.summary["exchanges"]["conforming"]) == (0, 1)


def test_a_refusal_that_is_too_large_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 2**20)
    report = followed(config, in_two(b'{"at": 1' + b" " * 2**20 + b"}"), seconds=5)
    (found,) = [one for one in report.diagnostics if one.code.id == "UPSTREAM_NO_RESPONSE"]
    assert "the answer is larger than 1 MiB" in found.message


def test_an_event_without_end_is_not_kept_without_end(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_BYTES", 2**16)

    def endless(actor: Actor) -> bool:
        actor.stream(event(1), *[b"data: " + b"x" * 2**14] * 40)
        return True

    report = followed(config, endless, seconds=5)
    assert any("read no further" in diagnostic.message for diagnostic in report.diagnostics)


def interrupting(*pieces: bytes) -> Act:
    """Sends these, and stays; shortly after, whoever follows is told to end."""

    def act(actor: Actor) -> bool:
        threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        actor.stream(*pieces, hold=3)
        return True

    return act


def test_what_was_read_is_judged_when_the_check_is_interrupted(config: Config) -> None:
    begun = time.monotonic()
    report = followed(config, interrupting(event(1), event("x"), event(2), event(3)[:-1]), seconds=60)
    assert time.monotonic() - begun < 10
    assert (report.exit_code, trips(report)) == (2, 2)
    assert [d.code.id for d in report.diagnostics if d.fails] == ["INTERRUPTED", "VIOLATION"]
    assert report.summary["server"]["called"] == 1


def test_a_stream_that_was_not_answered_when_the_check_is_interrupted_counts_as_not_called(config: Config) -> None:
    def silent(actor: Actor) -> bool:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
        return True

    report = followed(config, silent, seconds=60)
    assert ([d.code.id for d in report.diagnostics if d.fails], report.exit_code) == (["INTERRUPTED"], 2)
    assert report.summary["server"]["called"] == 0


def test_streams_are_left_alone_unless_they_are_asked_for(config: Config) -> None:
    with staged(streaming(event(1))) as stage:
        report = verify_live(config, stage.url, {})
        assert stage.asked == []
    assert report.exit_code == 2


def test_a_lifecycle_that_nobody_describes_is_an_error(config: Config) -> None:
    report = followed(config, streaming(event(1)), events=1, lifecycle=True)
    assert [d.message for d in report.diagnostics if d.fails] == [
        "no service describes a POST to a collection and a DELETE of its members"
    ]
