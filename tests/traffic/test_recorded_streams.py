"""Checks of recorded event streams, event by event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from checkout import load_config

from wirelock.api.emit import emit_all
from wirelock.build import Build, build
from wirelock.loader import LoadedArtifacts, load_artifacts
from wirelock.progress import noop_progress
from wirelock.report import FORMATS
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.http.exchange import Exchange, RecordedBody

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


def build_method(path: str, name: str, media_type: str = STREAM) -> dict[str, Any]:
    """Build a method that responds with a stream of one type."""
    response = {"schema": f"{name}.schema.json", "media_type": media_type}
    base = {"request": "empty.schema.json", "response": f"{name}.schema.json", "http": {"get": path}}
    return {**base, "responses": {"200": response, "404": "answer.schema.json"}, "stream": "sse"}


METHODS = {
    "Ticks": build_method("/ticks", "tick"),
    "Plain": build_method("/plain", "tick", "application/json"),
    "Frames": build_method("/frames", "frame"),
    "Entries": build_method("/entries", "entry"),
    "Chat": {
        "request": "empty.schema.json",
        "response": "answer.schema.json",
        "http": {"get": "/chat"},
        "responses": {"200": [{"schema": "tick.schema.json", "media_type": STREAM}, "answer.schema.json"]},
    },
}


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, LoadedArtifacts]:
    """A project with streams: the build and its loaded artifacts."""
    root = tmp_path_factory.mktemp("clock")
    (root / "wirelock.toml").write_text('package = "clock_api"\n', "utf-8")
    (root / "schemas/clock").mkdir(parents=True)
    for name, schema in SCHEMAS.items():
        path = root / f"schemas/clock/{name}.schema.json"
        path.write_text(json.dumps({"$schema": DIALECT, **schema}), "utf-8")
    service = {"service": "ClockService", "methods": METHODS}
    (root / "schemas/clock/clock.service.json").write_text(json.dumps(service), "utf-8")
    built = build(load_config(root))
    output = emit_all(built, noop_progress)
    assert output.is_sound, output.diagnostics
    return built, load_artifacts(built, output.artifacts)


@pytest.fixture
def check(clock: tuple[Build, LoadedArtifacts]) -> ConformanceCheck:
    """A check without results."""
    return ConformanceCheck(clock[0].graph, clock[1].get_contract)


def build_get(path: str, text: bytes | None, media_type: str = STREAM, status: int = 200) -> Exchange:
    """Build a GET exchange."""
    body = None if text is None else RecordedBody(text, media_type)
    return Exchange("made.har", 0, "GET", f"http://localhost{path}", status, None, body)


VALID = b'data: {"at": 1}\n\n'
INVALID = b'data: {"at": "noon"}\n\n'

OUTCOMES: dict[str, tuple[Exchange, str, list[tuple[str, int | None, str]]]] = {
    "conforming": (build_get("/ticks", VALID + VALID), "stream", []),
    "the third is invalid": (build_get("/ticks", VALID + VALID + INVALID), "stream", [("VIOLATION", 2, "/at")]),
    "two are invalid in one way": (
        build_get("/ticks", INVALID + VALID + INVALID),
        "stream",
        [("VIOLATION", 0, "/at"), ("VIOLATION", 2, "/at")],
    ),
    "comments are not events": (build_get("/ticks", b": ping\n\n" + INVALID), "stream", [("VIOLATION", 0, "/at")]),
    "data that is not JSON": (build_get("/ticks", VALID + b"data: noon\n\n"), "stream", [("MALFORMED", 1, "")]),
    "data that is not UTF-8": (build_get("/ticks", b'data: "\xff"\n\n'), "stream", [("MALFORMED", 0, "")]),
    "truncated": (build_get("/ticks", VALID + INVALID[:-1]), "stream", []),
    "no complete event": (build_get("/ticks", b": ping\n\n"), "stream", [("BODY_NOT_CHECKED", None, "")]),
    "not recorded": (build_get("/ticks", None), "stream", [("BODY_NOT_CHECKED", None, "")]),
    "without a media type": (build_get("/ticks", INVALID, ""), "stream", [("VIOLATION", 0, "/at")]),
    "an HTML page": (
        build_get("/ticks", b"<html>", "text/html"),
        "undocumented_media_type",
        [("MEDIA_TYPE_UNDOCUMENTED", None, "")],
    ),
    "another status": (
        build_get("/ticks", b"{}", "application/json", 404),
        "violating",
        [("VIOLATION", None, "/words")],
    ),
    "the service file names another media type": (
        build_get("/plain", VALID + INVALID),
        "stream",
        [("VIOLATION", 1, "/at")],
    ),
    "the schema of the whole event": (build_get("/frames", b"id: 1\nretry: 5\ndata: ab\n\n"), "stream", []),
    "a field of the whole event is invalid": (
        build_get("/frames", b"data: a\n\n"),
        "stream",
        [("VIOLATION", 0, "/data"), ("VIOLATION", 0, "/id")],
    ),
    "a schema that resembles a whole event": (build_get("/entries", b'data: {"data": 1}\n\n'), "stream", []),
    "a stream where JSON is documented too": (build_get("/chat", VALID + INVALID), "stream", [("VIOLATION", 1, "/at")]),
    "JSON where a stream is documented too": (
        build_get("/chat", b'{"words": "tick"}', "application/json"),
        "conforming",
        [],
    ),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_event_is_checked_against_its_schema(name: str, check: ConformanceCheck) -> None:
    exchange, outcome, expected = OUTCOMES[name]
    check.check_exchange(exchange)
    assert check.outcomes == {outcome: 1}
    findings = [(d.code.id, d.exchange.event, d.location.pointer) for d in check.to_report().diagnostics if d.exchange]
    assert findings == expected


def test_every_event_makes_a_round_trip(check: ConformanceCheck) -> None:
    """The request, an empty object, is converted too."""
    check.check_exchange(build_get("/ticks", VALID + INVALID + VALID))
    assert check.to_report().summary["round trips"] == {"total": 3, "equal": 3, "lossy": 0, "failed": 0}


def test_events_count_as_exercised(check: ConformanceCheck) -> None:
    check.check_exchange(build_get("/ticks", VALID + b'data: {"at": 1, "kind": "tock"}\n\n'))
    covered = {coverage.kind: coverage.covered for coverage in check.to_report().coverage}
    assert covered["methods"] == ("ClockService.Ticks",)
    assert covered["fields"] == ("clock/tick.at", "clock/tick.kind")
    assert covered["enum values"] == ('clock/tick.kind "tock"',)


def test_reports_name_the_event(check: ConformanceCheck) -> None:
    check.check_exchange(build_get("/ticks", VALID + INVALID + INVALID))
    report = check.to_report()
    assert "first at made.har #0 GET /ticks -> 200, event 1 /at" in FORMATS["text"](report)
    findings = json.loads(FORMATS["json"](report))["findings"]
    assert [(finding["exchange"]["part"], finding["exchange"]["event"]) for finding in findings] == [
        ("event", 1),
        ("event", 2),
    ]
