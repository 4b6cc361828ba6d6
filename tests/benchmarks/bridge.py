"""Measures calls through `wirelock serve` against the same calls made directly: `python tests/benchmarks/bridge.py`.

The upstream is a stub of aiohttp in a process of its own, the bridge another, both on this machine; the ways take turns, a
round of calls each, so that all meet the same load. A bare bridge, which passes on bytes and does nothing else, shows what
grpc.aio and aiohttp cost by themselves. With `--write` the table goes into docs/performance-live.md. Checked is that at the
median not more than 1.5 ms are added, and that at least a fifth of the calls in a second is carried.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import grpc
from aiohttp import web

from opencode_api import session_pb2, session_pb2_grpc

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/performance-live.md"
ROUNDS, CALLS, AT_ONCE = 9, 1000, 64
MOST_ADDED, LEAST_CARRIED = 1.5, 0.2
SERVICE = "opencode.session.SessionService"
SESSION = (
    b'{"id":"ses_dfc7fb395ffezBbAFbRTeXno3d","slug":"swift-panda","version":"1.18.33","projectID":"global",'
    b'"directory":"/work/project","path":"","title":"Measure the bridge","time":{"created":1767225600000,'
    b'"updated":1767225660000},"cost":0.0125,"tokens":{"input":1200,"output":340,"reasoning":0,'
    b'"cache":{"read":0,"write":0}},"metadata":{"origin":"benchmark"}}'
)
Call = Callable[[], Awaitable[object]]


async def stub() -> None:
    """An upstream that answers every session alike, until its process ends; prints its port."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=SESSION, content_type="application/json")

    app = web.Application()
    app.router.add_get("/session/{id}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"address=127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


async def bare(address: str) -> None:
    """The least that a bridge to this address can be, until its process ends; prints its port."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def answer(_: bytes, __: object) -> bytes:
            async with session.get(f"http://{address}/session/ses_1") as response:
                await response.read()
            return b""

        server = grpc.aio.server()
        calls = {"GetSession": grpc.unary_unary_rpc_method_handler(answer)}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, calls),))
        print(f"address=127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", flush=True)
        await server.start()
        await server.wait_for_termination()


@contextlib.asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[str]:
    """A process that says where it listens, on either stream; gives the address."""
    pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    running = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdout=pipe, stderr=both)
    assert running.stdout is not None
    try:
        async with asyncio.timeout(60):
            async for line in running.stdout:
                if found := re.search(rb"address=(\S+)", line):
                    break
            else:
                raise RuntimeError("the process ended before it listened")
        drained = asyncio.create_task(_drained(running.stdout))
        yield found[1].decode()
        drained.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        await running.wait()


async def _drained(stream: asyncio.StreamReader) -> None:
    """Read a log that grows, so that whoever writes it does not wait."""
    while await stream.read(65536):
        pass


async def one_by_one(call: Call, count: int) -> float:
    """The median in milliseconds of calls that one caller makes, each when it has the answer to the one before."""
    taken: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


async def at_once(call: Call, count: int) -> float:
    """How many calls a second are answered, AT_ONCE of them under way at any time."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await call()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return count / (time.perf_counter() - began)


async def measured() -> tuple[list[list[float]], list[list[float]]]:
    """By way and round, milliseconds of single calls, and calls a second; our bridge logs and counts them."""
    serve = ("-m", "wirelock", "serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--upstream")
    async with (
        process(str(Path(__file__)), "--stub") as address,
        process(str(Path(__file__)), "--bare", address) as least,
        process(*serve, f"http://{address}") as front,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session,
        grpc.aio.insecure_channel(least) as to_least,
        grpc.aio.insecure_channel(front) as to_front,
    ):
        request = session_pb2.GetSessionRequest(session_id="ses_1")

        async def direct() -> bytes:
            async with session.get(f"http://{address}/session/ses_1") as answer:
                return await answer.read()

        def through(channel: grpc.aio.Channel) -> Call:
            sessions = session_pb2_grpc.SessionServiceStub(channel)
            return lambda: sessions.GetSession(request)

        calls = [direct, through(to_least), through(to_front)]
        for call in calls:
            await one_by_one(call, 300)
        single = [[await one_by_one(call, CALLS) for call in calls] for _ in range(ROUNDS)]
        many = [[await at_once(call, CALLS) for call in calls] for _ in range(ROUNDS)]
        return [list(way) for way in zip(*single, strict=True)], [list(way) for way in zip(*many, strict=True)]


def table(single: list[list[float]], many: list[list[float]]) -> tuple[str, bool]:
    """The measurements as Markdown, and whether they are what is asked."""
    ways = ("directly", "through a bare bridge", "through wirelock")
    lines = [
        f"| GetSession | one call, median | added | {AT_ONCE} at once, calls a second | carried |",
        "| --- | --- | --- | --- | --- |",
    ]
    for way, times, rates in zip(ways, single, many, strict=True):
        added = statistics.median(after - before for before, after in zip(single[0], times, strict=True))
        share = statistics.median(after / before for before, after in zip(many[0], rates, strict=True))
        compared = ("", "") if times is single[0] else (f"{added:.2f} ms", f"{share:.2f}")
        middle, rate = statistics.median(times), statistics.median(rates)
        lines.append(f"| {way} | {middle:.2f} ms | {compared[0]} | {rate:.0f} | {compared[1]} |")
    return "\n".join(lines) + "\n", added <= MOST_ADDED and share >= LEAST_CARRIED


def main() -> int:
    """Print the table, and write it where it is published if asked to; 1 if it is not what is asked."""
    if "--stub" in sys.argv:
        asyncio.run(stub())
    if "--bare" in sys.argv:
        asyncio.run(bare(sys.argv[-1]))
    text, enough = table(*asyncio.run(measured()))
    print(text, end="")
    if "--write" in sys.argv:
        page = PAGE.read_text("utf-8")
        begin, end = "<!-- bridge: python tests/benchmarks/bridge.py --write -->\n", "<!-- end -->\n"
        head, _, rest = page.partition(begin)
        PAGE.write_text(head + begin + text + end + rest.partition(end)[2], "utf-8")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
