"""Whatever the proxy has to make first: events pass at once, with all types of a large real API to be held against."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "serve/proxy"))

from checkout import configuration
from test_commands import Running, command
from versions import FOLDER, path_of

import wirelock

VERSION = "1.18.33"
EVENTS = 150
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of everything that a server's own description has."""
    if not FOLDER or not path_of(VERSION).is_file():
        pytest.skip("WIRELOCK_OPENAPI names no folder with this description")
    root = tmp_path_factory.mktemp("whole")
    (root / "wirelock.toml").write_text('package = "opencode_api"\n')
    assert wirelock.import_document(configuration(root), str(path_of(VERSION))).exit_code == 0
    assert wirelock.generate(configuration(root)).exit_code == 0
    return root


def event(number: int) -> bytes:
    value = {"id": f"evt_{number}", "type": "server.connected", "properties": {}}
    return b"data: %s\n\n" % json.dumps(value).encode()


class Server:
    """Sends an event every 20 ms to who asks for the stream, and notes when."""

    def __init__(self) -> None:
        self.sent: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        asked = await reader.readuntil(b"\r\n\r\n")
        if not asked.startswith(b"GET /event"):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
            return
        writer.write(HEAD)
        for number in range(EVENTS):
            self.sent.append(time.monotonic())
            writer.write(event(number))
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.close()


async def followed(proxy: Running, server: Server) -> list[float]:
    """How late each event came, in seconds, while other answers are of types that are to be made, too."""
    port = int(proxy.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /event HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    late: list[float] = []
    for number in range(EVENTS):
        await reader.readuntil(event(number))
        late.append(time.monotonic() - server.sent[number])
        if number == EVENTS // 2:
            await asyncio.to_thread(proxy.get, "/session/ses_1/message")
    writer.close()
    return late


def run(project: Path) -> list[float]:
    """How late each event came through a proxy of its own."""

    async def between() -> tuple[list[float], str]:
        server = Server()
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        with command("proxy", "--upstream", url, "--format", "json", folder=project) as proxy:
            late = await followed(proxy, server)
            _, out, _ = await asyncio.to_thread(proxy.end)
        listener.close()
        return late, out

    late, out = asyncio.run(between())
    summary = json.loads(out)["summary"]
    assert summary["exchanges"]["stream"] == 1 and summary["round trips"]["equal"] >= EVENTS, summary
    assert summary["proxy"]["not checked in time"] == 0, "what was late was its check, and it was done"
    return late


def test_the_first_events_come_within_a_tenth_of_a_second(whole: Path) -> None:
    """One of three proxies has to show it: a machine may have something else to do for a moment."""
    worst: list[float] = []
    while not any(one < 0.1 for one in worst):
        assert len(worst) < 3, worst
        worst.append(max(run(whole)))
