"""Shutdown by a signal: the findings of the last calls precede the end."""

from __future__ import annotations

import asyncio
import os
import signal

import grpc
import pytest
from raw_upstream import RawConnection, UnaryMethod, build_response, run_raw_server
from running_bridge import RecordingHooks

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts
from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.listen import GrpcListenAddress, parse_grpc_listen_address
from wirelock.serve.bridge.server import Bridge, serve
from wirelock.serve.net.upstream import Upstream, resolve_upstream


class OrderedHooks(RecordingHooks):
    """Hooks that record the order of events."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[str] = []
        self.address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def on_listening(self, address: str, upstream: str) -> None:
        self.address.set_result(address)

    def on_findings(self, rpc: str, findings: tuple[Finding, ...]) -> None:
        self.events.append("findings")

    def on_shutdown(self) -> None:
        self.events.append("shutdown")

    def on_stopped(self) -> None:
        self.events.append("stopped")


@pytest.mark.skipif(os.name == "nt", reason="event loops on Windows do not handle signals")
def test_findings_of_the_last_calls_precede_the_end(things: tuple[Build, LoadedArtifacts]) -> None:
    ended = asyncio.Event()

    async def respond(connection: RawConnection) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await ended.wait()
        await connection.send(build_response(b'{"id": "a", "size": -1}'))

    async def run() -> list[str]:
        async with run_raw_server(respond) as server:
            upstream, address, hooks = (
                resolve_upstream(server.url, {}),
                parse_grpc_listen_address("127.0.0.1:0"),
                OrderedHooks(),
            )
            assert isinstance(upstream, Upstream) and isinstance(address, GrpcListenAddress)
            serving = asyncio.create_task(serve(Bridge(*things, upstream, address, hooks, "warn", hooks.instrument())))
            async with grpc.aio.insecure_channel(await hooks.address) as channel:
                method: UnaryMethod = channel.unary_unary(f"/{things[0].proto.files[0].package}.Things/Get")
                call = method(b"\n\x01a", timeout=20)
                while "shutdown" not in hooks.events:
                    await asyncio.sleep(0.01)
                ended.set()
                await call
            assert await serving is None
            return hooks.events

    assert asyncio.run(run()) == ["shutdown", "findings", "stopped"]
