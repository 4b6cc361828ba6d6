"""A small instrumented gRPC service with an HTTP upstream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import grpc
from aiohttp import web
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import error_details_pb2, status_pb2  # pyright: ignore[reportMissingTypeStubs]  # has no types

from wirelock.runtime.findings import VIOLATION, Finding
from wirelock.serve.bridge.client import UpstreamClient
from wirelock.serve.bridge.telemetry.call_events import CallObserverFactory
from wirelock.serve.bridge.telemetry.interceptor import Interceptor
from wirelock.serve.bridge.telemetry.notes import NotesHook
from wirelock.serve.net.upstream import Upstream
from wirelock.traffic.http.request_encoder import HttpRequest

SERVICE = "shop.Orders"
_NOWHERE = "http://127.0.0.1:1"
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass
class InstrumentedServer:
    """A client of the service, and the headers that its upstream received."""

    channel: grpc.aio.Channel
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    async def call(self, request: bytes, *, timeout: float | None = None, metadata: Any = ()) -> grpc.StatusCode:
        """Call the unary method and return its code."""
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self.channel.unary_unary(f"/{SERVICE}/Get")
        try:
            await method(request, timeout=timeout, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    def stream(self, request: bytes) -> Any:
        """Call the streaming method."""
        method: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = self.channel.unary_stream(f"/{SERVICE}/Watch")
        return method(request)


@contextlib.asynccontextmanager
async def run_server(observers: Sequence[CallObserverFactory]) -> AsyncGenerator[InstrumentedServer]:
    """Run the service and yield its client."""
    headers: list[dict[str, str]] = []
    interceptor = Interceptor(observers)
    async with _run_upstream(headers) as url, aiohttp.ClientSession() as session:
        handlers = _build_handlers(
            _Orders(
                UpstreamClient(Upstream(url), session, interceptor),
                UpstreamClient(Upstream(_NOWHERE), session, interceptor),
            )
        )
        wrapped = {name: interceptor.wrap_handler(SERVICE, name, handler) for name, handler in handlers.items()}
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, wrapped),))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("other.Health", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield InstrumentedServer(channel, headers)
        await server.stop(None)


def _build_handlers(orders: _Orders) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    return {
        "Get": grpc.unary_unary_rpc_method_handler(orders.get),
        "Watch": grpc.unary_stream_rpc_method_handler(orders.watch),
    }


class _Orders:
    def __init__(self, sender: UpstreamClient, sender_to_nowhere: UpstreamClient) -> None:
        self._sender = sender
        self._to_nowhere = sender_to_nowhere

    async def get(self, request: bytes, context: Context) -> bytes:
        match request:
            case b"raise":
                raise ValueError("a bug")
            case b"wait":
                await asyncio.sleep(30)
            case b"plain":
                await context.abort(
                    grpc.StatusCode.NOT_FOUND, "no such order\x1b[2J; authorization: Bearer abcdefgh12345"
                )
            case b"broken":
                await context.abort(grpc.StatusCode.INTERNAL, "the contract is broken", _build_details())
            case b"finding":
                NotesHook().on_findings("Get", (Finding("/total", VIOLATION, "must be a number"),))
            case _:
                sender = self._sender if request == b"ok" else self._to_nowhere
                await sender.send(HttpRequest("GET", "/orders?id=1&api_key=hunter2"))
        return b""

    async def watch(self, request: bytes, context: Context) -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"order"
        if request == b"raise":
            raise ValueError("a bug")
        while request == b"wait":
            await asyncio.sleep(0.01)
        while request == b"flood":
            yield b"order" * 1000


def _build_details() -> tuple[tuple[str, bytes], ...]:
    violation = error_details_pb2.BadRequest.FieldViolation
    status = status_pb2.Status(code=13, message="the contract is broken")
    for detail in (
        error_details_pb2.ErrorInfo(reason="VIOLATION", domain="wirelock"),
        error_details_pb2.BadRequest(
            field_violations=[
                violation(field="/apiToken", description='is string "hunter2"', reason="VIOLATION"),
                violation(field="/size", description="must be an integer", reason="NOT_REPRESENTABLE"),
            ]
        ),
    ):
        packed = Packed()
        packed.Pack(detail)
        status.details.append(packed)
    return (("grpc-status-details-bin", status.SerializeToString()),)


@contextlib.asynccontextmanager
async def _run_upstream(headers: list[dict[str, str]]) -> AsyncGenerator[str]:
    async def respond(request: web.Request) -> web.Response:
        headers.append({name.lower(): value for name, value in request.headers.items()})
        return web.json_response({}, status=200)

    app = web.Application()
    app.router.add_get("/orders", respond)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def wait_until(condition: Any) -> None:
    """Wait for a condition; fails after two seconds."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the condition is false after two seconds")
