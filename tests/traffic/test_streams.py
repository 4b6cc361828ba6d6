"""Recorded event streams: each event is held against the schema of one event, and what is said names the event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from checkout import configuration

from wirelock.api.emit import emitted
from wirelock.build import Build, build
from wirelock.loader import Loaded, load
from wirelock.progress import silent
from wirelock.report import FORMATS
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.http.exchange import Body, Exchange

STREAM = "text/event-stream"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TICK = {
    "type": "object",
    "properties": {"at": {"type": "integer"}, "kind": {"enum": ["tick", "tock"]}},
    "required": ["at"],
}
FRAME = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "data": {"type": "string", "minLength": 2}, "retry": {"type": "integer"}},
    "required": ["id", "data"],
}
ENTRY = {"type": "object", "properties": {"data": {"type": "integer"}}, "required": ["data"]}
ANSWER = {"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]}
SCHEMAS = {"tick": TICK, "frame": FRAME, "entry": ENTRY, "answer": ANSWER, "empty": {"type": "object"}}


def streaming(path: str, name: str, media_type: str = STREAM) -> dict[str, Any]:
    """A method whose answer is a stream of one type."""
    response = {"schema": f"{name}.schema.json", "media_type": media_type}
    base = {"request": "empty.schema.json", "response": f"{name}.schema.json", "http": {"get": path}}
    return {**base, "responses": {"200": response, "404": "answer.schema.json"}, "stream": "sse"}


METHODS = {
    "Ticks": streaming("/ticks", "tick"),
    "Plain": streaming("/plain", "tick", "application/json"),
    "Frames": streaming("/frames", "frame"),
    "Entries": streaming("/entries", "entry"),
    "Chat": {
        "request": "empty.schema.json",
        "response": "answer.schema.json",
        "http": {"get": "/chat"},
        "responses": {"200": [{"schema": "tick.schema.json", "media_type": STREAM}, "answer.schema.json"]},
    },
}


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, Loaded]:
    """A project with streams, made and loaded."""
    root = tmp_path_factory.mktemp("clock")
    (root / "wirelock.toml").write_text('package = "clock_api"\n', "utf-8")
    (root / "schemas/clock").mkdir(parents=True)
    for name, schema in SCHEMAS.items():
        path = root / f"schemas/clock/{name}.schema.json"
        path.write_text(json.dumps({"$schema": DIALECT, **schema}), "utf-8")
    service = {"service": "ClockService", "methods": METHODS}
    (root / "schemas/clock/clock.service.json").write_text(json.dumps(service), "utf-8")
    built = build(configuration(root))
    output = emitted(built, silent)
    assert output.sound, output.diagnostics
    return built, load(built, output.artifacts)


@pytest.fixture
def check(clock: tuple[Build, Loaded]) -> Check:
    return Check(clock[0].graph, clock[1].contract)


def get(path: str, text: bytes | None, media_type: str = STREAM, status: int = 200) -> Exchange:
    """A GET and its answer."""
    body = None if text is None else Body(text, media_type)
    return Exchange("made.har", 0, "GET", f"http://localhost{path}", status, None, body)


GOOD = b'data: {"at": 1}\n\n'
WRONG = b'data: {"at": "noon"}\n\n'

OUTCOMES: dict[str, tuple[Exchange, str, list[tuple[str, int | None, str]]]] = {
    "as described": (get("/ticks", GOOD + GOOD), "stream", []),
    "the third at fault": (get("/ticks", GOOD + GOOD + WRONG), "stream", [("VIOLATION", 2, "/at")]),
    "two at fault in one way": (
        get("/ticks", WRONG + GOOD + WRONG),
        "stream",
        [("VIOLATION", 0, "/at"), ("VIOLATION", 2, "/at")],
    ),
    "comments are no events": (get("/ticks", b": ping\n\n" + WRONG), "stream", [("VIOLATION", 0, "/at")]),
    "data that is no JSON": (get("/ticks", GOOD + b"data: noon\n\n"), "stream", [("MALFORMED", 1, "")]),
    "data that is no UTF-8": (get("/ticks", b'data: "\xff"\n\n'), "stream", [("MALFORMED", 0, "")]),
    "cut off": (get("/ticks", GOOD + WRONG[:-1]), "stream", []),
    "no whole event": (get("/ticks", b": ping\n\n"), "stream", [("BODY_NOT_CHECKED", None, "")]),
    "not recorded": (get("/ticks", None), "stream", [("BODY_NOT_CHECKED", None, "")]),
    "of no known media type": (get("/ticks", WRONG, ""), "stream", [("VIOLATION", 0, "/at")]),
    "a page": (
        get("/ticks", b"<html>", "text/html"),
        "undocumented_media_type",
        [("MEDIA_TYPE_UNDOCUMENTED", None, "")],
    ),
    "another status": (get("/ticks", b"{}", "application/json", 404), "violating", [("VIOLATION", None, "/words")]),
    "the media type left unsaid": (get("/plain", GOOD + WRONG), "stream", [("VIOLATION", 1, "/at")]),
    "the schema is of the whole event": (get("/frames", b"id: 1\nretry: 5\ndata: ab\n\n"), "stream", []),
    "a part of the whole event": (
        get("/frames", b"data: a\n\n"),
        "stream",
        [("VIOLATION", 0, "/data"), ("VIOLATION", 0, "/id")],
    ),
    "the schema only looks like that of a whole event": (get("/entries", b'data: {"data": 1}\n\n'), "stream", []),
    "a stream where there is a choice": (get("/chat", GOOD + WRONG), "stream", [("VIOLATION", 1, "/at")]),
    "no stream where there is a choice": (get("/chat", b'{"words": "tick"}', "application/json"), "conforming", []),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_event_is_held_against_its_schema(name: str, check: Check) -> None:
    exchange, counts, findings = OUTCOMES[name]
    check.exchange(exchange)
    assert check.outcomes == {counts: 1}
    told = [(d.code.id, d.exchange.event, d.where.pointer) for d in check.report().diagnostics if d.exchange]
    assert told == findings


def test_every_event_goes_to_protobuf_and_back(check: Check) -> None:
    """The request, which is an empty object, goes there and back too."""
    check.exchange(get("/ticks", GOOD + WRONG + GOOD))
    assert check.report().summary["round trips"] == {"total": 3, "equal": 3, "lossy": 0, "failed": 0}


def test_events_count_as_exercised(check: Check) -> None:
    check.exchange(get("/ticks", GOOD + b'data: {"at": 1, "kind": "tock"}\n\n'))
    covered = {one.kind: one.covered for one in check.report().coverage}
    assert covered["methods"] == ("ClockService.Ticks",)
    assert covered["fields"] == ("clock/tick.at", "clock/tick.kind")
    assert covered["enum values"] == ('clock/tick.kind "tock"',)


def test_reports_name_the_event(check: Check) -> None:
    check.exchange(get("/ticks", GOOD + WRONG + WRONG))
    report = check.report()
    assert "first at made.har #0 GET /ticks -> 200, event 1 /at" in FORMATS["text"](report)
    findings = json.loads(FORMATS["json"](report))["findings"]
    assert [(one["exchange"]["part"], one["exchange"]["event"]) for one in findings] == [("event", 1), ("event", 2)]
