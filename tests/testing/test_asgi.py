"""`ConformanceMiddleware`: the client gets the same messages at the same time, the test gets the violations."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from served_recording import get_target

from wirelock.testing import Conformance, ConformanceError, ConformanceMiddleware
from wirelock.traffic.http import body_buffer
from wirelock.traffic.http.exchange import Exchange

SESSION = {"id": "ses_1", "title": "first", "directory": "/home/dev/acme-web"}
Scope = dict[str, Any]
Message = dict[str, Any]
Script = Callable[[Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def start_response(status: int = 200, **headers: str) -> Message:
    """Return the start of a response; `content_type` is the header content-type."""
    fields = {"content_type": "application/json", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}


def build_body_message(text: bytes, has_more: bool = False) -> Message:
    """Return a part of a body, the last one unless `has_more`."""
    return {"type": "http.response.body", "body": text, "more_body": has_more}


def send_request(
    app: Any, *requested: Message, method: str = "GET", path: str = "/session/ses_1", **scope: Any
) -> list[Message]:
    """Send one request to an application; return its messages."""
    request = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [], **scope}
    messages = list(requested) or [{"type": "http.request"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(request, receive, send))
    return sent


def build_application(*messages: Message, reads: int = 1) -> Any:
    """Return an application that receives some messages and then sends these."""

    async def app(scope: Scope, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        for _ in range(reads):
            await receive()
        for message in messages:
            await send(message)

    return app


def list_codes(conformance: Conformance) -> list[str]:
    """Return the codes of all findings."""
    return [finding.code.id for finding in conformance.findings]


def count_outcomes(conformance: Conformance) -> dict[str, Any]:
    """Return the number of exchanges with each outcome."""
    return {name: count for name, count in conformance.report().summary["exchanges"].items() if count}


def test_recorded_responses_pass_unchanged_and_conform(
    conformance: Conformance, recorded: tuple[Exchange, ...]
) -> None:
    for exchange in recorded:
        path, _, query = get_target(exchange).partition("?")
        headers = [(name.encode(), value.encode()) for name, value in exchange.request_headers]
        received = {"type": "http.request", "body": exchange.request.text if exchange.request else b""}
        assert exchange.response
        messages = [
            start_response(exchange.status, content_type=exchange.response.media_type),
            build_body_message(exchange.response.text),
        ]
        scope = {"method": exchange.method, "path": path, "query_string": query.encode(), "headers": headers}
        assert (
            send_request(ConformanceMiddleware(build_application(*messages), conformance), received, **scope)
            == messages
        )
    assert count_outcomes(conformance) == {"total": len(recorded), "conforming": len(recorded)}
    assert list_codes(conformance) == ["PRECISION_LOST"]


def test_a_violation_is_raised_after_the_response_was_sent(conformance: Conformance) -> None:
    sent: list[Message] = []
    app = ConformanceMiddleware(
        build_application(start_response(), build_body_message(b'{"id": "ses_1"}')), conformance
    )

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/session/ses_1", "query_string": b"", "headers": []}
    with pytest.raises(ConformanceError, match="required property `title` is missing"):
        asyncio.run(app(scope, receive, send))
    assert sent == [start_response(), build_body_message(b'{"id": "ses_1"}')]


def test_a_violation_can_be_collected(conformance: Conformance) -> None:
    send_request(
        ConformanceMiddleware(
            build_application(start_response(), build_body_message(b'{"id": 1}')), conformance, on_violation="collect"
        )
    )
    assert set(list_codes(conformance)) == {"VIOLATION"}
    assert count_outcomes(conformance) == {"total": 1, "violating": 1}


def test_an_undescribed_request_passes_with_a_note(conformance: Conformance) -> None:
    """A health check or a page is not a violation."""
    send_request(
        ConformanceMiddleware(build_application(start_response(), build_body_message(b"ok")), conformance),
        path="/healthz",
    )
    assert count_outcomes(conformance) == {"total": 1, "unmatched": 1}


def test_each_part_of_a_response_is_sent_before_the_next_one(conformance: Conformance) -> None:
    order: list[str] = []

    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await send(start_response())
        for part in (b'{"id": "ses_1",', b' "title": "first", "directory": "/"}', b""):
            order.append("produced")
            await send(build_body_message(part, has_more=bool(part)))

    async def send(message: Message) -> None:
        order.append("sent")

    scope = {"type": "http", "method": "GET", "path": "/session/ses_1", "query_string": b"", "headers": []}
    asyncio.run(ConformanceMiddleware(app, conformance)(scope, lambda: asyncio.sleep(0), send))  # type: ignore[arg-type]
    assert order == ["sent", *["produced", "sent"] * 3]
    assert count_outcomes(conformance) == {"total": 1, "conforming": 1}


def test_a_request_in_parts_is_checked(conformance: Conformance) -> None:
    parts = [
        {"type": "http.request", "body": b'{"title": ', "more_body": True},
        {"type": "http.request", "body": b"7}"},
    ]
    app = ConformanceMiddleware(
        build_application(start_response(), build_body_message(json.dumps(SESSION).encode()), reads=2), conformance
    )
    with pytest.raises(ConformanceError, match="request /title"):
        send_request(app, *parts, method="POST", path="/session")


def test_an_unread_request_is_not_checked(conformance: Conformance) -> None:
    app = ConformanceMiddleware(
        build_application(start_response(), build_body_message(json.dumps(SESSION).encode()), reads=0), conformance
    )
    send_request(app, method="POST", path="/session", headers=[(b"content-length", b"12")])
    assert list_codes(conformance) == ["BODY_NOT_CHECKED"]


def test_a_body_above_the_limit_is_not_checked(conformance: Conformance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_buffer, "MAX_BODY_BYTES", 10)
    text = json.dumps({**SESSION, "title": "long" * 10}).encode()
    assert send_request(
        ConformanceMiddleware(build_application(start_response(), build_body_message(text)), conformance)
    ) == [start_response(), build_body_message(text)]
    assert list_codes(conformance) == ["BODY_NOT_CHECKED"]


@pytest.mark.parametrize(
    ("coding", "text", "expected"),
    [
        ("gzip", gzip.compress(json.dumps(SESSION).encode()), []),
        ("gzip", gzip.compress(b"{"), ["MALFORMED"]),
        ("gzip", b"no gzip", ["BODY_NOT_CHECKED"]),
        ("br", b"\x0b\x01\x80{}\x03", ["BODY_NOT_CHECKED"]),
    ],
    ids=["gzip", "gzip of invalid JSON", "invalid gzip", "brotli"],
)
def test_a_coded_body_is_decoded_for_the_check_only(
    coding: str, text: bytes, expected: list[str], conformance: Conformance
) -> None:
    messages = [start_response(content_encoding=coding), build_body_message(text)]
    assert (
        send_request(ConformanceMiddleware(build_application(*messages), conformance, on_violation="collect"))
        == messages
    )
    assert list_codes(conformance) == expected


def test_a_path_sent_by_the_server_is_not_checked(conformance: Conformance) -> None:
    send_request(
        ConformanceMiddleware(
            build_application(start_response(), {"type": "http.response.pathsend", "path": "/x"}), conformance
        )
    )
    assert list_codes(conformance) == ["BODY_NOT_CHECKED"]


def test_an_exception_of_the_application_is_kept(conformance: Conformance) -> None:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        raise RuntimeError("down")

    with pytest.raises(RuntimeError, match="down"):
        send_request(ConformanceMiddleware(app, conformance))
    assert count_outcomes(conformance) == {}


def test_other_protocols_pass_unchecked(conformance: Conformance) -> None:
    assert send_request(
        ConformanceMiddleware(build_application({"type": "lifespan.startup.complete"}), conformance), type="lifespan"
    ) == [{"type": "lifespan.startup.complete"}]
    assert count_outcomes(conformance) == {}


@pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`")
def test_starlette(conformance: Conformance) -> None:
    """The test client raises the error in the test, with routes, parameters and mounted paths."""
    pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")
    applications = pytest.importorskip("starlette.applications", reason="the test extra has starlette")
    from starlette.responses import JSONResponse
    from starlette.routing import Mount, Route
    from starlette.testclient import TestClient

    async def session(request: Any) -> Any:
        title = "first" if request.path_params["id"] == "ses_1" else 7
        return JSONResponse({**SESSION, "title": title})

    app = applications.Starlette(routes=[Mount("/session", routes=[Route("/{id}", session)])])
    client = TestClient(ConformanceMiddleware(app, conformance))
    assert client.get("/session/ses_1").json() == SESSION
    with pytest.raises(ConformanceError, match="expected string, got integer 7"):
        client.get("/session/ses_%202?token=hunter2")
    conformance.assert_conforms(client.get("/session/ses_1"))
    assert count_outcomes(conformance) == {"total": 4, "conforming": 3, "violating": 1}
