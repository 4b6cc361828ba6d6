"""A proxy between a client and a server, both written with bare sockets, so that they can do everything wrong."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from checkout import ROOT, configuration

from wirelock.api.emit import Output, emitted
from wirelock.api.proxy import Mode, between, checking
from wirelock.build import Build, build
from wirelock.diagnostics import Report
from wirelock.progress import silent
from wirelock.serve.proxy.server import Ending, Proxy, served
from wirelock.traffic.recordings.recorder import Recorder, recorder

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SESSION = (
    b'{"id":"ses_1","slug":"a","version":"1","projectID":"p","directory":"/d","title":"t",'
    b'"time":{"created":1,"updated":2}}'
)


@cache
def project(folder: Path = ROOT) -> tuple[Build, Output]:
    """A project, compiled once; this checkout's, if nothing is said."""
    built = build(configuration(folder))
    return built, emitted(built, silent)


@dataclass
class Server:
    """A server that runs a script for each connection, and keeps what was sent to it."""

    script: Script
    port: int = 0
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass
class Stage:
    """A running proxy and the server behind it."""

    proxy: Proxy
    server: Server
    port: int
    ending: Ending

    async def send(self, text: bytes, until: float = 5) -> bytes:
        """Everything that comes back for bytes on a connection of their own, until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text)
        try:
            return await asyncio.wait_for(_all(reader), until)
        finally:
            writer.close()

    async def get(self, target: str = "/session", *more: str) -> bytes:
        """The answer to a GET."""
        return await self.send(request("GET", target, *more))

    async def report(self) -> Report:
        """What was found so far."""
        return await self.proxy.watch.report()

    async def counts(self) -> dict[str, int | str]:
        """What was counted so far."""
        return (await self.report()).summary["proxy"]


async def _all(reader: asyncio.StreamReader) -> bytes:
    kept = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := await reader.read(65536):
            kept += piece
    return kept


@contextlib.asynccontextmanager
async def stage(
    script: Script, mode: Mode = "report", record: Path | None = None, folder: Path = ROOT
) -> AsyncIterator[Stage]:
    """A proxy, of the project in a folder, in front of a server that follows a script."""
    server = Server(script)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    writing: Recorder | None = None
    if record is not None:
        made = recorder(str(record), ())
        assert isinstance(made, Recorder)
        writing = made
    ends = between(f"http://127.0.0.1:{server.port}", "127.0.0.1:0")
    assert isinstance(ends, tuple)
    proxy = checking(*project(folder), ends, mode, writing)
    ending, listening = Ending(), asyncio.get_running_loop().create_future()
    running = asyncio.ensure_future(served(proxy, listening.set_result, ending))
    address: str = await listening
    try:
        yield Stage(proxy, server, int(address.rpartition(":")[2]), ending)
    finally:
        ending.asked.set()
        await running
        await proxy.watch.close()
        listener.close()
        if writing is not None:
            writing.close()


def request(method: str, target: str, *more: str, body: bytes = b"") -> bytes:
    """The text of a request whose connection is closed when it is answered."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *more]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def answers(text: bytes) -> Script:
    """A server that reads the head of a request and sends these bytes, then closes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        await writer.drain()

    return script


def keeps(text: bytes, kept: list[bytes]) -> Script:
    """A server that answers every request of a connection alike, and keeps the requests, heads and bodies."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = b""
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    body = await reader.readexactly(int(line.partition(b":")[2]))
                if line == b"transfer-encoding: chunked":
                    body = await _chunked(reader)
            kept.append(head + body)
            writer.write(text)
            await writer.drain()

    return script


async def _chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def answer(body: bytes = b"[]", *more: str, status: str = "200 OK", media_type: str = "application/json") -> bytes:
    """The text of an answer with a body of that length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body
