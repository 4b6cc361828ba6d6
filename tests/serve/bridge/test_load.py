"""Many concurrent and many consecutive calls: all get a response, and no task or socket leaks."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from pathlib import Path

import grpc
import pytest
from raw_upstream import (
    GET,
    BridgeClient,
    RawServer,
    build_response,
    run_bridge_client,
    run_raw_server,
    send_response,
    stay_silent,
    wait_for_disconnects,
)

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts

CONCURRENT, CONSECUTIVE = 500, 10_000
DESCRIPTORS = Path("/proc/self/fd")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="the system does not list open descriptors"),
]


def count_open() -> tuple[int, int]:
    """Count the tasks of this loop, and the open descriptors of this process."""
    gc.collect()
    return len(asyncio.all_tasks()), len(list(DESCRIPTORS.iterdir()))


async def wait_until_no_more_than(before: tuple[int, int]) -> None:
    """Wait until no more tasks and descriptors are open than before; fails after ten seconds."""
    async with asyncio.timeout(10):
        while count_open()[0] > before[0] or count_open()[1] > before[1]:
            await asyncio.sleep(0.05)


def test_concurrent_calls_all_get_a_response_and_leak_nothing(project: Build, loaded: LoadedArtifacts) -> None:
    async def call_many(calls: int) -> Counter[grpc.StatusCode]:
        async with (
            run_raw_server(send_response(build_response()), keep=True) as server,
            run_bridge_client(server.url, project, loaded) as front,
        ):
            outcomes = await asyncio.gather(*(front.call(timeout=60) for _ in range(calls)))
            assert len(server.requests) == calls == len(front.hooks.calls)
        return Counter(outcome.code for outcome in outcomes)

    async def run() -> Counter[grpc.StatusCode]:
        await call_many(1)
        before = count_open()
        codes = await call_many(CONCURRENT)
        await wait_until_no_more_than(before)
        return codes

    assert asyncio.run(run()) == {grpc.StatusCode.OK: CONCURRENT}


def test_consecutive_calls_all_get_a_response_and_leak_nothing(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> Counter[grpc.StatusCode]:
        codes = Counter[grpc.StatusCode]()
        async with (
            run_raw_server(send_response(build_response()), keep=True) as server,
            run_bridge_client(server.url, project, loaded) as front,
        ):
            await front.call()
            before = count_open()
            for _ in range(CONSECUTIVE):
                codes[(await front.call()).code] += 1
            await wait_until_no_more_than(before)
            assert len(server.requests) == CONSECUTIVE + 1
        return codes

    assert asyncio.run(run()) == {grpc.StatusCode.OK: CONSECUTIVE}


def test_a_thousand_clients_that_disconnect_leak_nothing(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> None:
        async with run_raw_server(stay_silent) as server, run_bridge_client(server.url, project, loaded) as front:
            await start_and_leave(front, server, 10)
            before = count_open()
            for _ in range(10):
                await start_and_leave(front, server, 100)
            await wait_until_no_more_than(before)

    asyncio.run(run())


async def start_and_leave(front: BridgeClient, server: RawServer, clients: int) -> None:
    """Start a call for each of several clients, and disconnect them while the upstream is silent."""
    del server.requests[:]
    options = (("grpc.use_local_subchannel_pool", 1),)
    channels = [grpc.aio.insecure_channel(front.address, options) for _ in range(clients)]
    calls = [BridgeClient(front.address, channel, front.hooks).start("GetSession", GET) for channel in channels]
    async with asyncio.timeout(20):
        while len(server.requests) < clients:
            await asyncio.sleep(0.01)
    await asyncio.gather(*(channel.close() for channel in channels))
    await asyncio.gather(*calls, return_exceptions=True)
    await wait_for_disconnects(server)
