"""Upstreams that speak raw bytes, a bridge in front of one, and what a call on it comes to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from bridges import Noted
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from opencode_api import session_pb2
from wirelock.build import Build
from wirelock.loader import Loaded
from wirelock.serve.bridge.listen import Listen, listen
from wirelock.serve.bridge.server import Bridge, running
from wirelock.serve.net.upstream import Upstream, upstream

SESSION = b'{"id":"ses_1","title":"t","directory":"/d"}'
GET = session_pb2.GetSessionRequest(session_id="ses_1")
Talk = Callable[["Line"], Awaitable[None]]
"""What the upstream does on a connection, once a whole request has come."""
_TYPES: dict[str, tuple[type[Message], type[Message]]] = {
    "GetSession": (session_pb2.GetSessionRequest, session_pb2.SessionInfo),
    "CreateSession": (session_pb2.CreateSessionRequest, session_pb2.SessionInfo),
    "UpdateSession": (session_pb2.UpdateSessionRequest, session_pb2.SessionInfo),
    "DeleteSession": (session_pb2.DeleteSessionRequest, session_pb2.Empty),
    "ListSessions": (session_pb2.Empty, session_pb2.SessionList),
    "UpdateSessionDirectory": (session_pb2.UpdateDirectoryRequest, session_pb2.Empty),
}
_dialled: set[tuple[Any, ...]] | None = None


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _dialled is not None and arguments[0].family != socket.AF_UNIX:
        _dialled.add(tuple(arguments[1][:2]))


sys.addaudithook(_audit)


def http(body: bytes = SESSION, status: str = "200 OK", *headers: str, kind: str = "application/json") -> bytes:
    """A response as it should be."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def raw(*lines: str, body: bytes = b"") -> bytes:
    """A response with a status line and headers as they stand."""
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Line:
    """A connection of the upstream with the request that has come on it."""

    request: bytes
    writer: asyncio.StreamWriter
    gone: asyncio.Event

    @property
    def target(self) -> str:
        """The request target as it stands on the wire."""
        return self.request.split(b" ", 2)[1].decode("latin-1")

    async def send(self, piece: bytes) -> None:
        self.writer.write(piece)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with RST."""
        own: socket.socket = self.writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.writer.transport.abort()


@dataclass
class Server:
    """The upstream: where it is, and the requests that it got."""

    port: int = 0
    requests: list[Line] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def says(answer: bytes) -> Talk:
    """Sends an answer and closes."""

    async def talk(line: Line) -> None:
        await line.send(answer)

    return talk


async def silent(line: Line) -> None:
    """Never answers, and notes when the client has gone."""
    await line.gone.wait()


async def gone(server: Server) -> None:
    """Wait until every client has hung up, which takes less than a second."""
    began = time.monotonic()
    await asyncio.wait_for(asyncio.gather(*(line.gone.wait() for line in server.requests)), 1)
    assert server.requests and time.monotonic() - began < 1


@contextlib.asynccontextmanager
async def hostile(talk: Talk, *, keep: bool = False) -> AsyncIterator[Server]:
    """An upstream that talks; it closes behind each answer unless it is to keep the connection."""
    server, tasks = Server(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = asyncio.Event()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while request := await _request(reader):
                line = Line(request, writer, gone)
                server.requests.append(line)
                watch = asyncio.ensure_future(_watched(reader, gone)) if not keep else None
                with contextlib.suppress(OSError):
                    await talk(line)
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


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + (await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b"")


async def _watched(reader: asyncio.StreamReader, gone: asyncio.Event) -> None:
    """Note when the client hangs up."""
    with contextlib.suppress(OSError):
        await reader.read(1)
    gone.set()


@dataclass(frozen=True)
class Outcome:
    """What a call came to; `reason` and `fields` are those of ErrorInfo and BadRequest."""

    code: grpc.StatusCode
    words: str = ""
    reason: str = ""
    fields: tuple[str, ...] = ()
    answer: Message | None = None


@dataclass
class Front:
    """The address of a bridge, and a channel to it."""

    address: str
    channel: grpc.aio.Channel
    noted: Noted

    def start(self, rpc: str, request: Message, **more: Any) -> Any:
        """Begin a call; gives grpc.aio's own."""
        asked, answered = _TYPES[rpc]
        path = f"/opencode.session.SessionService/{rpc}"
        return self.channel.unary_unary(path, asked.SerializeToString, answered.FromString)(request, **more)

    async def call(
        self, rpc: str = "GetSession", request: Message = GET, *, timeout: float = 20, **more: Any
    ) -> Outcome:
        """Call, to the end."""
        try:
            return Outcome(grpc.StatusCode.OK, answer=await self.start(rpc, request, timeout=timeout, **more))
        except grpc.aio.AioRpcError as error:
            return outcome_of(error)


def outcome_of(error: grpc.aio.AioRpcError) -> Outcome:
    """What a failed call came to."""
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b"")
    status = status_pb2.Status.FromString(packed)
    info, fields = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        for message in (info, fields):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
    words, named = error.details() or "", tuple(at.field for at in fields.field_violations)
    return Outcome(error.code(), words, info.reason, named)


@contextlib.asynccontextmanager
async def fronted(url: str, build: Build, loaded: Loaded, *, grace: float = 1.0) -> AsyncIterator[Front]:
    """A bridge in front of an address, and a channel to it. Whatever else is dialled meanwhile fails the test."""
    global _dialled
    server, where, noted = upstream(url, {}), listen("127.0.0.1:0"), Noted()
    assert isinstance(server, Upstream) and isinstance(where, Listen)
    bridge = Bridge(build, loaded, server, where, noted, watch=noted.watch())
    _dialled = set()
    try:
        async with (
            running(bridge, grace) as port,
            grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
        ):
            yield Front(f"127.0.0.1:{port}", channel, noted)
        assert _dialled <= {("127.0.0.1", int(url.rpartition(":")[2]))}
    finally:
        _dialled = None
