"""Many calls at once and many in a row: none is lost, nothing is left."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from pathlib import Path

import grpc
import pytest
from hostile import GET, Front, Server, fronted, gone, hostile, http, says, silent

from wirelock.build import Build
from wirelock.loader import Loaded

AT_ONCE, IN_A_ROW = 500, 10_000
DESCRIPTORS = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="the system does not list open descriptors")


def left() -> tuple[int, int]:
    """The tasks of this loop, and the open descriptors of this process, sockets among them."""
    gc.collect()
    return len(asyncio.all_tasks()), len(list(DESCRIPTORS.iterdir()))


async def nothing_more_than(before: tuple[int, int]) -> None:
    """Wait until no more is left than before; fails after ten seconds."""
    async with asyncio.timeout(10):
        while left()[0] > before[0] or left()[1] > before[1]:
            await asyncio.sleep(0.05)


def test_calls_at_once_are_all_answered_and_leave_nothing(project: Build, loaded: Loaded) -> None:
    async def answered(calls: int) -> Counter[grpc.StatusCode]:
        async with hostile(says(http()), keep=True) as server, fronted(server.url, project, loaded) as front:
            outcomes = await asyncio.gather(*(front.call(timeout=60) for _ in range(calls)))
            assert len(server.requests) == calls == len(front.noted.calls)
        return Counter(outcome.code for outcome in outcomes)

    async def run() -> Counter[grpc.StatusCode]:
        await answered(1)
        before = left()
        codes = await answered(AT_ONCE)
        await nothing_more_than(before)
        return codes

    assert asyncio.run(run()) == {grpc.StatusCode.OK: AT_ONCE}


def test_calls_in_a_row_are_all_answered_and_hold_no_more_than_one(project: Build, loaded: Loaded) -> None:
    async def run() -> Counter[grpc.StatusCode]:
        codes = Counter[grpc.StatusCode]()
        async with hostile(says(http()), keep=True) as server, fronted(server.url, project, loaded) as front:
            await front.call()
            before = left()
            for _ in range(IN_A_ROW):
                codes[(await front.call()).code] += 1
            await nothing_more_than(before)
            assert len(server.requests) == IN_A_ROW + 1
        return codes

    assert asyncio.run(run()) == {grpc.StatusCode.OK: IN_A_ROW}


def test_a_thousand_clients_that_go_leave_nothing_behind(project: Build, loaded: Loaded) -> None:
    async def run() -> None:
        async with hostile(silent) as server, fronted(server.url, project, loaded) as front:
            await leave(front, server, 10)
            before = left()
            for _ in range(10):
                await leave(front, server, 100)
            await nothing_more_than(before)

    asyncio.run(run())


async def leave(front: Front, server: Server, clients: int) -> None:
    """Clients, each with a connection of its own, that go while the upstream is silent."""
    del server.requests[:]
    options = (("grpc.use_local_subchannel_pool", 1),)
    channels = [grpc.aio.insecure_channel(front.address, options) for _ in range(clients)]
    calls = [Front(front.address, channel, front.noted).start("GetSession", GET) for channel in channels]
    async with asyncio.timeout(20):
        while len(server.requests) < clients:
            await asyncio.sleep(0.01)
    await asyncio.gather(*(channel.close() for channel in channels))
    await asyncio.gather(*calls, return_exceptions=True)
    await gone(server)
