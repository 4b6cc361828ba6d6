"""Upstreams that send raw bytes, a bridge with such an upstream, and the outcomes of its calls."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # pyright: ignore[reportMissingTypeStubs]  # has no types
from running_bridge import RecordingHooks

from opencode_api import session_pb2
from wirelock.build import Build
from wirelock.loader import LoadedArtifacts
from wirelock.serve.bridge.listen import GrpcListenAddress, parse_grpc_listen_address
from wirelock.serve.bridge.server import Bridge, run_server
from wirelock.serve.net.upstream import Upstream, resolve_upstream

SESSION = b'{"id":"ses_1","title":"t","directory":"/d"}'
GET = session_pb2.GetSessionRequest(session_id="ses_1")
UnaryMethod = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
StreamMethod = grpc.aio.UnaryStreamMultiCallable[bytes, bytes]
Script = Callable[["RawConnection"], Awaitable[None]]
"""The reaction of the upstream to a whole request."""
_TYPES: dict[str, tuple[type[Message], type[Message]]] = {
    "GetSession": (session_pb2.GetSessionRequest, session_pb2.SessionInfo),
    "CreateSession": (session_pb2.CreateSessionRequest, session_pb2.SessionInfo),
    "UpdateSession": (session_pb2.UpdateSessionRequest, session_pb2.SessionInfo),
    "DeleteSession": (session_pb2.DeleteSessionRequest, session_pb2.Empty),
    "ListSessions": (session_pb2.Empty, session_pb2.SessionList),
    "UpdateSessionDirectory": (session_pb2.UpdateDirectoryRequest, session_pb2.Empty),
}
_connected_addresses: set[tuple[Any, ...]] | None = None


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _connected_addresses is not None and arguments[0].family != socket.AF_UNIX:
        _connected_addresses.add(tuple(arguments[1][:2]))


sys.addaudithook(_audit)


def build_response(
    body: bytes = SESSION, status: str = "200 OK", *headers: str, kind: str = "application/json"
) -> bytes:
    """Build a valid response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def join_lines(*lines: str, body: bytes = b"") -> bytes:
    """Build a response from its status line and header lines."""
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class RawConnection:
    """A connection of the upstream with its last request."""

    request: bytes
    writer: asyncio.StreamWriter
    disconnected: asyncio.Event

    @property
    def target(self) -> str:
        """The request target as sent."""
        return self.request.split(b" ", 2)[1].decode("latin-1")

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with RST."""
        own: socket.socket = self.writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.writer.transport.abort()


@dataclass
class RawServer:
    """The upstream: its port and its requests."""

    port: int = 0
    requests: list[RawConnection] = field(default_factory=list[RawConnection])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def send_response(response: bytes) -> Script:
    """Return a script that sends a response and closes the connection."""

    async def send(connection: RawConnection) -> None:
        await connection.send(response)

    return send


async def stay_silent(connection: RawConnection) -> None:
    """Send nothing until the client disconnects."""
    await connection.disconnected.wait()


async def wait_for_disconnects(server: RawServer) -> None:
    """Wait until all clients have disconnected; fails after a second."""
    began = time.monotonic()
    await asyncio.wait_for(asyncio.gather(*(request.disconnected.wait() for request in server.requests)), 1)
    assert server.requests and time.monotonic() - began < 1


@contextlib.asynccontextmanager
async def run_raw_server(script: Script, *, keep: bool = False) -> AsyncGenerator[RawServer]:
    """Run an upstream that closes the connection after each response, unless `keep`."""
    server, tasks = RawServer(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.Event()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while request := await read_request(reader):
                connection = RawConnection(request, writer, gone)
                server.requests.append(connection)
                watch = asyncio.ensure_future(watch_disconnect(reader, gone)) if not keep else None
                with contextlib.suppress(OSError):
                    await script(connection)
                if watch is not None:
                    watch.cancel()
                    break
        writer.close()

    def began(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(began, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + (await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b"")


async def watch_disconnect(reader: asyncio.StreamReader, gone: asyncio.Event) -> None:
    """Set the event when the client disconnects."""
    with contextlib.suppress(OSError):
        await reader.read(1)
    gone.set()


@dataclass(frozen=True)
class CallOutcome:
    """The outcome of a call; `reason` and `fields` are those of ErrorInfo and BadRequest."""

    code: grpc.StatusCode
    details: str = ""
    reason: str = ""
    fields: tuple[str, ...] = ()
    response: Message | None = None


@dataclass
class BridgeClient:
    """A client of a bridge."""

    address: str
    channel: grpc.aio.Channel
    hooks: RecordingHooks

    def start(self, rpc: str, request: Message, **more: Any) -> Any:
        """Start a call and return it."""
        request_type, response_type = _TYPES[rpc]
        path = f"/opencode.session.SessionService/{rpc}"
        return self.channel.unary_unary(path, request_type.SerializeToString, response_type.FromString)(request, **more)

    async def call(
        self, rpc: str = "GetSession", request: Message = GET, *, timeout: float = 20, **more: Any
    ) -> CallOutcome:
        """Make a call and return its outcome."""
        try:
            return CallOutcome(grpc.StatusCode.OK, response=await self.start(rpc, request, timeout=timeout, **more))
        except grpc.aio.AioRpcError as error:
            return to_outcome(error)


def to_outcome(error: grpc.aio.AioRpcError) -> CallOutcome:
    """Convert the error of a call to its outcome."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    assert isinstance(packed, bytes)
    status = status_pb2.Status.FromString(packed)
    info, fields = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        for message in (info, fields):
            detail.Unpack(message)  # does nothing if the type differs
    names = tuple(violation.field for violation in fields.field_violations)
    return CallOutcome(error.code(), error.details() or "", info.reason, names)


@contextlib.asynccontextmanager
async def run_bridge_client(
    url: str, build: Build, loaded: LoadedArtifacts, *, grace: float = 1.0
) -> AsyncGenerator[BridgeClient]:
    """Run a bridge for a server and yield its client; fails if this process connects to another address."""
    global _connected_addresses
    server, address, hooks = resolve_upstream(url, {}), parse_grpc_listen_address("127.0.0.1:0"), RecordingHooks()
    assert isinstance(server, Upstream) and isinstance(address, GrpcListenAddress)
    bridge = Bridge(build, loaded, server, address, hooks, instrumentation=hooks.instrument())
    _connected_addresses = set()
    try:
        async with (
            run_server(bridge, grace) as port,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            yield BridgeClient(f"127.0.0.1:{port}", channel, hooks)
        assert _connected_addresses <= {("127.0.0.1", int(url.rpartition(":")[2]))}
    finally:
        _connected_addresses = None
