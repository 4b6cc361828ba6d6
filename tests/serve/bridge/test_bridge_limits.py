"""Limits and timeouts of the bridge: separate limits for calls and streams, and a timeout without a deadline."""

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
from raw_upstream import (
    GET,
    SESSION,
    RawConnection,
    Script,
    StreamMethod,
    UnaryMethod,
    build_response,
    join_lines,
    run_bridge_client,
    run_raw_server,
    stay_silent,
    to_outcome,
)

from opencode_api import session_pb2
from wirelock.build import Build
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts, TypeContract
from wirelock.serve.bridge import client
from wirelock.serve.bridge.preload import Preloader
from wirelock.serve.net import connections
from wirelock.serve.net.upstream import Upstream, open_session

EXHAUSTED, TOO_LATE = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.fixture(autouse=True)
def lower_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CALLS", 2)
    monkeypatch.setattr(connections, "MAX_STREAMS", 3)
    monkeypatch.setattr(connections, "QUEUE_SECONDS", 0.2)


async def send_stream_or_count(connection: RawConnection) -> None:
    """Send an endless stream, or a count."""
    if connection.target == "/count":
        await connection.send(build_response(b"1"))
        return
    await connection.send(join_lines("HTTP/1.1 200 OK", "Content-Type: text/event-stream", body=b'data: {"n":1}\n\n'))
    await connection.disconnected.wait()


def test_open_streams_do_not_block_calls_and_have_a_limit(things: tuple[Build, LoadedArtifacts]) -> None:
    async def run() -> None:
        async with run_raw_server(send_stream_or_count) as server, run_bridge_client(server.url, *things) as front:
            service = f"/{things[0].proto.files[0].package}.Things"
            watch: StreamMethod = front.channel.unary_stream(f"{service}/Watch")
            count: UnaryMethod = front.channel.unary_unary(f"{service}/Count")
            streams = [watch(b"") for _ in range(3)]
            for stream in streams:
                assert await stream.read()
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await watch(b"").read()
            outcome = to_outcome(raised.value)
            assert (outcome.code, outcome.reason) == (EXHAUSTED, "BRIDGE_OVERLOADED")
            assert await count(b"", timeout=5)
            streams.pop().cancel()
            await asyncio.sleep(0.1)
            assert await watch(b"").read()
            for stream in streams:
                stream.cancel()

    asyncio.run(run())


def test_a_call_without_a_slot_fails_after_a_while(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> None:
        async with run_raw_server(stay_silent) as server, run_bridge_client(server.url, project, loaded) as front:
            waiting = [front.start("GetSession", GET) for _ in range(2)]
            while len(server.requests) < 2:
                await asyncio.sleep(0.01)
            outcome = await front.call()
            assert (outcome.code, outcome.reason) == (EXHAUSTED, "BRIDGE_OVERLOADED")
            for call in waiting:
                call.cancel()

    asyncio.run(run())


def test_a_call_without_a_deadline_has_a_timeout(
    project: Build, loaded: LoadedArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)

    async def run() -> None:
        async with run_raw_server(stay_silent) as server, run_bridge_client(server.url, project, loaded) as front:
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await asyncio.wait_for(front.start("GetSession", GET), 5)
            outcome = to_outcome(raised.value)
            assert (outcome.code, outcome.reason) == (TOO_LATE, "UPSTREAM_TIMEOUT")
            assert len(server.requests) == 1
            late = await front.call(timeout=0.6)
            assert (late.code, late.reason) == (TOO_LATE, ""), "the deadline of the client applies"

    asyncio.run(run())


async def send_headers_only(connection: RawConnection) -> None:
    """Send the headers of a response that is not a stream, then nothing."""
    await connection.send(
        join_lines("HTTP/1.1 404 Not Found", "Content-Type: application/json", "Content-Length: 9", body=b"{")
    )
    await connection.disconnected.wait()


@pytest.mark.parametrize("script", [stay_silent, send_headers_only])
def test_a_stream_that_does_not_open_times_out_and_releases_its_slot(
    things: tuple[Build, LoadedArtifacts], monkeypatch: pytest.MonkeyPatch, script: Script
) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)

    async def run() -> None:
        async with run_raw_server(script) as server, run_bridge_client(server.url, *things) as front:
            watch: StreamMethod = front.channel.unary_stream(f"/{things[0].proto.files[0].package}.Things/Watch")
            for _ in range(4):  # one more than the limit
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await asyncio.wait_for(watch(b"").read(), 5)
                outcome = to_outcome(raised.value)
                assert (outcome.code, outcome.reason) == (TOO_LATE, "UPSTREAM_TIMEOUT")
            assert len(server.requests) == 4
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await watch(b"", timeout=0.6).read()
            assert to_outcome(raised.value).reason == "", "the deadline of the client applies"

    asyncio.run(run())


