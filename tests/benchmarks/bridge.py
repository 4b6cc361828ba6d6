"""Benchmark of calls through `wirelock serve` and of direct calls: `python tests/benchmarks/bridge.py`.

The upstream, a stub with aiohttp, and the bridge are separate processes on this machine. The ways alternate, one round
of calls each, so that all have the same load. A bare bridge, which only forwards bytes, shows the cost of grpc.aio and
aiohttp. `--write` writes the table to docs/performance-live.md. The exit code is 1 if the bridge adds more than 1.5 ms
at the median, or has less than a fifth of the direct throughput.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import aiohttp
import grpc
from aiohttp import web

from opencode_api import session_pb2, session_pb2_grpc

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/performance-live.md"
ROUNDS, CALLS, CONCURRENCY = 9, 1000, 64
MAX_ADDED_MS, MIN_THROUGHPUT_SHARE = 1.5, 0.2
SERVICE = "opencode.session.SessionService"
SESSION = (
    b'{"id":"ses_dfc7fb395ffezBbAFbRTeXno3d","slug":"swift-panda","version":"1.18.33","projectID":"global",'
    b'"directory":"/work/project","path":"","title":"Measure the bridge","time":{"created":1767225600000,'
    b'"updated":1767225660000},"cost":0.0125,"tokens":{"input":1200,"output":340,"reasoning":0,'
    b'"cache":{"read":0,"write":0}},"metadata":{"origin":"benchmark"}}'
)
Call = Callable[[], Awaitable[object]]


async def serve_stub() -> None:
    """Run an upstream that answers every request with the same session; print its address."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=SESSION, content_type="application/json")

    app = web.Application()
    app.router.add_get("/session/{id}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"address=127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


async def serve_bare_bridge(address: str) -> None:
    """Run a minimal bridge to this address; print its own address."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def answer(_: bytes, __: object) -> bytes:
            async with session.get(f"http://{address}/session/ses_1") as response:
                await response.read()
            return b""

        server = grpc.aio.server()
        calls: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "GetSession": grpc.unary_unary_rpc_method_handler(answer)
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, calls),))
        print(f"address=127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", flush=True)
        await server.start()
        await server.wait_for_termination()


@contextlib.asynccontextmanager
async def start_process(*arguments: str) -> AsyncGenerator[str]:
    """Start a process that prints its address; yield the address."""
    pipe, both = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    running = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdout=pipe, stderr=both)
    assert running.stdout is not None
    try:
        async with asyncio.timeout(60):
            async for line in running.stdout:
                if found := re.search(rb"address=(\S+)", line):
                    break
            else:
                raise RuntimeError("the process ended before it printed its address")
        draining = asyncio.create_task(_drain(running.stdout))
        yield found[1].decode()
        draining.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            running.terminate()
        await running.wait()


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read a stream to its end, so that the process is not blocked by a full pipe."""
    while await stream.read(65536):
        pass


async def measure_latency(call: Call, count: int) -> float:
    """Return the median latency of sequential calls in milliseconds."""
    latencies: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await call()
        latencies.append((time.perf_counter() - began) * 1000)
    return statistics.median(latencies)


async def measure_throughput(call: Call, count: int) -> float:
    """Return the throughput of concurrent calls in calls per second."""
    remaining = iter(range(count))

    async def work() -> None:
        for _ in remaining:
            await call()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return count / (time.perf_counter() - began)


async def measure_all() -> tuple[list[list[float]], list[list[float]]]:
    """Return latencies in milliseconds and throughputs in calls per second, each by way and round."""
    serve = ("-m", "wirelock", "serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--upstream")
    async with (
        start_process(str(Path(__file__)), "--stub") as address,
        start_process(str(Path(__file__)), "--bare", address) as bare,
        start_process(*serve, f"http://{address}") as wirelock,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as session,
        grpc.aio.insecure_channel(bare) as bare_channel,
        grpc.aio.insecure_channel(wirelock) as wirelock_channel,
    ):
        request = session_pb2.GetSessionRequest(session_id="ses_1")

        async def call_directly() -> bytes:
            async with session.get(f"http://{address}/session/ses_1") as answer:
                return await answer.read()

        def make_call(channel: grpc.aio.Channel) -> Call:
            sessions = session_pb2_grpc.SessionServiceStub(channel)
            return lambda: sessions.GetSession(request)

        calls = [call_directly, make_call(bare_channel), make_call(wirelock_channel)]
        for call in calls:
            await measure_latency(call, 300)
        latencies = [[await measure_latency(call, CALLS) for call in calls] for _ in range(ROUNDS)]
        throughputs = [[await measure_throughput(call, CALLS) for call in calls] for _ in range(ROUNDS)]
        return [list(way) for way in zip(*latencies, strict=True)], [
            list(way) for way in zip(*throughputs, strict=True)
        ]


def format_table(latencies: list[list[float]], throughputs: list[list[float]]) -> tuple[str, bool]:
    """Return the measurements as a Markdown table, and True if they meet the targets."""
    ways = ("directly", "through a bare bridge", "through wirelock")
    lines = [
        f"| GetSession | one call, median | added | {CONCURRENCY} at once, calls a second | carried |",
        "| --- | --- | --- | --- | --- |",
    ]
    added = share = math.nan
    for way, times, rates in zip(ways, latencies, throughputs, strict=True):
        added = statistics.median(after - before for before, after in zip(latencies[0], times, strict=True))
        share = statistics.median(after / before for before, after in zip(throughputs[0], rates, strict=True))
        compared = ("", "") if times is latencies[0] else (f"{added:.2f} ms", f"{share:.2f}")
        middle, rate = statistics.median(times), statistics.median(rates)
        lines.append(f"| {way} | {middle:.2f} ms | {compared[0]} | {rate:.0f} | {compared[1]} |")
    return "\n".join(lines) + "\n", added <= MAX_ADDED_MS and share >= MIN_THROUGHPUT_SHARE


def main() -> int:
    """Print the table, and write it to the page with `--write`; return 1 if a target is missed."""
    if "--stub" in sys.argv:
        asyncio.run(serve_stub())
    if "--bare" in sys.argv:
        asyncio.run(serve_bare_bridge(sys.argv[-1]))
    text, meets_targets = format_table(*asyncio.run(measure_all()))
    print(text, end="")
    if "--write" in sys.argv:
        page = PAGE.read_text("utf-8")
        begin, end = "<!-- bridge: python tests/benchmarks/bridge.py --write -->\n", "<!-- end -->\n"
        head, _, rest = page.partition(begin)
        PAGE.write_text(head + begin + text + end + rest.partition(end)[2], "utf-8")
    return 0 if meets_targets else 1


if __name__ == "__main__":
    sys.exit(main())
