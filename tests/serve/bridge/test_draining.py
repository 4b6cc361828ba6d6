"""From the signal to the end: what calls still bring is counted before it is told."""

from __future__ import annotations

import asyncio
import os
import signal

import grpc
import pytest
from bridges import Noted
from hostile import Line, hostile, http

from wirelock.build import Build
from wirelock.loader import Loaded
from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.listen import Listen, listen
from wirelock.serve.bridge.server import Bridge, serve
from wirelock.serve.net.upstream import Upstream, upstream


class Order(Noted):
    """Keeps what it is told in that order."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []
        self.address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def listening(self, address: str, upstream: str) -> None:
        self.address.set_result(address)

    def noted(self, rpc: str, findings: tuple[Finding, ...]) -> None:
        self.events.append("noted")

    def draining(self) -> None:
        self.events.append("draining")

    def drained(self) -> None:
        self.events.append("drained")


@pytest.mark.skipif(os.name == "nt", reason="a loop there handles no signals")
def test_the_end_is_told_after_what_the_last_calls_bring(things: tuple[Build, Loaded]) -> None:
    ended = asyncio.Event()

    async def talk(line: Line) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await ended.wait()
        await line.send(http(b'{"id": "a", "size": -1}'))

    async def run() -> list[str]:
        async with hostile(talk) as server:
            dialled, where, told = upstream(server.url, {}), listen("127.0.0.1:0"), Order()
            assert isinstance(dialled, Upstream) and isinstance(where, Listen)
            serving = asyncio.create_task(serve(Bridge(*things, dialled, where, told, "warn", told.watch())))
            async with grpc.aio.insecure_channel(await told.address) as channel:
                call = channel.unary_unary(f"/{things[0].proto.files[0].package}.Things/Get")(b"\n\x01a", timeout=20)
                while "draining" not in told.events:
                    await asyncio.sleep(0.01)
                ended.set()
                await call
            assert await serving is None
            return told.events

    assert asyncio.run(run()) == ["draining", "noted", "drained"]
