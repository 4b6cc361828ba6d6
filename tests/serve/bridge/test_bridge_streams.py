"""Server-sent events as server-streaming RPCs: order, reconnection, backpressure and cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from aiohttp import web
from example_api import ThingsClient, get_details
from running_bridge import RecordingHooks, run_bridge
from stub_server import StubServer, respond_with
from test_unary import unpack_details, wait_until

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts
from wirelock.serve.bridge import streaming

EVENTS = {"Content-Type": "text/event-stream"}


async def open_stream(request: web.Request) -> web.StreamResponse:
    """Open an event stream."""
    response = web.StreamResponse(headers=EVENTS)
    await response.prepare(request)
    return response


def read_numbers(client: ThingsClient, call: Any) -> list[int]:
    """Read the numbers in the messages of a stream."""
    return [client.decode("Watch", message)["n"] for message in call]


def test_each_event_becomes_a_message_at_once(client: ThingsClient, server: StubServer) -> None:
    async def respond(request: web.Request) -> web.StreamResponse:
        response = await open_stream(request)
        for chunk in (b'data: {"n"', b': 1}\n\n: a comment\n\ndata: {"n":\ndata: 2}\r\n\r\n'):
            await response.write(chunk)
        await asyncio.sleep(0.5)
        await response.write(b'data: {"n": 3}\n\n')
        return response

    server.respond = respond
    call = client.stream("Watch")
    assert client.decode("Watch", next(call)) == {"n": 1}
    begun = time.monotonic()
    assert client.decode("Watch", next(call)) == {"n": 2}
    assert time.monotonic() - begun < 0.3
    assert read_numbers(client, call) == [3]
    assert call.code() is grpc.StatusCode.OK
    assert server.last_request.headers["accept"] == "text/event-stream"


def test_a_lost_stream_resumes_after_its_last_event(client: ThingsClient, server: StubServer) -> None:
    async def respond(request: web.Request) -> web.StreamResponse:
        at = int(request.headers.get("Last-Event-ID", "0"))
        if at == 4:
            return web.Response(status=204)
        response = await open_stream(request)
        await response.write(f'retry: 60\nid: {at + 1}\ndata: {{"n": {at + 1}}}\n\n'.encode())
        await response.write(f'id: {at + 2}\ndata: {{"n": {at + 2}}}\n\nid: 9\ndata: {{"n'.encode())
        assert request.transport is not None
        await asyncio.sleep(0.05)
        request.transport.abort()
        return response

    server.respond = respond
    before = len(server.requests)
    call = client.stream("Watch")
    assert read_numbers(client, call) == [1, 2, 3, 4]
    assert [request.headers.get("last-event-id") for request in server.requests[before:]] == [None, "2", "4"]


def test_blocks_without_data_set_the_event_id_and_the_retry_time(client: ThingsClient, server: StubServer) -> None:
    """A block without data still sets the last event id (WHATWG HTML, section 9.2.6)."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if "Last-Event-ID" in request.headers:
            return web.Response(status=204)
        response = await open_stream(request)
        await response.write(b'id: 1\ndata: {"n": 1}\n\nid: 7\n\nretry: 60\n\n: beat\n\nid: 8\n')
        return response

    server.respond = respond
    before, begun = len(server.requests), time.monotonic()
    assert read_numbers(client, client.stream("Watch")) == [1]
    assert [request.headers.get("last-event-id") for request in server.requests[before:]] == [None, "7"]
    assert time.monotonic() - begun < streaming.RETRY_SECONDS


def test_a_server_that_does_not_come_back_is_unavailable(
    things: tuple[Build, LoadedArtifacts], server: StubServer
) -> None:
    async def respond(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        if "Last-Event-ID" not in request.headers:
            response = await open_stream(request)
            await response.write(b'retry: 1\nid: 1\ndata: {"n": 1}\n\n')
            await asyncio.sleep(0.05)
        request.transport.abort()
        return web.Response()

    server.respond = respond
    with run_bridge(server.url, *things) as address:
        client = ThingsClient(address, *things)
        call = client.stream("Watch", timeout=30)
        assert client.decode("Watch", next(call)) == {"n": 1}
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("respond", "code"),
    [
        (respond_with(404, '{"message": "no"}'), grpc.StatusCode.NOT_FOUND),
        (respond_with(200, "<html>", "text/html"), grpc.StatusCode.INTERNAL),
        (respond_with(302, Location="/elsewhere"), grpc.StatusCode.INTERNAL),
    ],
)
def test_a_response_without_an_event_stream_fails_the_call(
    client: ThingsClient, server: StubServer, respond: Any, code: grpc.StatusCode
) -> None:
    server.respond = respond
    with pytest.raises(grpc.RpcError) as caught:
        next(client.stream("Watch"))
    assert caught.value.code() is code


