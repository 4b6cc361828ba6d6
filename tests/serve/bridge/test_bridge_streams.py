"""Server-sent events as server streaming: as they come, over lost connections, and until somebody leaves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiohttp import web
from bridges import Noted, bridged
from stub import Stub, says
from test_unary import details, until
from things import Client

from wirelock.build import Build
from wirelock.loader import Loaded
from wirelock.serve.bridge import streaming

EVENTS = {"Content-Type": "text/event-stream"}


async def opened(request: web.Request) -> web.StreamResponse:
    """A stream that has begun."""
    response = web.StreamResponse(headers=EVENTS)
    await response.prepare(request)
    return response


def numbers(client: Client, call: Any) -> list[int]:
    """What the messages of a stream hold."""
    return [client.read("Watch", message)["n"] for message in call]


def test_each_event_is_a_message_when_it_comes(client: Client, server: Stub) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = await opened(request)
        for piece in (b'data: {"n"', b': 1}\n\n: a comment\n\ndata: {"n":\ndata: 2}\r\n\r\n'):
            await response.write(piece)
        await asyncio.sleep(0.5)
        await response.write(b'data: {"n": 3}\n\n')
        return response

    server.answer = answer
    call = client.stream("Watch")
    assert client.read("Watch", next(call)) == {"n": 1}
    begun = time.monotonic()
    assert client.read("Watch", next(call)) == {"n": 2}
    assert time.monotonic() - begun < 0.3
    assert numbers(client, call) == [3]
    assert call.code() is grpc.StatusCode.OK
    assert server.last.headers["accept"] == "text/event-stream"


def test_a_lost_stream_goes_on_where_it_was(client: Client, server: Stub) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        at = int(request.headers.get("Last-Event-ID", "0"))
        if at == 4:
            return web.Response(status=204)
        response = await opened(request)
        await response.write(f'retry: 60\nid: {at + 1}\ndata: {{"n": {at + 1}}}\n\n'.encode())
        await response.write(f'id: {at + 2}\ndata: {{"n": {at + 2}}}\n\nid: 9\ndata: {{"n'.encode())
        assert request.transport is not None
        await asyncio.sleep(0.05)
        request.transport.abort()
        return response

    server.answer = answer
    before = len(server.asked)
    call = client.stream("Watch")
    assert numbers(client, call) == [1, 2, 3, 4]
    assert [asked.headers.get("last-event-id") for asked in server.asked[before:]] == [None, "2", "4"]


def test_a_place_and_a_time_are_taken_from_blocks_without_data_too(client: Client, server: Stub) -> None:
    """An id alone says what has been seen, though there was nothing to say of it (WHATWG HTML, 9.2.6)."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "Last-Event-ID" in request.headers:
            return web.Response(status=204)
        response = await opened(request)
        await response.write(b'id: 1\ndata: {"n": 1}\n\nid: 7\n\nretry: 60\n\n: beat\n\nid: 8\n')
        return response

    server.answer = answer
    before, begun = len(server.asked), time.monotonic()
    assert numbers(client, client.stream("Watch")) == [1]
    assert [asked.headers.get("last-event-id") for asked in server.asked[before:]] == [None, "7"]
    assert time.monotonic() - begun < streaming.RETRY


def test_a_server_that_does_not_come_back_is_unavailable(things: tuple[Build, Loaded], server: Stub) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        if "Last-Event-ID" not in request.headers:
            response = await opened(request)
            await response.write(b'retry: 1\nid: 1\ndata: {"n": 1}\n\n')
            await asyncio.sleep(0.05)
        request.transport.abort()
        return web.Response()

    server.answer = answer
    with bridged(server.url, *things) as address:
        client = Client(address, *things)
        call = client.stream("Watch", timeout=30)
        assert client.read("Watch", next(call)) == {"n": 1}
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (says(404, '{"message": "no"}'), grpc.StatusCode.NOT_FOUND),
        (says(200, "<html>", "text/html"), grpc.StatusCode.INTERNAL),
        (says(302, Location="/elsewhere"), grpc.StatusCode.INTERNAL),
    ],
)
def test_what_is_no_stream_fails_the_call(client: Client, server: Stub, answer: Any, code: grpc.StatusCode) -> None:
    server.answer = answer
    with pytest.raises(grpc.RpcError) as caught:
        next(client.stream("Watch"))
    assert caught.value.code() is code


