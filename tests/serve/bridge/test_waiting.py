"""Nothing waits for ever: streams take no place from calls, and what is not answered ends without a deadline, too."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import cast

import grpc
import pytest
from hostile import GET, SESSION, Line, Talk, fronted, hostile, http, outcome_of, raw, silent

from opencode_api import session_pb2
from wirelock.build import Build
from wirelock.ir import TypeId
from wirelock.loader import Loaded, TypeContract
from wirelock.serve.bridge import client
from wirelock.serve.bridge.preload import Warmth
from wirelock.serve.net import connections
from wirelock.serve.net.upstream import Upstream, connected

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
            assert (outcome.code, outcome.reason) == (EXHAUSTED, "BRIDGE_OVERLOADED")
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
            assert (outcome.code, outcome.reason) == (EXHAUSTED, "BRIDGE_OVERLOADED")
            for call in waiting:
                call.cancel()

    asyncio.run(run())


def test_a_call_without_a_deadline_ends(project: Build, loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.2)

    async def run() -> None:
        async with hostile(silent) as server, fronted(server.url, project, loaded) as front:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await asyncio.wait_for(front.start("GetSession", GET), 5)
            outcome = outcome_of(raised.value)
            assert (outcome.code, outcome.reason) == (TOO_LATE, "UPSTREAM_TIMEOUT")
            assert len(server.requests) == 1
            late = await front.call(timeout=0.6)
            assert (late.code, late.reason) == (TOO_LATE, ""), "the client's own deadline is kept to"

    asyncio.run(run())


async def begins(line: Line) -> None:
    """The headers of an answer that is no stream, and then nothing."""
    await line.send(raw("HTTP/1.1 404 Not Found", "Content-Type: application/json", "Content-Length: 9", body=b"{"))
    await line.gone.wait()


@pytest.mark.parametrize("talk", [silent, begins])
def test_a_stream_that_does_not_begin_ends_and_gives_its_place_back(
    things: tuple[Build, Loaded], monkeypatch: pytest.MonkeyPatch, talk: Talk
) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.2)

    async def run() -> None:
        async with hostile(talk) as server, fronted(server.url, *things) as front:
            watch = front.channel.unary_stream(f"/{things[0].proto.files[0].package}.Things/Watch")
            for _ in range(4):  # one more than there are places
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await asyncio.wait_for(watch(b"").read(), 5)
                outcome = outcome_of(raised.value)
                assert (outcome.code, outcome.reason) == (TOO_LATE, "UPSTREAM_TIMEOUT")
            assert len(server.requests) == 4
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await watch(b"", timeout=0.6).read()
            assert outcome_of(raised.value).reason == "", "the client's own deadline is kept to"

    asyncio.run(run())


def test_a_stream_that_has_begun_may_be_silent(things: tuple[Build, Loaded], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.2)

    async def talk(line: Line) -> None:
        await line.send(raw("HTTP/1.1 200 OK", "Content-Type: text/event-stream"))
        await asyncio.sleep(0.6)
        await line.send(b'data: {"n":1}\n\n')

    async def run() -> None:
        async with hostile(talk) as server, fronted(server.url, *things) as front:
            watch = front.channel.unary_stream(f"/{things[0].proto.files[0].package}.Things/Watch")
            assert await watch(b"").read()

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other names for it")
def test_whether_the_server_is_still_there_is_asked_where_a_stream_is_silent() -> None:
    """A machine that lost its power says no goodbye; nothing is sent on a stream that would go unanswered."""

    async def run() -> list[int]:
        async with (
            hostile(streams) as server,
            connected(Upstream(server.url)) as session,
            session.get(server.url) as response,
        ):
            assert response.connection is not None and response.connection.transport is not None
            line: socket.socket = response.connection.transport.get_extra_info("socket")
            tcp = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            return [line.getsockopt(socket.IPPROTO_TCP, option) for option in tcp]

    assert asyncio.run(run()) == [30, 10, 3]


def test_the_first_call_of_a_method_holds_up_no_other(
    project: Build, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a type needs is made once, and that may take seconds."""

    async def nothing(*_: object) -> None:
        """Make nothing beforehand."""

    monkeypatch.setattr(Warmth, "of_all", nothing)
    slow = _Slow(loaded)

    async def run() -> None:
        async with hostile(answered) as server, fronted(server.url, project, cast("Loaded", slow)) as front:
            assert (await front.call("ListSessions", session_pb2.Empty())).code is grpc.StatusCode.OK
            slow.seconds = 0.5
            first = front.start("GetSession", GET)
            await asyncio.sleep(0.1)
            began = time.monotonic()
            assert (await front.call("ListSessions", session_pb2.Empty())).code is grpc.StatusCode.OK
            assert time.monotonic() - began < 0.3
            assert (await first).id == "ses_1"

    asyncio.run(run())


async def answered(line: Line) -> None:
    await line.send(http(SESSION if line.target.startswith("/session/") else b"[]"))


class _Slow:
    """Artefacts that take their time for each type that is asked for first."""

    def __init__(self, loaded: Loaded) -> None:
        self.seconds = 0.0
        self.descriptors, self.carrier = loaded.descriptors, loaded.carrier
        self._loaded = loaded
        self.made: set[TypeId] = set()

    def contract(self, key: TypeId) -> TypeContract:
        if key not in self.made:
            time.sleep(self.seconds)
            self.made.add(key)
        return self._loaded.contract(key)


def test_what_methods_need_is_made_before_they_are_called(project: Build, loaded: Loaded) -> None:
    async def run() -> None:
        slow = _Slow(loaded)
        async with hostile(answered) as server, fronted(server.url, project, cast("Loaded", slow)) as front:
            while not slow.made >= {
                method.response for service in project.graph.services for method in service.methods
            }:
                await asyncio.sleep(0.05)
            slow.seconds = 10.0
            assert (await front.call(timeout=5)).code is grpc.StatusCode.OK

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_bridge_that_ends_makes_no_type_to_its_end(
    project: Build, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is made behind its start is left at the next step, else the process would stay for as long as it takes."""
    begun, made = threading.Event(), list[TypeContract]()

    def making(contract: TypeContract, *, model: bool) -> Iterator[None]:
        begun.set()
        for _ in range(100):
            time.sleep(0.05)
            yield
        made.append(contract)

    monkeypatch.setattr(TypeContract, "making", making)

    async def run() -> float:
        async with hostile(answered) as server, fronted(server.url, project, loaded):
            await asyncio.to_thread(begun.wait, 10)
            return time.monotonic()

    asked = asyncio.run(run())
    for thread in threading.enumerate():
        if thread.name.startswith("wirelock-types"):
            thread.join(10)
    assert begun.is_set() and made == []
    assert time.monotonic() - asked < 2.5
