"""A small gRPC service in front of a small HTTP server, observed; what its calls leave behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import grpc
from aiohttp import web
from google.protobuf.any_pb2 import Any as Packed
from google.rpc import error_details_pb2, status_pb2

from wirelock.runtime.findings import VIOLATION, Finding
from wirelock.serve.bridge.client import Sender
from wirelock.serve.bridge.telemetry.call_events import Observer
from wirelock.serve.bridge.telemetry.interceptor import Observed
from wirelock.serve.bridge.telemetry.notes import PassedOn
from wirelock.serve.net.upstream import Upstream
from wirelock.traffic.http.request_encoder import Call

SERVICE = "shop.Orders"
_NOWHERE = "http://127.0.0.1:1"
Context = grpc.aio.ServicerContext[Any, Any]


@dataclass
class Service:
    """The channel to it, and the headers that its upstream got."""

    channel: grpc.aio.Channel
    headers: list[dict[str, str]] = field(default_factory=list)

    async def call(self, request: bytes, *, timeout: float | None = None, metadata: Any = ()) -> grpc.StatusCode:
        """Call the unary method; gives the code."""
        method = self.channel.unary_unary(f"/{SERVICE}/Get")
        try:
            await method(request, timeout=timeout, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    def stream(self, request: bytes) -> Any:
        """Call the streaming method."""
        return self.channel.unary_stream(f"/{SERVICE}/Watch")(request)


@contextlib.asynccontextmanager
async def service(observers: Sequence[Observer]) -> AsyncIterator[Service]:
    """The service while it runs."""
    headers: list[dict[str, str]] = []
    watch = Observed(observers)
    async with _upstream(headers) as url, aiohttp.ClientSession() as session:
        handlers = _handlers(_Orders(Sender(Upstream(url), session, watch), Sender(Upstream(_NOWHERE), session, watch)))
        watched = {name: watch.watched(SERVICE, name, handler) for name, handler in handlers.items()}
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, watched),))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("other.Health", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Service(channel, headers)
        await server.stop(None)


def _handlers(orders: _Orders) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    return {
        "Get": grpc.unary_unary_rpc_method_handler(orders.get),
        "Watch": grpc.unary_stream_rpc_method_handler(orders.watch),
    }


class _Orders:
    def __init__(self, sender: Sender, sender_to_nowhere: Sender) -> None:
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
                await context.abort(grpc.StatusCode.INTERNAL, "the contract is broken", _details())
            case b"noted":
                PassedOn().noted("Get", (Finding("/total", VIOLATION, "must be a number"),))
            case _:
                sender = self._sender if request == b"ok" else self._to_nowhere
                await sender.send(Call("GET", "/orders?id=1&api_key=hunter2"))
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


def _details() -> tuple[tuple[str, bytes], ...]:
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
async def _upstream(headers: list[dict[str, str]]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        headers.append({name.lower(): value for name, value in request.headers.items()})
        return web.json_response({}, status=200)

    app = web.Application()
    app.router.add_get("/orders", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def until(condition: Any) -> None:
    """Wait for what a server notes after its client has its answer; fails after two seconds."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen within two seconds")