def test_an_open_stream_may_be_silent(things: tuple[Build, LoadedArtifacts], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)

    async def script(connection: RawConnection) -> None:
        await connection.send(join_lines("HTTP/1.1 200 OK", "Content-Type: text/event-stream"))
        await asyncio.sleep(0.6)
        await connection.send(b'data: {"n":1}\n\n')

    async def run() -> None:
        async with run_raw_server(script) as server, run_bridge_client(server.url, *things) as front:
            watch: StreamMethod = front.channel.unary_stream(f"/{things[0].proto.files[0].package}.Things/Watch")
            assert await watch(b"").read()

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other names for the options")
def test_connections_to_the_upstream_have_tcp_keepalive() -> None:
    """Keepalive detects a server that lost its power, since a stream sends nothing that the server would acknowledge."""

    async def run() -> list[int]:
        async with (
            run_raw_server(send_stream_or_count) as server,
            open_session(Upstream(server.url)) as session,
            session.get(server.url) as response,
        ):
            assert response.connection is not None and response.connection.transport is not None
            connection: socket.socket = response.connection.transport.get_extra_info("socket")
            tcp = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            return [connection.getsockopt(socket.IPPROTO_TCP, option) for option in tcp]

    assert asyncio.run(run()) == [30, 10, 3]


def test_the_first_call_of_a_method_does_not_block_others(
    project: Build, loaded: LoadedArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The codecs of a type are built at its first use, which may take seconds."""

    async def preload_nothing(*_: object) -> None:
        """Do nothing."""

    monkeypatch.setattr(Preloader, "load_all", preload_nothing)
    slow = SlowArtifacts(loaded)

    async def run() -> None:
        async with (
            run_raw_server(respond) as server,
            run_bridge_client(server.url, project, cast("LoadedArtifacts", slow)) as front,
        ):
            assert (await front.call("ListSessions", session_pb2.Empty())).code is grpc.StatusCode.OK
            slow.seconds = 0.5
            first = front.start("GetSession", GET)
            await asyncio.sleep(0.1)
            began = time.monotonic()
            assert (await front.call("ListSessions", session_pb2.Empty())).code is grpc.StatusCode.OK
            assert time.monotonic() - began < 0.3
            assert (await first).id == "ses_1"

    asyncio.run(run())


async def respond(connection: RawConnection) -> None:
    await connection.send(build_response(SESSION if connection.target.startswith("/session/") else b"[]"))


class SlowArtifacts:
    """Artifacts whose types take time to load."""

    def __init__(self, loaded: LoadedArtifacts) -> None:
        self.seconds = 0.0
        self.descriptors, self.get_lenient_codec = loaded.descriptors, loaded.get_lenient_codec
        self._loaded = loaded
        self.built: set[TypeId] = set()

    def get_contract(self, key: TypeId) -> TypeContract:
        if key not in self.built:
            time.sleep(self.seconds)
            self.built.add(key)
        return self._loaded.get_contract(key)


def test_types_are_built_before_the_first_call(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> None:
        slow = SlowArtifacts(loaded)
        async with (
            run_raw_server(respond) as server,
            run_bridge_client(server.url, project, cast("LoadedArtifacts", slow)) as front,
        ):
            while not slow.built >= {
                method.response for service in project.graph.services for method in service.methods
            }:
                await asyncio.sleep(0.05)
            slow.seconds = 10.0
            assert (await front.call(timeout=5)).code is grpc.StatusCode.OK

    asyncio.run(asyncio.wait_for(run(), 60))


def test_the_shutdown_stops_the_current_build(
    project: Build, loaded: LoadedArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the process would exit only after the build."""
    begun, built = threading.Event(), list[TypeContract]()

    def build_slowly(contract: TypeContract, *, model: bool) -> Iterator[None]:
        begun.set()
        for _ in range(100):
            time.sleep(0.05)
            yield
        built.append(contract)

    monkeypatch.setattr(TypeContract, "build_steps", build_slowly)

    async def run() -> float:
        async with run_raw_server(respond) as server, run_bridge_client(server.url, project, loaded):
            await asyncio.to_thread(begun.wait, 10)
            return time.monotonic()

    stopped = asyncio.run(run())
    for thread in threading.enumerate():
        if thread.name.startswith("wirelock-types"):
            thread.join(10)
    assert begun.is_set() and built == []
    assert time.monotonic() - stopped < 2.5
