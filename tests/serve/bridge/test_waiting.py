"""Nothing waits for ever: streams take no place from calls, and what is not answered ends without a deadline, too."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from hostile import GET, Line, fronted, hostile, http, outcome_of, raw, silent

from wirelock.artifacts import Loaded
from wirelock.build import Build
from wirelock.serve import connections
from wirelock.serve.bridge import sending

EXHAUSTED, TOO_LATE = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    monkeypatch.setattr(connections, "MOST_STREAMS", 3)
    monkeypatch.setattr(connections, "PATIENCE", 0.2)


async def streams(line: Line) -> None:
    """A stream without end, and whatever else is asked for."""
    if line.target == "/count":
        await line.send(http(b"1"))
        return
    await line.send(raw("HTTP/1.1 200 OK", "Content-Type: text/event-stream", body=b'data: {"n":1}\n\n'))
    await line.gone.wait()


def test_open_streams_hold_up_no_call_and_one_too_many_is_told(things: tuple[Build, Loaded]) -> None:
    async def run() -> None:
        async with hostile(streams) as server, fronted(server.url, *things) as front:
            service = f"/{things[0].proto.files[0].package}.Things"
            watch, count = front.channel.unary_stream(f"{service}/Watch"), front.channel.unary_unary(f"{service}/Count")
            opened = [watch(b"") for _ in range(3)]
            for stream in opened:
                assert await stream.read()
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await watch(b"").read()
            outcome = outcome_of(raised.value)
            assert (outcome.code, outcome.reason) == (EXHAUSTED, "UPSTREAM_BUSY")
            assert await count(b"", timeout=5)
            opened.pop().cancel()
            await asyncio.sleep(0.1)
            assert await watch(b"").read()
            for stream in opened:
                stream.cancel()

    asyncio.run(run())


def test_a_call_waits_a_while_for_others_and_is_told(project: Build, loaded: Loaded) -> None:
    async def run() -> None:
        async with hostile(silent) as server, fronted(server.url, project, loaded) as front:
            waiting = [front.start("GetSession", GET) for _ in range(2)]
            while len(server.requests) < 2:
                await asyncio.sleep(0.01)
            outcome = await front.call()
            assert (outcome.code, outcome.reason) == (EXHAUSTED, "UPSTREAM_BUSY")
            for call in waiting:
                call.cancel()

    asyncio.run(run())


def test_a_call_without_a_deadline_ends(project: Build, loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.2)

    async def run() -> None:
        async with hostile(silent) as server, fronted(server.url, project, loaded) as front:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await asyncio.wait_for(front.start("GetSession", GET), 5)
            outcome = outcome_of(raised.value)
            assert (outcome.code, outcome.reason) == (TOO_LATE, "UPSTREAM_SLOW")
            assert len(server.requests) == 1
            late = await front.call(timeout=0.6)
            assert (late.code, late.reason) == (TOO_LATE, ""), "the client's own deadline is kept to"

    asyncio.run(run())