def test_an_event_that_violates_its_schema_ends_the_stream(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(
        200, 'data: {"n": 1}\n\ndata: {"n": "two"}\n\ndata: {"n": 3}\n\n', "text/event-stream"
    )
    call = client.stream("Watch")
    assert client.decode("Watch", next(call)) == {"n": 1}
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "/n" in get_details(caught.value)


def test_on_violation_warn_drops_the_event(things: tuple[Build, LoadedArtifacts], server: StubServer) -> None:
    hooks = RecordingHooks()
    server.respond = respond_with(
        200, 'data: {"n": 1}\n\ndata: {"n": "two"}\n\ndata: {"n": 3}\n\n', "text/event-stream"
    )
    with run_bridge(server.url, *things, hooks, on_violation="warn") as address:
        client = ThingsClient(address, *things)
        assert read_numbers(client, client.stream("Watch")) == [1, 3]
    assert [finding.pointer for finding in hooks.findings] == ["/n"]


def repeat(chunk: bytes) -> Callable[[web.Request], Any]:
    """Return a handler that sends the same chunk repeatedly."""

    async def respond(request: web.Request) -> web.StreamResponse:
        response = await open_stream(request)
        while True:
            await response.write(chunk)
            await asyncio.sleep(0.01)

    return respond


def test_a_cancelled_call_ends_the_stream(client: ThingsClient, server: StubServer) -> None:
    server.respond, before = repeat(b'data: {"n": 1}\n\n'), server.disconnects
    call = client.stream("Watch")
    next(call)
    call.cancel()
    assert wait_until(lambda: server.disconnects == before + 1, 1)


@pytest.mark.long
def test_a_thousand_cancelled_calls_leak_nothing(client: ThingsClient, server: StubServer) -> None:
    def leave(times: int) -> int:
        before = server.disconnects
        for _ in range(times):
            call = client.stream("Watch")
            next(call)
            call.cancel()
        assert wait_until(lambda: server.disconnects == before + times, 5)
        return len(list(Path("/proc/self/fd").iterdir()))

    server.respond = repeat(b'data: {"n": 1}\n\n')
    descriptors = leave(20)
    assert leave(1000) <= descriptors


def test_a_slow_client_slows_the_server_down(things: tuple[Build, LoadedArtifacts], server: StubServer) -> None:
    written: list[int] = []

    async def respond(request: web.Request) -> web.StreamResponse:
        response = await open_stream(request)
        piece = b'data: {"n": 1, "text": "' + b"x" * 100_000 + b'"}\n\n'
        for _ in range(1_000):
            await response.write(piece)
            written.append(len(piece))
        return response

    server.respond = respond
    narrow = (("grpc.http2.bdp_probe", 0),)
    with run_bridge(server.url, *things) as address, grpc.insecure_channel(address, narrow) as channel:
        watch: grpc.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream("/things.things.Things/Watch")
        call = watch(b"", timeout=60)
        next(call)
        time.sleep(2)
        begun = len(written)
        time.sleep(1)
        assert len(written) == begun < 500
        assert len(next(call)) > 100_000
        call.cancel()


def test_the_shutdown_ends_streams(things: tuple[Build, LoadedArtifacts], server: StubServer) -> None:
    server.respond = repeat(b'data: {"n": 1}\n\n')
    with run_bridge(server.url, *things) as address:
        client = ThingsClient(address, *things)
        call = client.stream("Watch", timeout=30)
        next(call)
        begun = time.monotonic()
    assert time.monotonic() - begun < 0.9  # less than the grace period
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


async def never_respond(request: web.Request) -> web.StreamResponse:
    """Send no response."""
    await asyncio.sleep(60)
    return web.Response()


async def send_headers_only(request: web.Request) -> web.StreamResponse:
    """Send the headers of an error, and no body."""
    response = web.StreamResponse(status=500)
    await response.prepare(request)
    await asyncio.sleep(60)
    return response


@pytest.mark.parametrize("respond", [never_respond, send_headers_only])
def test_the_shutdown_ends_streams_that_wait_for_the_server(
    things: tuple[Build, LoadedArtifacts], server: StubServer, respond: Any
) -> None:
    server.respond, before = respond, len(server.requests)
    with run_bridge(server.url, *things) as address:
        call = ThingsClient(address, *things).stream("Watch", timeout=30)
        assert wait_until(lambda: len(server.requests) > before, 10)
        time.sleep(0.2)
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    assert (caught.value.code(), unpack_details(caught.value)[0].reason) == (
        grpc.StatusCode.UNAVAILABLE,
        "BRIDGE_DRAINING",
    )
