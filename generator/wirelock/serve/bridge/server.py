"""The running bridge: a grpc.aio server with the services of a project, reflection and health."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import grpc

from wirelock.build import Build
from wirelock.diagnostics import Diagnostic
from wirelock.loader import LoadedArtifacts
from wirelock.serve.bridge.client import MAX_BODY_BYTES, UpstreamClient
from wirelock.serve.bridge.handlers import OnViolation, build_handlers, collect_types, list_service_names
from wirelock.serve.bridge.health_and_reflection import Health, add_reflection
from wirelock.serve.bridge.hooks import NO_INSTRUMENTATION, BridgeHooks, Instrumentation
from wirelock.serve.bridge.listen import GrpcListenAddress, bind
from wirelock.serve.bridge.preload import Preloader
from wirelock.serve.bridge.session_state import SessionStates
from wirelock.serve.bridge.shutdown import Shutdown
from wirelock.serve.bridge.unary import BridgeContext
from wirelock.serve.bridge.upstream_health import monitor_upstream
from wirelock.serve.net.signals import handle_signals
from wirelock.serve.net.upstream import Upstream, open_session

GRACE_SECONDS = 30.0
"""Seconds for calls in flight to finish after the shutdown has begun."""
_SERVER_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second bridge on the port fails, instead of taking half of the calls
    ("grpc.max_receive_message_length", MAX_BODY_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),  # detects clients that are gone
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # otherwise gRPC waits a minute, whatever keepalive_timeout_ms is
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


@dataclass(frozen=True, slots=True)
class Bridge:
    """The configuration of a bridge."""

    build: Build
    loaded: LoadedArtifacts
    upstream: Upstream
    listen: GrpcListenAddress
    hooks: BridgeHooks
    on_violation: OnViolation = "refuse"
    instrumentation: Instrumentation = NO_INSTRUMENTATION


async def serve(bridge: Bridge) -> Diagnostic | None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal ends the process at once.

    Return a diagnostic if the address cannot be bound.
    """
    shutdown_requested = asyncio.Event()
    async with run_server(bridge) as port:
        if isinstance(port, Diagnostic):
            return port
        with handle_signals(shutdown_requested.set):
            address = str(replace(bridge.listen.address, port=port))
            bridge.hooks.on_listening(address, bridge.upstream.url)
            if bridge.listen.is_exposed:
                bridge.hooks.on_exposed(address)
            await shutdown_requested.wait()
        bridge.hooks.on_shutdown()
    bridge.hooks.on_stopped()
    return None


@contextlib.asynccontextmanager
async def run_server(bridge: Bridge, grace: float = GRACE_SECONDS) -> AsyncGenerator[int | Diagnostic]:
    """Run a server during the block, and drain it for at most `grace` seconds afterwards.

    Yield its port, or a diagnostic if the address cannot be bound.
    """
    async with open_session(bridge.upstream) as session:
        loaded, services = bridge.loaded, bridge.build.graph.services
        client = UpstreamClient(bridge.upstream, session, bridge.instrumentation)
        preloader = Preloader(loaded.get_contract, loaded.get_lenient_codec if bridge.on_violation == "warn" else None)
        context = BridgeContext(client, SessionStates(services), bridge.hooks, Shutdown(), preloader)
        server = grpc.aio.server(options=_SERVER_OPTIONS)
        handlers = build_handlers(bridge.build, loaded, context, bridge.on_violation, bridge.instrumentation)
        server.add_generic_rpc_handlers(tuple(handlers))
        names = list_service_names(bridge.build)
        add_reflection(server, names, loaded.descriptors)
        health = Health(server, names)
        port = bind(server, bridge.listen)
        if isinstance(port, Diagnostic):
            yield port
            return
        await health.set_serving(False)
        await server.start()
        methods = [collect_types(method) for service in services for method in service.methods]
        monitoring = asyncio.create_task(monitor_upstream(bridge.upstream, health, bridge.hooks))
        preloading = asyncio.create_task(preloader.load_all(methods))
        try:
            yield port
        finally:
            monitoring.cancel()
            preloading.cancel()
            await health.begin_shutdown()
            context.shutdown.begin()
            await server.stop(grace)
            preloader.close()
