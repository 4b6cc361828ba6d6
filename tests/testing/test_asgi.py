"""`Checked` around an ASGI application: the client gets the same bytes at the same time, the test gets the faults."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from served import target

from wirelock.testing import Checked, Conformance, NotConforming
from wirelock.traffic.http import body_buffer
from wirelock.traffic.http.exchange import Exchange

SESSION = {"id": "ses_1", "title": "first", "directory": "/home/dev/acme-web"}
Scope = dict[str, Any]
Message = dict[str, Any]
Script = Callable[[Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def start(status: int = 200, **headers: str) -> Message:
    """The begin of an answer; `content_type` is the header content-type."""
    stated = {"content_type": "application/json", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in stated.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}


def body(text: bytes, more: str = "") -> Message:
    """A part of a body, the last one unless `more` comes."""
    return {"type": "http.response.body", "body": text, "more_body": bool(more)}


def serve(
    app: Any, *requested: Message, method: str = "GET", path: str = "/session/ses_1", **scope: Any
) -> list[Message]:
    """What an application sends for one request."""
    whole = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], **scope}
    waiting = list(requested) or [{"type": "http.request"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(whole, receive, send))
    return sent


def answering(*messages: Message, reads: int = 1) -> Any:
    """An application that takes some messages of the request and then sends these."""

    async def app(scope: Scope, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        for _ in range(reads):
            await receive()
        for message in messages:
            await send(message)

    return app


def codes(conformance: Conformance) -> list[str]:
    """The codes of all findings."""
    return [one.code.id for one in conformance.findings]


def outcomes(conformance: Conformance) -> dict[str, Any]:
    """How many exchanges were counted as what."""
    return {name: count for name, count in conformance.report().summary["exchanges"].items() if count}


def test_recorded_answers_pass_unchanged_and_conform(conformance: Conformance, recorded: tuple[Exchange, ...]) -> None:
    for exchange in recorded:
        path, _, query = target(exchange).partition("?")
        headers = [(name.encode(), value.encode()) for name, value in exchange.request_headers]
        asked = {"type": "http.request", "body": exchange.request.text if exchange.request else b""}
        assert exchange.response
        messages = [start(exchange.status, content_type=exchange.response.media_type), body(exchange.response.text)]
        scope = {"method": exchange.method, "path": path, "query_string": query.encode(), "headers": headers}
        assert serve(Checked(answering(*messages), conformance), asked, **scope) == messages
    assert outcomes(conformance) == {"total": len(recorded), "conforming": len(recorded)}
    assert codes(conformance) == ["PRECISION_LOST"]


def test_a_fault_is_raised_when_the_answer_has_gone_out(conformance: Conformance) -> None:
    gone: list[Message] = []
    app = Checked(answering(start(), body(b'{"id": "ses_1"}')), conformance)

    async def send(message: Message) -> None:
        gone.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/session/ses_1", "query_string": b"", "headers": []}
    with pytest.raises(NotConforming, match="required property `title` is missing"):
        asyncio.run(app(scope, receive, send))
    assert gone == [start(), body(b'{"id": "ses_1"}')]


def test_a_fault_may_be_collected_instead(conformance: Conformance) -> None:
    serve(Checked(answering(start(), body(b'{"id": 1}')), conformance, faults="collect"))
    assert set(codes(conformance)) == {"VIOLATION"}
    assert outcomes(conformance) == {"total": 1, "violating": 1}


def test_what_no_service_describes_passes_with_a_note(conformance: Conformance) -> None:
    """A health check or a page beside the API is not at fault."""
    serve(Checked(answering(start(), body(b"ok")), conformance), path="/healthz")
    assert outcomes(conformance) == {"total": 1, "unmatched": 1}


def test_each_part_of_an_answer_goes_out_before_the_next_is_made(conformance: Conformance) -> None:
    order: list[str] = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start())
        for part in (b'{"id": "ses_1",', b' "title": "first", "directory": "/"}', b""):
            order.append("made")
            await send(body(part, more="to come" if part else ""))

    async def send(message: Message) -> None:
        order.append("sent")

    scope = {"type": "http", "method": "GET", "path": "/session/ses_1", "query_string": b"", "headers": []}
    asyncio.run(Checked(app, conformance)(scope, lambda: asyncio.sleep(0), send))  # type: ignore[arg-type]
    assert order == ["sent", *["made", "sent"] * 3]
    assert outcomes(conformance) == {"total": 1, "conforming": 1}


def test_a_request_in_parts_is_checked_whole(conformance: Conformance) -> None:
    parts = [
        {"type": "http.request", "body": b'{"title": ', "more_body": True},
        {"type": "http.request", "body": b"7}"},
    ]
    app = Checked(answering(start(), body(json.dumps(SESSION).encode()), reads=2), conformance)
    with pytest.raises(NotConforming, match="request /title"):
        serve(app, *parts, method="POST", path="/session")


def test_a_request_that_the_application_does_not_read_is_not_checked(conformance: Conformance) -> None:
    app = Checked(answering(start(), body(json.dumps(SESSION).encode()), reads=0), conformance)
    serve(app, method="POST", path="/session", headers=[(b"content-length", b"12")])
    assert codes(conformance) == ["BODY_NOT_CHECKED"]


def test_a_body_that_is_too_large_is_not_kept(conformance: Conformance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_buffer, "MOST", 10)
    text = json.dumps({**SESSION, "title": "long" * 10}).encode()
    assert serve(Checked(answering(start(), body(text)), conformance)) == [start(), body(text)]
    assert codes(conformance) == ["BODY_NOT_CHECKED"]


@pytest.mark.parametrize(
    ("coding", "text", "found"),
    [
        ("gzip", gzip.compress(json.dumps(SESSION).encode()), []),
        ("gzip", gzip.compress(b"{"), ["MALFORMED"]),
        ("gzip", b"no gzip", ["BODY_NOT_CHECKED"]),
        ("br", b"\x0b\x01\x80{}\x03", ["BODY_NOT_CHECKED"]),
    ],
    ids=["gzip", "gzip of no JSON", "no gzip", "brotli"],
)
def test_a_coded_body_is_decoded_for_the_check_alone(
    coding: str, text: bytes, found: list[str], conformance: Conformance
) -> None:
    messages = [start(content_encoding=coding), body(text)]
    assert serve(Checked(answering(*messages), conformance, faults="collect")) == messages
    assert codes(conformance) == found


def test_a_file_that_the_server_sends_is_not_checked(conformance: Conformance) -> None:
    serve(Checked(answering(start(), {"type": "http.response.pathsend", "path": "/x"}), conformance))
    assert codes(conformance) == ["BODY_NOT_CHECKED"]


def test_an_application_that_fails_fails_as_it_did(conformance: Conformance) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        raise RuntimeError("down")

    with pytest.raises(RuntimeError, match="down"):
        serve(Checked(app, conformance))
    assert outcomes(conformance) == {}


def test_what_is_no_http_passes_by(conformance: Conformance) -> None:
    assert serve(Checked(answering({"type": "lifespan.startup.complete"}), conformance), type="lifespan") == [
        {"type": "lifespan.startup.complete"}
    ]
    assert outcomes(conformance) == {}


@pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")
def test_starlette(conformance: Conformance) -> None:
    """Its test client passes the error on to the test; routes, parameters and mounted paths are real ones."""
    pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")
    applications = pytest.importorskip("starlette.applications", reason="the test extra has starlette")
    from starlette.responses import JSONResponse
    from starlette.routing import Mount, Route
    from starlette.testclient import TestClient

    async def session(request: Any) -> Any:
        title = "first" if request.path_params["id"] == "ses_1" else 7
        return JSONResponse({**SESSION, "title": title})

    app = applications.Starlette(routes=[Mount("/session", routes=[Route("/{id}", session)])])
    client = TestClient(Checked(app, conformance))
    assert client.get("/session/ses_1").json() == SESSION
    with pytest.raises(NotConforming, match="expected string, got integer 7"):
        client.get("/session/ses_%202?token=hunter2")
    conformance.assert_conforms(client.get("/session/ses_1"))
    assert outcomes(conformance) == {"total": 4, "conforming": 3, "violating": 1}
