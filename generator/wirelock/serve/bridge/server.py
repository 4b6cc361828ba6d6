"""The running bridge: a grpc.aio server with the project's services, reflection and health, until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import grpc

from wirelock.build import Build
from wirelock.diagnostics import Diagnostic
from wirelock.loader import Loaded
from wirelock.serve.bridge.client import LARGEST, Sender
from wirelock.serve.bridge.handlers import Violations, handlers, names, types
from wirelock.serve.bridge.health_and_reflection import Health, add_reflection
from wirelock.serve.bridge.hooks import UNWATCHED, Observer, Watch
from wirelock.serve.bridge.listen import Listen, bind
from wirelock.serve.bridge.preload import Warmth
from wirelock.serve.bridge.session_state import States
from wirelock.serve.bridge.shutdown import Draining
from wirelock.serve.bridge.unary import Surroundings
from wirelock.serve.bridge.upstream_health import watch
from wirelock.serve.net.signals import signals
from wirelock.serve.net.upstream import Upstream, connected

GRACE = 30.0
"""Seconds that calls have to come to their end when the bridge is told to go."""
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second bridge on the port is an error, not half of the calls
    ("grpc.max_receive_message_length", LARGEST),
    ("grpc.max_send_message_length", -1),
    ("grpc.keepalive_time_ms", 30_000),  # a heartbeat, so that a client that is gone is noticed
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # else gRPC waits a minute for the answer, whatever the line above says
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
)


@dataclass(frozen=True, slots=True)
class Bridge:
    """Everything that a bridge runs with."""

    build: Build
    loaded: Loaded
    upstream: Upstream
    listen: Listen
    observer: Observer
    violations: Violations = "refuse"
    watch: Watch = UNWATCHED


async def serve(bridge: Bridge) -> Diagnostic | None:
    """Run until SIGTERM or SIGINT, then drain; gives why it cannot listen. A second signal ends the process at once."""
    told = asyncio.Event()
    async with running(bridge) as port:
        if isinstance(port, Diagnostic):
            return port
        with signals(told.set):
            address = str(replace(bridge.listen.address, port=port))
            bridge.observer.listening(address, bridge.upstream.url)
            if bridge.listen.exposed:
                bridge.observer.exposed(address)
            await told.wait()
        bridge.observer.draining()
    bridge.observer.drained()
    return None


@contextlib.asynccontextmanager
async def running(bridge: Bridge, grace: float = GRACE) -> AsyncGenerator[int | Diagnostic]:
    """A server that answers; gives its port, or why it cannot listen. Leaving it drains for `grace` seconds."""
    async with connected(bridge.upstream) as session:
        states = States(bridge.build.graph.services)
        loaded, described = bridge.loaded, [types(method) for s in bridge.build.graph.services for method in s.methods]
        sender = Sender(bridge.upstream, session, bridge.watch)
        warmth = Warmth(loaded.contract, loaded.carrier if bridge.violations == "warn" else None)
        around = Surroundings(sender, states, bridge.observer, Draining(), warmth)
        server = grpc.aio.server(options=_OPTIONS)
        described_by = handlers(bridge.build, bridge.loaded, around, bridge.violations, bridge.watch)
        server.add_generic_rpc_handlers(tuple(described_by))
        services = names(bridge.build)
        add_reflection(server, services, bridge.loaded.descriptors)
        health = Health(server, services)
        port = bind(server, bridge.listen)
        if isinstance(port, Diagnostic):
            yield port
            return
        await health.tell(False)
        await server.start()
        watching = asyncio.create_task(watch(bridge.upstream, health, bridge.observer))
        warming = asyncio.create_task(warmth.of_all(described))
        try:
            yield port
        finally:
            watching.cancel()
            warming.cancel()
            await health.leave()
            around.draining.begin()
            await server.stop(grace)
            warmth.close()
