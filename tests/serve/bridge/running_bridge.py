"""A bridge in a thread of its own, for tests that call it like any client."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import AbstractAsyncContextManager

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts
from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.handlers import OnViolation
from wirelock.serve.bridge.listen import GrpcListenAddress, parse_grpc_listen_address
from wirelock.serve.bridge.server import Bridge, run_server
from wirelock.serve.bridge.telemetry.call_events import CallEnded, UpstreamRequest, UpstreamResponse
from wirelock.serve.bridge.telemetry.interceptor import Interceptor
from wirelock.serve.net.event_loop import choose_loop_factory
from wirelock.serve.net.tls import NO_TLS, TlsFiles
from wirelock.serve.net.upstream import Upstream, resolve_upstream


class RecordingHooks:
    """Hooks that record the events of a bridge."""

    def __init__(self) -> None:
        self.calls: list[CallEnded] = []
        """The calls that have ended, in order."""
        self.findings: list[Finding] = []
        self.is_up: bool | None = None

    def on_listening(self, address: str, upstream: str) -> None:
        """Do nothing."""

    def on_exposed(self, address: str) -> None:
        """Do nothing."""

    def on_upstream_change(self, is_up: bool, upstream: str) -> None:
        self.is_up = is_up

    def on_findings(self, rpc: str, findings: tuple[Finding, ...]) -> None:
        self.findings += findings

    def on_shutdown(self) -> None:
        """Do nothing."""

    def on_stopped(self) -> None:
        """Do nothing."""

    def instrument(self) -> Interceptor:
        """Return instrumentation that records the end of each call."""
        return Interceptor([lambda started: _CallEndObserver(self.calls)])


class _CallEndObserver:
    """An observer that records the end of a call."""

    def __init__(self, ends: list[CallEnded]) -> None:
        self._ends = ends

    def on_request(self, request: UpstreamRequest) -> None:
        """Do nothing."""

    def on_response(self, response: UpstreamResponse) -> None:
        """Do nothing."""

    def on_message_sent(self) -> None:
        """Do nothing."""

    def on_findings(self, findings: Sequence[Finding]) -> None:
        """Do nothing."""

    def on_end(self, end: CallEnded) -> None:
        self._ends.append(end)


@contextlib.contextmanager
def run_in_thread(context: Callable[[], AbstractAsyncContextManager[int]]) -> Generator[int]:
    """Run an asynchronous context manager in a thread, on the event loop of a bridge, and yield its value."""
    started, stop = threading.Event(), asyncio.Event()
    loop = choose_loop_factory()()
    values: list[int] = []
    errors: list[BaseException] = []

    async def run() -> None:
        try:
            async with context() as port:
                values.append(port)
                started.set()
                await stop.wait()
        except BaseException as error:
            errors.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    started.wait(60)
    try:
        if values:
            yield values[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()
    if errors:
        raise errors[0]


@contextlib.contextmanager
def run_bridge(
    url: str,
    build: Build,
    loaded: LoadedArtifacts,
    hooks: RecordingHooks | None = None,
    on_violation: OnViolation = "refuse",
    tls: TlsFiles = NO_TLS,
    upstream_tls: TlsFiles = NO_TLS,
    **environment: str,
) -> Generator[str]:
    """Run a bridge for a server and yield its address; `environment` contains the credentials for the server."""
    server, address = resolve_upstream(url, environment, upstream_tls), parse_grpc_listen_address("127.0.0.1:0", tls)
    assert isinstance(server, Upstream) and isinstance(address, GrpcListenAddress)
    hooks = hooks or RecordingHooks()
    bridge = Bridge(build, loaded, server, address, hooks, on_violation, hooks.instrument())

    @contextlib.asynccontextmanager
    async def start() -> AsyncGenerator[int]:
        async with run_server(bridge, grace=1.0) as port:
            assert isinstance(port, int), port
            yield port

    with run_in_thread(start) as port:
        yield f"127.0.0.1:{port}"
