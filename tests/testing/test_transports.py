"""`Transport` and `AsyncTransport` in clients of httpx."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from served_recording import get_target

from wirelock.testing import Conformance, ConformanceError
from wirelock.traffic.http.exchange import Exchange

httpx = pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")

from wirelock.testing import AsyncTransport, Transport  # noqa: E402  (httpx is there)

SESSION = {"id": "ses_1", "title": "first", "directory": "/home/dev/acme-web"}
TEXT = json.dumps(SESSION).encode()
URL = "http://server/session/ses_1"
JSON = {"content-type": "application/json"}


def build_client(conformance: Conformance, response: Any, **options: Any) -> Any:
    """Return a client that receives this response."""
    return httpx.Client(transport=Transport(conformance, httpx.MockTransport(lambda _: response), **options))


def yield_parts(*texts: bytes) -> Iterator[bytes]:
    """Yield the parts of a body."""
    yield from texts


async def yield_parts_async(*texts: bytes) -> AsyncIterator[bytes]:
    """Yield the parts of a body for asynchronous clients."""
    for text in texts:
        yield text


def list_codes(conformance: Conformance) -> list[str]:
    """Return the codes of all findings."""
    return [finding.code.id for finding in conformance.findings]


def test_a_client_of_the_stub_conforms(conformance: Conformance, stub: str, recorded: tuple[Exchange, ...]) -> None:
    with httpx.Client(transport=Transport(conformance, httpx.HTTPTransport())) as session:
        for exchange in recorded:
            headers = {name: value for name, value in exchange.request_headers if name != "content-length"}
            content = exchange.request.text if exchange.request else None
            answer = session.request(exchange.method, stub + get_target(exchange), content=content, headers=headers)
            assert exchange.response
            assert answer.content == exchange.response.text
    assert conformance.report().summary["exchanges"]["conforming"] == len(recorded)
    assert list_codes(conformance) == ["PRECISION_LOST"]


def test_a_violation_is_raised_in_its_call(conformance: Conformance) -> None:
    for response in (httpx.Response(200, json={}), httpx.Response(200, content=yield_parts(b"{", b"}"), headers=JSON)):
        with pytest.raises(ConformanceError, match="required property `title` is missing"):
            build_client(conformance, response).get(URL)


def test_a_violation_can_be_collected(conformance: Conformance) -> None:
    assert build_client(conformance, httpx.Response(200, json={}), on_violation="collect").get(URL).json() == {}
    assert set(list_codes(conformance)) == {"VIOLATION"}


def test_a_stream_is_not_delayed(conformance: Conformance) -> None:
    produced: list[bytes] = []

    def produce() -> Iterator[bytes]:
        for text in (TEXT[:9], TEXT[9:]):
            produced.append(text)
            yield text

    response = httpx.Response(200, content=produce(), headers=JSON)
    with build_client(conformance, response).stream("GET", URL) as answer:
        assert produced == []
        chunks = answer.iter_raw()
        assert (next(chunks), produced) == (TEXT[:9], [TEXT[:9]])
        assert b"".join(chunks) == TEXT[9:]
    assert conformance.report().summary["exchanges"]["conforming"] == 1


def test_an_abandoned_body_is_not_checked(conformance: Conformance) -> None:
    response = httpx.Response(200, content=yield_parts(b"{", b"}"), headers=JSON)
    with build_client(conformance, response).stream("GET", URL) as answer:
        assert next(answer.iter_raw()) == b"{"
    assert list_codes(conformance) == ["BODY_NOT_CHECKED"]


EVENTS = "http://server/events"
EVENT = {"content-type": "text/event-stream"}


def test_received_events_are_checked_when_the_client_stops_reading(notes: Conformance) -> None:
    """A stream without an end is checked event by event."""
    notes.begin("leaving")
    response = httpx.Response(
        200, content=yield_parts(b'data: {"id": 1, "text": ""}\n\n', b'data: {"id":', b" 2}\n\n"), headers=EVENT
    )
    with build_client(notes, response).stream("GET", EVENTS) as answer:
        assert next(answer.iter_lines()) == 'data: {"id": 1, "text": ""}'
    (finding,) = [f for f in notes.findings if f.exchange and f.exchange.recording == "leaving"]
    assert (finding.code.id, finding.location.pointer) == ("VIOLATION", "/id")
    assert finding.exchange and (finding.exchange.part, finding.exchange.event) == ("event", 0)


def test_a_redirect_is_a_separate_exchange(conformance: Conformance) -> None:
    def handler(request: Any) -> Any:
        old = request.url.path.startswith("/old")
        return httpx.Response(308, headers={"location": URL}) if old else httpx.Response(200, json=SESSION)

    with httpx.Client(transport=Transport(conformance, httpx.MockTransport(handler)), follow_redirects=True) as session:
        assert session.get("http://server/old/ses_1").json() == SESSION
    assert list_codes(conformance) == ["ROUTE_UNDOCUMENTED"]
    assert conformance.report().summary["exchanges"]["conforming"] == 1


def test_asynchronous_clients_are_checked(conformance: Conformance) -> None:
    async def send(response: Any) -> Any:
        inner = httpx.MockTransport(lambda _: response)
        async with httpx.AsyncClient(transport=AsyncTransport(conformance, inner)) as session:
            return (await session.get(URL)).content

    async def stop_reading(response: Any) -> None:
        inner = httpx.MockTransport(lambda _: response)
        async with (
            httpx.AsyncClient(transport=AsyncTransport(conformance, inner)) as session,
            session.stream("GET", URL) as answer,
        ):
            assert await anext(answer.aiter_raw()) == b"{"

    assert asyncio.run(send(httpx.Response(200, json=SESSION)))
    assert asyncio.run(send(httpx.Response(200, content=yield_parts_async(TEXT[:9], TEXT[9:]), headers=JSON))) == TEXT
    with pytest.raises(ConformanceError):
        asyncio.run(send(httpx.Response(200, content=yield_parts_async(b"{", b"}"), headers=JSON)))
    asyncio.run(stop_reading(httpx.Response(200, content=yield_parts_async(b"{", b"}"), headers=JSON)))
    assert (
        conformance.report().summary["exchanges"] | {"total": 4, "conforming": 2, "violating": 1, "no_body": 1}
        == (conformance.report().summary["exchanges"])
    )
