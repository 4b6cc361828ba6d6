"""Heartbeats of the bridge and of the server, which detect a peer that is gone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import grpc
import pytest
from aiohttp import web
from example_api import ThingsClient
from running_bridge import RecordingHooks, run_bridge
from stub_server import StubServer
from test_bridge_streams import open_stream
from test_unary import wait_until

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts

KEEPALIVE, TIMEOUT = 30_000, 10_000
QUICK = 500
"""Milliseconds that replace KEEPALIVE and TIMEOUT in a test."""


@dataclass
class ForwardedConnection:
    """A connection between a client and a bridge; once cut, it forwards nothing, and neither peer is notified."""

    bridge: tuple[str, int]
    is_cut: threading.Event = field(default_factory=threading.Event)
    ends: list[socket.socket] = field(default_factory=list[socket.socket])

    def forward(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self.bridge)
                self.ends += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(2**16)) and not self.is_cut.is_set():
                target.sendall(data)


@contextlib.contextmanager
def forward_to(address: str) -> Generator[tuple[str, ForwardedConnection]]:
    """Forward connections to a bridge; yield the address to connect to."""
    host, _, port = address.rpartition(":")
    wire = ForwardedConnection((host, int(port)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=wire.forward, args=(listener,), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", wire
        for end in wire.ends:
            end.close()


async def send_one_event(request: web.Request) -> web.StreamResponse:
    """Send one event, then nothing."""
    response = await open_stream(request)
    await response.write(b'data: {"n": 1}\n\n')
    await asyncio.sleep(60)
    return response


def speed_up_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give servers a faster heartbeat."""
    create_server = grpc.aio.server

    def create_quick_server(*, options: Sequence[tuple[str, int]]) -> grpc.aio.Server:
        assert {KEEPALIVE, TIMEOUT} <= {value for _, value in options}
        return create_server(
            options=[(name, QUICK if value in (KEEPALIVE, TIMEOUT) else value) for name, value in options]
        )

    monkeypatch.setattr(grpc.aio, "server", create_quick_server)


def test_the_stream_of_a_vanished_client_is_closed(
    things: tuple[Build, LoadedArtifacts], server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    speed_up_heartbeat(monkeypatch)
    server.respond, before = send_one_event, server.disconnects
    with run_bridge(server.url, *things) as address, forward_to(address) as (far_end, wire):
        client = ThingsClient(far_end, *things)
        call = client.stream("Watch", timeout=60)
        assert client.decode("Watch", next(call)) == {"n": 1}
        assert not wait_until(
            lambda: server.disconnects > before, 1.5
        )  # a client that answers heartbeats keeps its stream
        wire.is_cut.set()
        assert wait_until(lambda: server.disconnects == before + 1, 10)
        call.cancel()


def test_heartbeats_of_the_server_are_ignored(things: tuple[Build, LoadedArtifacts], server: StubServer) -> None:
    async def send_heartbeats(request: web.Request) -> web.StreamResponse:
        response = await open_stream(request)
        for _ in range(20):
            await response.write(b": beat\n\n:\n\n")
        await response.write(b'data: {"n": 1}\n\n: beat\n\n')
        return response

    server.respond, hooks = send_heartbeats, RecordingHooks()
    with run_bridge(server.url, *things, hooks) as address:
        client = ThingsClient(address, *things)
        call = client.stream("Watch", timeout=30)
        assert [client.decode("Watch", message) for message in call] == [{"n": 1}]
        assert call.code() is grpc.StatusCode.OK
    assert hooks.findings == []
