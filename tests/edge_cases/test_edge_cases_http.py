"""HTTP: matching of paths to methods, invalid requests, and event streams."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from edge_cases import LoadedProject, build_object, build_project

from wirelock.diagnostics import Severity
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.http.server_sent_events import EventReader, ServerSentEvent, read_events

NUMBERS = (65, 67, 68)
"""Numbers of the edge cases with tests of their own."""

JSON = "application/json"
STREAM = "text/event-stream"
TEXT = {"type": "string"}
ANSWERS = {"200": "session.schema.json", "400": "error.schema.json"}


def build_method(http: dict[str, str], request: str = "one", **others: object) -> dict[str, object]:
    """Build a method that returns a session."""
    base = {"request": f"{request}.schema.json", "response": "session.schema.json", "http": http}
    return {**base, "responses": ANSWERS, **others}


SCHEMAS = {
    "s/session": build_object("id", id=TEXT),
    "s/status": build_object("busy", busy={"type": "boolean"}),
    "s/error": build_object("name", name=TEXT),
    "s/one": build_object("sessionID", sessionID=TEXT),
    "s/new": build_object("title", title=TEXT),
    "s/empty": build_object(),
    "s/tick": build_object("at", at={"type": "integer"}),
    "s/s.service.json": {
        "service": "S",
        "methods": {
            "Get": build_method({"get": "/session/{sessionID}"}),
            "Status": {
                "request": "empty.schema.json",
                "response": "status.schema.json",
                "http": {"get": "/session/status"},
                "responses": {"200": "status.schema.json"},
            },
            "Create": build_method({"post": "/session", "body": "*"}, "new"),
            "Ticks": {
                "request": "empty.schema.json",
                "response": "tick.schema.json",
                "http": {"get": "/tick"},
                "responses": {"200": {"schema": "tick.schema.json", "media_type": STREAM}},
                "stream": "sse",
            },
        },
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> LoadedProject:
    return build_project(tmp_path_factory.mktemp("http"), SCHEMAS)


@pytest.fixture
def check(project: LoadedProject) -> ConformanceCheck:
    return ConformanceCheck(project.build.graph, project.artifacts.get_contract)


def build_get(path: str, answer: str, status: int = 200, media_type: str = JSON) -> Exchange:
    """Build a GET request and its response."""
    return Exchange(
        "made.har", 0, "GET", f"http://localhost{path}", status, None, RecordedBody(answer.encode(), media_type)
    )


def build_post(sent: str, answer: str, status: int) -> Exchange:
    """Build a request that creates a session, and its response."""
    bodies = RecordedBody(sent.encode(), JSON), RecordedBody(answer.encode(), JSON)
    return Exchange("made.har", 0, "POST", "http://localhost/session", status, *bodies)


def get_outcome(check: ConformanceCheck, exchange: Exchange) -> str:
    """Return the outcome of an exchange."""
    check.check_exchange(exchange)
    ((name, _),) = check.outcomes.items()
    return name


@pytest.mark.parametrize(
    ("path", "answer", "counts"),
    [
        ("/session/status", '{"busy":true}', "conforming"),
        ("/session/status", '{"id":"a"}', "violating"),
        ("/session/%73tatus", '{"busy":true}', "conforming"),
        ("/session/ses%2F1", '{"id":"a"}', "conforming"),
        ("/session/ses_1?unknown=1&again", '{"id":"a"}', "conforming"),
        ("/session/ses_1/", '{"id":"a"}', "unmatched"),
        ("/Session/ses_1", '{"id":"a"}', "unmatched"),
        ("/api/session/ses_1", '{"id":"a"}', "unmatched"),
    ],
)
def test_a_path_matches_its_method(path: str, answer: str, counts: str, check: ConformanceCheck) -> None:
    assert get_outcome(check, build_get(path, answer)) == counts


def test_an_invalid_request_that_is_rejected_is_a_note(
    check: ConformanceCheck,
) -> None:
    assert get_outcome(check, build_post("{}", '{"name":"BadRequest"}', 400)) == "conforming"
    assert {diagnostic.level for diagnostic in check.diagnostics} == {Severity.NOTE}


def test_an_error_response_is_validated(check: ConformanceCheck) -> None:
    assert get_outcome(check, build_post('{"title":"t"}', '{"id":"a"}', 400)) == "violating"
    assert {d.schema_location for d in check.diagnostics if d.is_failure} == {"s/error.schema.json#/required"}


def test_an_invalid_request_that_is_accepted_is_a_violation(check: ConformanceCheck) -> None:
    assert get_outcome(check, build_post("{}", '{"id":"a"}', 200)) == "violating"


STREAMS: dict[str, tuple[bytes, list[ServerSentEvent]]] = {
    "joined lines": (b'data: {"at":\ndata: 1}\n\n', [ServerSentEvent(b'{"at":\n1}')]),
    "comments": (b": beat\n\ndata: 1\n\n: beat\n\n", [ServerSentEvent(b"1")]),
    "other fields": (b"event: tick\nid: 4\nretry: 10\ndata: 1\n\n", [ServerSentEvent(b"1", b"tick", b"4", 10)]),
    "line ends": (b"data: 1\r\n\r\ndata: 2\r\r", [ServerSentEvent(b"1"), ServerSentEvent(b"2")]),
    "cut off": (b"data: 1\n\ndata: 2\n", [ServerSentEvent(b"1")]),
    "no text": ("data: ü\n\n".encode()[:7], []),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_split_into_complete_events(name: str) -> None:
    stream, wanted = STREAMS[name]
    assert list(read_events(stream)) == wanted


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_in_single_bytes_gives_the_same_events(name: str) -> None:
    stream, wanted = STREAMS[name]
    reader = EventReader()
    assert [event for at in range(len(stream)) for event in reader.feed(stream[at : at + 1])] == wanted


def test_events_of_an_endless_stream_are_yielded_at_once() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield 'data: {"at": 1}\n\n: ü\n'.encode()

    reader = EventReader()
    found = (event for piece in endless() for event in reader.feed(piece))
    assert [event.data for event in islice(found, 3)] == [b'{"at": 1}'] * 3
    assert reader.pending_bytes < 100


def test_each_event_is_validated(check: ConformanceCheck) -> None:
    stream = 'data: {"at":1}\n\n: beat\n\ndata: {"at":"x"}\n\ndata: {"at'
    assert get_outcome(check, build_get("/tick", stream, media_type=STREAM)) == "stream"
    ((index, pointer),) = {(d.exchange.event, d.location.pointer) for d in check.diagnostics if d.exchange}
    assert (index, pointer) == (1, "/at")
