"""`Transport` and `AsyncTransport` inside clients of httpx: what they hold against the project, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from served import target

from wirelock.testing import Conformance, NotConforming
from wirelock.traffic.http.exchange import Exchange

httpx = pytest.importorskip("httpx", reason="the test extra has httpx; the lowest environment does without")

from wirelock.testing import AsyncTransport, Transport  # noqa: E402  (httpx is there)

SESSION = {"id": "ses_1", "title": "first", "directory": "/home/dev/acme-web"}
TEXT = json.dumps(SESSION).encode()
URL = "http://server/session/ses_1"
JSON = {"content-type": "application/json"}


def client(conformance: Conformance, response: Any, **how: Any) -> Any:
    """A client of a server that answers so."""
    return httpx.Client(transport=Transport(conformance, httpx.MockTransport(lambda _: response), **how))


def parts(*texts: bytes) -> Iterator[bytes]:
    """A body that is made while it is sent."""
    yield from texts


async def later(*texts: bytes) -> AsyncIterator[bytes]:
    """The same for asynchronous clients."""
    for text in texts:
        yield text


def codes(conformance: Conformance) -> list[str]:
    """The codes of all findings."""
    return [one.code.id for one in conformance.findings]


def test_a_client_of_a_real_server(conformance: Conformance, stub: str, recorded: tuple[Exchange, ...]) -> None:
    with httpx.Client(transport=Transport(conformance, httpx.HTTPTransport())) as session:
        for exchange in recorded:
            headers = {name: value for name, value in exchange.request_headers if name != "content-length"}
            content = exchange.request.text if exchange.request else None
            answer = session.request(exchange.method, stub + target(exchange), content=content, headers=headers)
            assert exchange.response
            assert answer.content == exchange.response.text
    assert conformance.report().summary["exchanges"]["conforming"] == len(recorded)
    assert codes(conformance) == ["PRECISION_LOST"]


def test_a_fault_is_raised_in_the_call_that_met_it(conformance: Conformance) -> None:
    for response in (httpx.Response(200, json={}), httpx.Response(200, content=parts(b"{", b"}"), headers=JSON)):
        with pytest.raises(NotConforming, match="required property `title` is missing"):
            client(conformance, response).get(URL)


def test_a_fault_may_be_collected_instead(conformance: Conformance) -> None:
    assert client(conformance, httpx.Response(200, json={}), faults="collect").get(URL).json() == {}
    assert set(codes(conformance)) == {"VIOLATION"}


def test_a_stream_is_not_held_up(conformance: Conformance) -> None:
    made: list[bytes] = []

    def making() -> Iterator[bytes]:
        for text in (TEXT[:9], TEXT[9:]):
            made.append(text)
            yield text

    response = httpx.Response(200, content=making(), headers=JSON)
    with client(conformance, response).stream("GET", URL) as answer:
        assert made == []
        chunks = answer.iter_raw()
        assert (next(chunks), made) == (TEXT[:9], [TEXT[:9]])
        assert b"".join(chunks) == TEXT[9:]
    assert conformance.report().summary["exchanges"]["conforming"] == 1


def test_a_body_that_the_client_leaves_is_not_checked(conformance: Conformance) -> None:
    response = httpx.Response(200, content=parts(b"{", b"}"), headers=JSON)
    with client(conformance, response).stream("GET", URL) as answer:
        assert next(answer.iter_raw()) == b"{"
    assert codes(conformance) == ["BODY_NOT_CHECKED"]


EVENTS = "http://server/events"
EVENT = {"content-type": "text/event-stream"}


def test_the_events_that_came_are_checked_when_the_client_leaves(notes: Conformance) -> None:
    """A stream without an end is held against its schema too, event by event."""
    notes.begin("leaving")
    response = httpx.Response(
        200, content=parts(b'data: {"id": 1, "text": ""}\n\n', b'data: {"id":', b" 2}\n\n"), headers=EVENT
    )
    with client(notes, response).stream("GET", EVENTS) as answer:
        assert next(answer.iter_lines()) == 'data: {"id": 1, "text": ""}'
    (found,) = [one for one in notes.findings if one.exchange and one.exchange.recording == "leaving"]
    assert (found.code.id, found.where.pointer) == ("VIOLATION", "/id")
    assert found.exchange and (found.exchange.part, found.exchange.event) == ("event", 0)


def test_a_redirect_is_an_exchange_of_its_own(conformance: Conformance) -> None:
    def handler(request: Any) -> Any:
        old = request.url.path.startswith("/old")
        return httpx.Response(308, headers={"location": URL}) if old else httpx.Response(200, json=SESSION)

    with httpx.Client(transport=Transport(conformance, httpx.MockTransport(handler)), follow_redirects=True) as session:
        assert session.get("http://server/old/ses_1").json() == SESSION
    assert codes(conformance) == ["ROUTE_UNDOCUMENTED"]
    assert conformance.report().summary["exchanges"]["conforming"] == 1


def test_asynchronous_clients(conformance: Conformance) -> None:
    async def ask(response: Any) -> Any:
        inner = httpx.MockTransport(lambda _: response)
        async with httpx.AsyncClient(transport=AsyncTransport(conformance, inner)) as session:
            return (await session.get(URL)).content

    async def leave(response: Any) -> None:
        inner = httpx.MockTransport(lambda _: response)
        async with (
            httpx.AsyncClient(transport=AsyncTransport(conformance, inner)) as session,
            session.stream("GET", URL) as answer,
        ):
            assert await anext(answer.aiter_raw()) == b"{"

    assert asyncio.run(ask(httpx.Response(200, json=SESSION)))
    assert asyncio.run(ask(httpx.Response(200, content=later(TEXT[:9], TEXT[9:]), headers=JSON))) == TEXT
    with pytest.raises(NotConforming):
        asyncio.run(ask(httpx.Response(200, content=later(b"{", b"}"), headers=JSON)))
    asyncio.run(leave(httpx.Response(200, content=later(b"{", b"}"), headers=JSON)))
    assert (
        conformance.report().summary["exchanges"] | {"total": 4, "conforming": 2, "violating": 1, "no_body": 1}
        == (conformance.report().summary["exchanges"])
    )