def test_an_event_that_breaks_its_schema_ends_the_stream(client: Client, server: Stub) -> None:
    server.answer = says(200, 'data: {"n": 1}\n\ndata: {"n": "two"}\n\ndata: {"n": 3}\n\n', "text/event-stream")
    call = client.stream("Watch")
    assert client.read("Watch", next(call)) == {"n": 1}
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "/n" in caught.value.details()


def test_with_the_other_policy_the_stream_goes_on(things: tuple[Build, Loaded], server: Stub) -> None:
    noted = Noted()
    server.answer = says(200, 'data: {"n": 1}\n\ndata: {"n": "two"}\n\ndata: {"n": 3}\n\n', "text/event-stream")
    with bridged(server.url, *things, noted, violations="warn") as address:
        client = Client(address, *things)
        assert numbers(client, client.stream("Watch")) == [1, 3]
    assert [finding.pointer for finding in noted.findings] == ["/n"]


def endless(piece: bytes) -> Callable[[web.Request], Any]:
    """The same piece, for ever."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await opened(request)
        while True:
            await response.write(piece)
            await asyncio.sleep(0.01)

    return answer


def test_a_client_that_leaves_ends_the_stream(client: Client, server: Stub) -> None:
    server.answer, before = endless(b'data: {"n": 1}\n\n'), server.gone
    call = client.stream("Watch")
    next(call)
    call.cancel()
    assert until(lambda: server.gone == before + 1, 1)


def test_a_thousand_clients_that_leave_leave_nothing_behind(client: Client, server: Stub) -> None:
    def leave(times: int) -> int:
        before = server.gone
        for _ in range(times):
            call = client.stream("Watch")
            next(call)
            call.cancel()
        assert until(lambda: server.gone == before + times, 5)
        return len(list(Path("/proc/self/fd").iterdir()))

    server.answer = endless(b'data: {"n": 1}\n\n')
    descriptors = leave(20)
    assert leave(1000) <= descriptors


def test_a_slow_client_slows_the_server_down(things: tuple[Build, Loaded], server: Stub) -> None:
    written: list[int] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await opened(request)
        piece = b'data: {"n": 1, "text": "' + b"x" * 100_000 + b'"}\n\n'
        for _ in range(1_000):
            await response.write(piece)
            written.append(len(piece))
        return response

    server.answer = answer
    narrow = (("grpc.http2.bdp_probe", 0),)
    with bridged(server.url, *things) as address, grpc.insecure_channel(address, narrow) as channel:
        call = channel.unary_stream("/things.things.Things/Watch")(b"", timeout=60)
        next(call)
        time.sleep(2)
        begun = len(written)
        time.sleep(1)
        assert len(written) == begun < 500
        assert len(next(call)) > 100_000
        call.cancel()


def test_a_bridge_that_goes_down_ends_its_streams(things: tuple[Build, Loaded], server: Stub) -> None:
    server.answer = endless(b'data: {"n": 1}\n\n')
    with bridged(server.url, *things) as address:
        client = Client(address, *things)
        call = client.stream("Watch", timeout=30)
        next(call)
        begun = time.monotonic()
    assert time.monotonic() - begun < 0.9  # before the time of grace is over
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def silent(request: web.Request) -> web.StreamResponse:
    """No answer for a long while."""
    await asyncio.sleep(60)
    return web.Response()


async def stuck(request: web.Request) -> web.StreamResponse:
    """An error that does not come to its end."""
    response = web.StreamResponse(status=500)
    await response.prepare(request)
    await asyncio.sleep(60)
    return response


@pytest.mark.parametrize("answer", [silent, stuck])
def test_a_bridge_that_goes_down_ends_streams_that_wait_for_the_server(
    things: tuple[Build, Loaded], server: Stub, answer: Any
) -> None:
    server.answer, before = answer, len(server.asked)
    with bridged(server.url, *things) as address:
        call = Client(address, *things).stream("Watch", timeout=30)
        assert until(lambda: len(server.asked) > before, 10)
        time.sleep(0.2)
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert (caught.value.code(), details(caught.value)[0].reason) == (grpc.StatusCode.UNAVAILABLE, "BRIDGE_DRAINING")
