"""A running proxy between a client and a server on raw sockets, which can send invalid HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checkout import ROOT, load_config

from wirelock.api.emit import EmittedFiles, emit_all
from wirelock.api.proxy import Mode, build_proxy, resolve_endpoints
from wirelock.build import Build, build
from wirelock.diagnostics import Report
from wirelock.progress import noop_progress
from wirelock.serve.proxy.server import Proxy, ShutdownEvents, serve
from wirelock.traffic.recordings.recorder import Recorder, make_recorder

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SESSION = (
    b'{"id":"ses_1","slug":"a","version":"1","projectID":"p","directory":"/d","title":"t",'
    b'"time":{"created":1,"updated":2}}'
)


@cache
def emit_project(folder: Path = ROOT) -> tuple[Build, EmittedFiles]:
    """Compile a project once (default: the project of this repository)."""
    built = build(load_config(folder))
    return built, emit_all(built, noop_progress)


@dataclass
class ScriptedServer:
    """A server that runs a script for each connection, and counts the connections."""

    script: Script
    port: int = 0
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
class RunningProxy:
    """A running proxy and the server behind it."""

    proxy: Proxy
    server: ScriptedServer
    port: int
    shutdown: ShutdownEvents

    async def send(self, text: bytes, seconds: float = 5) -> bytes:
        """Send bytes on a new connection; return all bytes received until it is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text)
        try:
            return await asyncio.wait_for(_read_all(reader), seconds)
        finally:
            writer.close()

    async def get(self, target: str = "/session", *more: str) -> bytes:
        """Send a GET request; return the response."""
        return await self.send(build_request("GET", target, *more))

    async def build_report(self) -> Report:
        """Return the report so far."""
        return await self.proxy.inspector.build_report()

    async def read_counts(self) -> dict[str, int | str]:
        """Return the counts of the proxy so far."""
        return (await self.build_report()).summary["proxy"]


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while chunk := await reader.read(65536):
            received += chunk
    return received


@contextlib.asynccontextmanager
async def run_proxy(
    script: Script, mode: Mode = "report", record: Path | None = None, folder: Path = ROOT
) -> AsyncIterator[RunningProxy]:
    """Run a proxy for the project in a folder, in front of a server that runs a script."""
    server = ScriptedServer(script)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    writing: Recorder | None = None
    if record is not None:
        created = make_recorder(str(record), ())
        assert isinstance(created, Recorder)
        writing = created
    endpoints = resolve_endpoints(f"http://127.0.0.1:{server.port}", "127.0.0.1:0")
    assert isinstance(endpoints, tuple)
    proxy = build_proxy(*emit_project(folder), endpoints, mode, writing)
    shutdown, listening = ShutdownEvents(), asyncio.get_running_loop().create_future()
    serving = asyncio.ensure_future(serve(proxy, listening.set_result, shutdown))
    address: str = await listening
    try:
        yield RunningProxy(proxy, server, int(address.rpartition(":")[2]), shutdown)
    finally:
        shutdown.requested.set()
        await serving
        await proxy.inspector.close()
        listener.close()
        if writing is not None:
            writing.close()


def build_request(method: str, target: str, *more: str, body: bytes = b"") -> bytes:
    """Return the bytes of a request that closes its connection after the response."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *more]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def respond_with(text: bytes) -> Script:
    """Return a script that reads the head of a request, sends these bytes, and closes."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        await writer.drain()

    return script


def record_requests(text: bytes, received: list[bytes]) -> Script:
    """Return a script that sends the same response to every request, and appends the requests to `received`."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = b""
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    body = await reader.readexactly(int(line.partition(b":")[2]))
                if line == b"transfer-encoding: chunked":
                    body = await _read_chunked(reader)
            received.append(head + body)
            writer.write(text)
            await writer.drain()

    return script


async def _read_chunked(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def build_response(
    body: bytes = b"[]", *more: str, status: str = "200 OK", media_type: str = "application/json"
) -> bytes:
    """Return the bytes of a response with a body and its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *more]
    return "\r\n".join([*lines, "", ""]).encode() + body
