"""HTTP: which method an exchange belongs to, whose fault a refusal is, and streams that never end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
from traps import Project, made, properties

from wirelock.diagnostics import Severity
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.http.server_sent_events import Event, EventReader, events

JSON = "application/json"
STREAM = "text/event-stream"
TEXT = {"type": "string"}
ANSWERS = {"200": "session.schema.json", "400": "error.schema.json"}


def rpc(http: dict[str, str], request: str = "one", **others: object) -> dict[str, object]:
    """A method that answers a session."""
    base = {"request": f"{request}.schema.json", "response": "session.schema.json", "http": http}
    return {**base, "responses": ANSWERS, **others}


SCHEMAS = {
    "s/session": properties("id", id=TEXT),
    "s/status": properties("busy", busy={"type": "boolean"}),
    "s/error": properties("name", name=TEXT),
    "s/one": properties("sessionID", sessionID=TEXT),
    "s/new": properties("title", title=TEXT),
    "s/empty": properties(),
    "s/tick": properties("at", at={"type": "integer"}),
    "s/s.service.json": {
        "service": "S",
        "methods": {
            "Get": rpc({"get": "/session/{sessionID}"}),
            "Status": {
                "request": "empty.schema.json",
                "response": "status.schema.json",
                "http": {"get": "/session/status"},
                "responses": {"200": "status.schema.json"},
            },
            "Create": rpc({"post": "/session", "body": "*"}, "new"),
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
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return made(tmp_path_factory.mktemp("http"), SCHEMAS)


@pytest.fixture
def check(project: Project) -> Check:
    return Check(project.build.graph, project.loaded.contract)


def get(path: str, answer: str, status: int = 200, media_type: str = JSON) -> Exchange:
    """A GET and its answer."""
    return Exchange("made.har", 0, "GET", f"http://localhost{path}", status, None, Body(answer.encode(), media_type))


def post(sent: str, answer: str, status: int) -> Exchange:
    """A session to be made, and the answer."""
    bodies = Body(sent.encode(), JSON), Body(answer.encode(), JSON)
    return Exchange("made.har", 0, "POST", "http://localhost/session", status, *bodies)


def outcome(check: Check, exchange: Exchange) -> str:
    """How an exchange counts."""
    check.exchange(exchange)
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
def test_67_a_path_finds_its_method(path: str, answer: str, counts: str, check: Check) -> None:
    assert outcome(check, get(path, answer)) == counts


def test_68_a_refused_request_at_fault_is_a_note_and_its_answer_has_a_schema_of_its_own(check: Check) -> None:
    assert outcome(check, post("{}", '{"name":"BadRequest"}', 400)) == "conforming"
    assert {diagnostic.level for diagnostic in check.diagnostics} == {Severity.NOTE}


def test_68_an_answer_of_refusal_is_held_against_its_schema(check: Check) -> None:
    assert outcome(check, post('{"title":"t"}', '{"id":"a"}', 400)) == "violating"
    assert {d.schema for d in check.diagnostics if d.fails} == {"s/error.schema.json#/required"}


def test_68_a_request_at_fault_that_was_taken_is_a_violation(check: Check) -> None:
    assert outcome(check, post("{}", '{"id":"a"}', 200)) == "violating"


STREAMS: dict[str, tuple[bytes, list[Event]]] = {
    "joined lines": (b'data: {"at":\ndata: 1}\n\n', [Event(b'{"at":\n1}')]),
    "comments": (b": beat\n\ndata: 1\n\n: beat\n\n", [Event(b"1")]),
    "other fields": (b"event: tick\nid: 4\nretry: 10\ndata: 1\n\n", [Event(b"1", b"tick", b"4", 10)]),
    "line ends": (b"data: 1\r\n\r\ndata: 2\r\r", [Event(b"1"), Event(b"2")]),
    "cut off": (b"data: 1\n\ndata: 2\n", [Event(b"1")]),
    "no text": ("data: ü\n\n".encode()[:7], []),
}


@pytest.mark.parametrize("name", STREAMS)
def test_65_a_stream_is_its_whole_events(name: str) -> None:
    stream, wanted = STREAMS[name]
    assert list(events(stream)) == wanted


@pytest.mark.parametrize("name", STREAMS)
def test_65_a_stream_that_comes_byte_by_byte_is_the_same(name: str) -> None:
    stream, wanted = STREAMS[name]
    reader = EventReader()
    assert [event for at in range(len(stream)) for event in reader.feed(stream[at : at + 1])] == wanted


def test_65_an_event_is_there_before_a_stream_that_never_ends_has_ended() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield 'data: {"at": 1}\n\n: ü\n'.encode()

    reader = EventReader()
    found = (event for piece in endless() for event in reader.feed(piece))
    assert [event.data for event in islice(found, 3)] == [b'{"at": 1}'] * 3
    assert reader.waiting < 100


def test_65_each_event_has_its_verdict(check: Check) -> None:
    stream = 'data: {"at":1}\n\n: beat\n\ndata: {"at":"x"}\n\ndata: {"at'
    assert outcome(check, get("/tick", stream, media_type=STREAM)) == "stream"
    ((index, pointer),) = {(d.exchange.event, d.where.pointer) for d in check.diagnostics if d.exchange}
    assert (index, pointer) == (1, "/at")
