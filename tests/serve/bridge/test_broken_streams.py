"""Broken and hostile event streams: the bridge forwards each whole event, then the call fails."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable

import grpc
import pytest
from raw_upstream import (
    CallOutcome,
    RawConnection,
    RawServer,
    Script,
    StreamMethod,
    join_lines,
    run_bridge_client,
    run_raw_server,
    send_response,
    to_outcome,
    wait_for_disconnects,
)

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts

INTERNAL, UNAVAILABLE = grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE
SSE = "Content-Type: text/event-stream"
WatchStream = Callable[..., tuple[int, CallOutcome, RawServer]]


def get_watch_path(build: Build) -> str:
    """Return the full name of the streaming method."""
    return f"/{build.proto.files[0].package}.Things/Watch"


@pytest.fixture
def watch(things: tuple[Build, LoadedArtifacts]) -> WatchStream:
    """Make one streaming call with an upstream script; gives the number of messages and the outcome."""

    async def run(script: Script, timeout: float) -> tuple[int, CallOutcome, RawServer]:
        async with run_raw_server(script) as server, run_bridge_client(server.url, *things) as front:
            method: StreamMethod = front.channel.unary_stream(get_watch_path(things[0]))
            messages = 0
            try:
                async for _ in method(b"", timeout=timeout):
                    messages += 1
            except grpc.aio.AioRpcError as error:
                return messages, to_outcome(error), server
            return messages, CallOutcome(grpc.StatusCode.OK), server

    def make_call(script: Script | bytes, timeout: float = 20) -> tuple[int, CallOutcome, RawServer]:
        return asyncio.run(run(send_response(script) if isinstance(script, bytes) else script, timeout))

    return make_call


def build_events(*texts: str) -> bytes:
    """Build an event stream that ends after these events."""
    return join_lines("HTTP/1.1 200 OK", SSE, body="".join(f"{text}\n\n" for text in texts).encode())


async def send_event_and_reset(connection: RawConnection) -> None:
    chunk = b'retry: 1\ndata: {"n":1}\n\n'
    await connection.send(
        join_lines("HTTP/1.1 200 OK", SSE, "Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n" % (len(chunk), chunk))
    )
    await asyncio.sleep(0.05)
    connection.reset()


BROKEN: list[tuple[str, Script | bytes, int, grpc.StatusCode, str]] = [
    ("with a content coding", join_lines("HTTP/1.1 200 OK", SSE, "Content-Encoding: gzip", body=gzip.compress(b'data: {"n":1}\n\n')), 0, INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("an event that is not JSON", build_events('data: {"n":1}', "data: {"), 1, INTERNAL, "MALFORMED"),
    ("an event that is not UTF-8", join_lines("HTTP/1.1 200 OK", SSE, body=b'data: {"n":1,"text":"\xff"}\n\n'), 0, INTERNAL, "MALFORMED"),
    ("an event with a duplicate key", build_events('data: {"n":1,"n":2}'), 0, INTERNAL, "MALFORMED"),
    ("an event with NaN", build_events('data: {"n":NaN}'), 0, INTERNAL, "MALFORMED"),
    ("an event that violates its schema", build_events('data: {"n":1}', 'data: {"n":"1"}'), 1, INTERNAL, "VIOLATION"),
    ("a deeply nested event", build_events("data: " + "[" * 100_000), 0, INTERNAL, "MALFORMED"),
    ("invalid chunks", join_lines("HTTP/1.1 200 OK", SSE, "Transfer-Encoding: chunked", body=b'f\r\ndata: {"n":1}\n\n\r\nzz\r\n'), 0, INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("HTML", join_lines("HTTP/1.1 200 OK", "Content-Type: text/html", body=b"<html>"), 0, INTERNAL, "MEDIA_TYPE_UNDOCUMENTED"),
    ("a redirect", join_lines("HTTP/1.1 302 Found", "Location: http://127.0.0.1:1/", "Content-Length: 0"), 0, INTERNAL, "STATUS_UNDOCUMENTED"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "whole", "code", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_a_broken_stream_fails_the_call(
    watch: WatchStream, script: Script | bytes, whole: int, code: grpc.StatusCode, reason: str
) -> None:
    messages, outcome, _ = watch(script)
    assert (messages, outcome.code, outcome.reason) == (whole, code, reason), outcome.details
    assert outcome.details.isprintable()


def test_an_endless_event_is_rejected(watch: WatchStream) -> None:
    async def script(connection: RawConnection) -> None:
        await connection.send(join_lines("HTTP/1.1 200 OK", SSE))
        for _ in range(1000):
            await connection.send(b"data: " + b"a" * 2**20)

    began = time.monotonic()
    messages, outcome, _ = watch(script, 60)
    assert (messages, outcome.code, outcome.reason) == (0, INTERNAL, "UPSTREAM_TOO_LARGE")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["a\x01b", "a\x7fb", "\ufffd\u202e", " a ", "a"])
def test_an_event_id_cannot_inject_headers(watch: WatchStream, name: str) -> None:
    """The next request contains the id of the last event."""
    requests: list[bytes] = []

    async def script(connection: RawConnection) -> None:
        requests.append(connection.request)
        if len(requests) == 1:
            await connection.send(build_events(f'retry: 1\nid: {name}\ndata: {{"n":1}}'))
        else:
            await connection.send(join_lines("HTTP/1.1 204 No Content"))

    messages, outcome, _ = watch(script)
    assert (messages, outcome.code) == (1, grpc.StatusCode.OK), outcome.details
    lines = [
        line
        for request in requests[1:]
        for line in request.split(b"\r\n")
        if line.lower().startswith(b"last-event-id:")
    ]
    assert len(lines) == len(requests) - 1 and (lines or name != "a")
    assert not any(byte < 0x20 or byte == 0x7F for line in lines for byte in line)


def test_a_stream_that_delivers_events_is_reopened_without_limit(watch: WatchStream) -> None:
    messages, outcome, server = watch(send_event_and_reset, 1)
    assert outcome.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert 1 < messages <= len(server.requests) <= messages + 1  # the deadline may expire before a message arrives
    assert len(server.requests) < 25  # the retry time of the upstream has a minimum


def test_a_cancelled_stream_disconnects_from_the_upstream_within_a_second(
    things: tuple[Build, LoadedArtifacts],
) -> None:
    async def endless(connection: RawConnection) -> None:
        await connection.send(join_lines("HTTP/1.1 200 OK", SSE))
        while not connection.disconnected.is_set():
            await connection.send(b'data: {"n":1}\n\n')
            await asyncio.sleep(0.01)

    async def run() -> None:
        async with run_raw_server(endless) as server, run_bridge_client(server.url, *things) as front:
            method: StreamMethod = front.channel.unary_stream(get_watch_path(things[0]))
            streams = [method(b"") for _ in range(5)]
            for stream in streams:
                assert await stream.read()
            for stream in streams:
                stream.cancel()
            await wait_for_disconnects(server)

    asyncio.run(run())
