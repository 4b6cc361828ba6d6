"""Upstreams whose event streams are broken or hostile: each event that came whole is passed on, then the call fails."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable

import grpc
import pytest
from hostile import Line, Outcome, Server, Talk, fronted, gone, hostile, outcome_of, raw, says

from wirelock.build import Build
from wirelock.loader import Loaded

INTERNAL, UNAVAILABLE = grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE
SSE = "Content-Type: text/event-stream"
Watch = Callable[..., tuple[int, Outcome, Server]]


def named(build: Build) -> str:
    """The full name of the method that streams."""
    return f"/{build.proto.files[0].package}.Things/Watch"


@pytest.fixture
def watch(things: tuple[Build, Loaded]) -> Watch:
    """One stream on a bridge in front of an upstream that talks as told: the messages, and how it ended."""

    async def run(talk: Talk, timeout: float) -> tuple[int, Outcome, Server]:
        async with hostile(talk) as server, fronted(server.url, *things) as front:
            stream, messages = front.channel.unary_stream(named(things[0]))(b"", timeout=timeout), 0
            try:
                async for _ in stream:
                    messages += 1
            except grpc.aio.AioRpcError as error:
                return messages, outcome_of(error), server
            return messages, Outcome(grpc.StatusCode.OK), server

    def watched(talk: Talk | bytes, timeout: float = 20) -> tuple[int, Outcome, Server]:
        return asyncio.run(run(says(talk) if isinstance(talk, bytes) else talk, timeout))

    return watched


def events(*texts: str) -> bytes:
    """A stream that ends behind these events."""
    return raw("HTTP/1.1 200 OK", SSE, body="".join(f"{text}\n\n" for text in texts).encode())


async def resets(line: Line) -> None:
    chunk = b'retry: 1\ndata: {"n":1}\n\n'
    await line.send(
        raw("HTTP/1.1 200 OK", SSE, "Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n" % (len(chunk), chunk))
    )
    await asyncio.sleep(0.05)
    line.reset()


BROKEN: list[tuple[str, Talk | bytes, int, grpc.StatusCode, str]] = [
    ("it is encoded", raw("HTTP/1.1 200 OK", SSE, "Content-Encoding: gzip", body=gzip.compress(b'data: {"n":1}\n\n')), 0, INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("an event is no JSON", events('data: {"n":1}', "data: {"), 1, INTERNAL, "MALFORMED"),
    ("an event is no UTF-8", raw("HTTP/1.1 200 OK", SSE, body=b'data: {"n":1,"text":"\xff"}\n\n'), 0, INTERNAL, "MALFORMED"),
    ("an event repeats a key", events('data: {"n":1,"n":2}'), 0, INTERNAL, "MALFORMED"),
    ("an event holds NaN", events('data: {"n":NaN}'), 0, INTERNAL, "MALFORMED"),
    ("an event breaks its schema", events('data: {"n":1}', 'data: {"n":"1"}'), 1, INTERNAL, "VIOLATION"),
    ("an event is nested deeply", events("data: " + "[" * 100_000), 0, INTERNAL, "MALFORMED"),
    ("its chunks are bad", raw("HTTP/1.1 200 OK", SSE, "Transfer-Encoding: chunked", body=b'f\r\ndata: {"n":1}\n\n\r\nzz\r\n'), 0, INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("it is HTML", raw("HTTP/1.1 200 OK", "Content-Type: text/html", body=b"<html>"), 0, INTERNAL, "MEDIA_TYPE_UNDOCUMENTED"),
    ("it redirects", raw("HTTP/1.1 302 Found", "Location: http://127.0.0.1:1/", "Content-Length: 0"), 0, INTERNAL, "STATUS_UNDOCUMENTED"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("talk", "whole", "code", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_what_is_wrong_with_a_stream_ends_it(
    watch: Watch, talk: Talk | bytes, whole: int, code: grpc.StatusCode, reason: str
) -> None:
    messages, outcome, _ = watch(talk)
    assert (messages, outcome.code, outcome.reason) == (whole, code, reason), outcome.words
    assert outcome.words.isprintable()


def test_an_event_that_never_ends_is_cut_off(watch: Watch) -> None:
    async def talk(line: Line) -> None:
        await line.send(raw("HTTP/1.1 200 OK", SSE))
        for _ in range(1000):
            await line.send(b"data: " + b"a" * 2**20)

    began = time.monotonic()
    messages, outcome, _ = watch(talk, 60)
    assert (messages, outcome.code, outcome.reason) == (0, INTERNAL, "UPSTREAM_TOO_LARGE")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["a\x01b", "a\x7fb", "\ufffd\u202e", " a ", "a"])
def test_the_id_of_an_event_cannot_break_the_next_request(watch: Watch, name: str) -> None:
    """The stream is asked for again with what the upstream called its last event."""
    asked: list[bytes] = []

    async def talk(line: Line) -> None:
        asked.append(line.request)
        if len(asked) == 1:
            await line.send(events(f'retry: 1\nid: {name}\ndata: {{"n":1}}'))
        else:
            await line.send(raw("HTTP/1.1 204 No Content"))

    messages, outcome, _ = watch(talk)
    assert (messages, outcome.code) == (1, grpc.StatusCode.OK), outcome.words
    lines = [line for again in asked[1:] for line in again.split(b"\r\n") if line.lower().startswith(b"last-event-id:")]
    assert len(lines) == len(asked) - 1 and (lines or name != "a")
    assert not any(byte < 0x20 or byte == 0x7F for line in lines for byte in line)


def test_an_upstream_that_always_resets_is_given_up_only_when_it_says_nothing(watch: Watch) -> None:
    messages, outcome, server = watch(resets, 1)
    assert outcome.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert 1 < messages <= len(server.requests) <= messages + 1  # the deadline may come before a message does
    assert len(server.requests) < 25  # however short the pause that the upstream wishes for


def test_a_stream_that_is_cancelled_leaves_the_upstream_within_a_second(things: tuple[Build, Loaded]) -> None:
    async def endless(line: Line) -> None:
        await line.send(raw("HTTP/1.1 200 OK", SSE))
        while not line.gone.is_set():
            await line.send(b'data: {"n":1}\n\n')
            await asyncio.sleep(0.01)

    async def run() -> None:
        async with hostile(endless) as server, fronted(server.url, *things) as front:
            streams = [front.channel.unary_stream(named(things[0]))(b"") for _ in range(5)]
            for stream in streams:
                assert await stream.read()
            for stream in streams:
                stream.cancel()
            await gone(server)

    asyncio.run(run())
