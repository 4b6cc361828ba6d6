"""What tells a stream that goes on from one whose other end is gone: the bridge's heartbeat, and the server's."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import grpc
import pytest
from aiohttp import web
from bridges import Noted, bridged
from stub import Stub
from test_bridge_streams import opened
from test_unary import until
from things import Client

from wirelock.build import Build
from wirelock.loader import Loaded
from wirelock.serve.bridge import server as bridge

BEAT, PATIENCE = 30_000, 10_000
QUICK = 500
"""Milliseconds that a test has for what the bridge has BEAT and PATIENCE for."""


@dataclass
class Wire:
    """What lies between a client and a bridge; cut, it carries nothing more, and neither end is told."""

    bridge: tuple[str, int]
    is_cut: threading.Event = field(default_factory=threading.Event)
    ends: list[socket.socket] = field(default_factory=list)

    def carry(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self.bridge)
                self.ends += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while (piece := source.recv(2**16)) and not self.is_cut.is_set():
                target.sendall(piece)


@contextlib.contextmanager
def wired(address: str) -> Iterator[tuple[str, Wire]]:
    """A wire to a bridge, and the address of its other end."""
    host, _, port = address.rpartition(":")
    wire = Wire((host, int(port)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=wire.carry, args=(listener,), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", wire
        for end in wire.ends:
            end.close()


async def one_event(request: web.Request) -> web.StreamResponse:
    """An event, and then nothing for long."""
    response = await opened(request)
    await response.write(b'data: {"n": 1}\n\n')
    await asyncio.sleep(60)
    return response


def hurried() -> tuple[tuple[str, int], ...]:
    """The options of the bridge with a quick heartbeat, and none added."""
    return tuple((name, QUICK if value in (BEAT, PATIENCE) else value) for name, value in bridge._OPTIONS)


def test_a_client_that_vanished_is_noticed_and_its_stream_is_given_up(
    things: tuple[Build, Loaded], server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "_OPTIONS", hurried())
    server.answer, before = one_event, server.gone
    with bridged(server.url, *things) as address, wired(address) as (far_end, wire):
        client = Client(far_end, *things)
        call = client.stream("Watch", timeout=60)
        assert client.read("Watch", next(call)) == {"n": 1}
        assert not until(lambda: server.gone > before, 1.5)  # a client that answers heartbeats is there
        wire.is_cut.set()
        assert until(lambda: server.gone == before + 1, 10)
        call.cancel()


def test_heartbeats_of_the_server_are_nothing(things: tuple[Build, Loaded], server: Stub) -> None:
    async def beating(request: web.Request) -> web.StreamResponse:
        response = await opened(request)
        for _ in range(20):
            await response.write(b": beat\n\n:\n\n")
        await response.write(b'data: {"n": 1}\n\n: beat\n\n')
        return response

    server.answer, noted = beating, Noted()
    with bridged(server.url, *things, noted) as address:
        client = Client(address, *things)
        call = client.stream("Watch", timeout=30)
        assert [client.read("Watch", message) for message in call] == [{"n": 1}]
        assert call.code() is grpc.StatusCode.OK
    assert noted.findings == []
