"""Events pass the proxy without delay while the types of a large API are built for their checks."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "serve/proxy"))

from checkout import load_project
from description_versions import FOLDER, get_path
from proxy_command import RunningCommand, run_command

import wirelock

pytestmark = pytest.mark.long

VERSION = "1.18.33"
EVENTS = 150
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that is imported from the server's own description."""
    if not FOLDER or not get_path(VERSION).is_file():
        pytest.skip("WIRELOCK_OPENAPI names no folder with this description")
    root = tmp_path_factory.mktemp("whole")
    (root / "wirelock.toml").write_text('package = "opencode_api"\n')
    assert wirelock.import_document(load_project(root), str(get_path(VERSION))).exit_code == 0
    assert wirelock.generate(load_project(root)).exit_code == 0
    return root


def build_event(number: int) -> bytes:
    value = {"id": f"evt_{number}", "type": "server.connected", "properties": {}}
    return b"data: %s\n\n" % json.dumps(value).encode()


class EventServer:
    """A server that sends an event every 20 ms, and records the times."""

    def __init__(self) -> None:
        self.sent: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send the response to one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"GET /event"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            return
        writer.write(HEAD)
        for number in range(EVENTS):
            self.sent.append(time.monotonic())
            writer.write(build_event(number))
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.close()


async def measure_delays(proxy: RunningCommand, server: EventServer) -> list[float]:
    """Return the delay of each event in seconds, while a response needs further types."""
    port = int(proxy.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /event HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    delays: list[float] = []
    for number in range(EVENTS):
        await reader.readuntil(build_event(number))
        delays.append(time.monotonic() - server.sent[number])
        if number == EVENTS // 2:
            await asyncio.to_thread(proxy.get, "/session/ses_1/message")
    writer.close()
    return delays


def run_proxy_once(project: Path) -> list[float]:
    """Run a proxy; return the delay of each event in seconds."""

    async def measure() -> tuple[list[float], str]:
        server = EventServer()
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        with run_command("proxy", "--upstream", url, "--format", "json", folder=project) as proxy:
            delays = await measure_delays(proxy, server)
            _, out, _ = await asyncio.to_thread(proxy.end)
        listener.close()
        return delays, out

    delays, out = asyncio.run(measure())
    summary = json.loads(out)["summary"]
    assert summary["exchanges"]["stream"] == 1 and summary["round trips"]["equal"] >= EVENTS, summary
    assert summary["proxy"]["not checked in time"] == 0, "checks may be late but are complete"
    return delays


def test_the_first_events_arrive_within_a_tenth_of_a_second(whole: Path) -> None:
    """One of three runs must be fast enough, because the machine may be busy for a moment."""
    worst: list[float] = []
    while not any(delay < 0.1 for delay in worst):
        assert len(worst) < 3, worst
        worst.append(max(run_proxy_once(whole)))
