"""A bridge in a thread of its own, so that tests call it as any client does."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager

from wirelock.build import Build
from wirelock.loader import Loaded
from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.handlers import Violations
from wirelock.serve.bridge.listen import Listen, listen
from wirelock.serve.bridge.server import Bridge, running
from wirelock.serve.bridge.telemetry.call_events import Ended, Request, Response
from wirelock.serve.bridge.telemetry.interceptor import Observed
from wirelock.serve.net.event_loop import quickest
from wirelock.serve.net.tls import NO_TLS, TlsFiles
from wirelock.serve.net.upstream import Upstream, upstream


class Noted:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.calls: list[Ended] = []
        """The calls that ended, in that order."""
        self.findings: list[Finding] = []
        self.is_up: bool | None = None

    def listening(self, address: str, upstream: str) -> None:
        """Nothing."""

    def exposed(self, address: str) -> None:
        """Nothing."""

    def reached(self, is_up: bool, upstream: str) -> None:
        self.is_up = is_up

    def noted(self, rpc: str, findings: tuple[Finding, ...]) -> None:
        self.findings += findings

    def draining(self) -> None:
        """Nothing."""

    def drained(self) -> None:
        """Nothing."""

    def watch(self) -> Observed:
        """What tells it of the calls of a project's services."""
        return Observed([lambda started: _Follows(self.calls)])


class _Follows:
    """Follows one call to its end."""

    def __init__(self, ends: list[Ended]) -> None:
        self.ended = ends.append

    def requested(self, request: Request) -> None:
        """Nothing."""

    def responded(self, response: Response) -> None:
        """Nothing."""

    def sent(self) -> None:
        """Nothing."""

    def noted(self, findings: Sequence[Finding]) -> None:
        """Nothing."""


@contextlib.contextmanager
def in_a_thread(context: Callable[[], AbstractAsyncContextManager[int]]) -> Iterator[int]:
    """Run an asynchronous context in a loop of its own, of the kind that a bridge runs on; gives what it gives."""
    started, ending = threading.Event(), asyncio.Event()
    loop = quickest()()
    given: list[int] = []
    failed: list[BaseException] = []

    async def run() -> None:
        try:
            async with context() as port:
                given.append(port)
                started.set()
                await ending.wait()
        except BaseException as error:
            failed.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    started.wait(60)
    try:
        if given:
            yield given[0]
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(60)
        loop.close()
    if failed:
        raise failed[0]


@contextlib.contextmanager
def bridged(
    url: str,
    build: Build,
    loaded: Loaded,
    noted: Noted | None = None,
    violations: Violations = "refuse",
    tls: TlsFiles = NO_TLS,
    upstream_tls: TlsFiles = NO_TLS,
    **environment: str,
) -> Iterator[str]:
    """A bridge in front of a server; gives its address. `environment` holds the credentials for the server."""
    server, where = upstream(url, environment, upstream_tls), listen("127.0.0.1:0", tls)
    assert isinstance(server, Upstream) and isinstance(where, Listen)
    watched = noted or Noted()
    bridge = Bridge(build, loaded, server, where, watched, violations, watched.watch())

    @contextlib.asynccontextmanager
    async def started() -> AsyncGenerator[int]:
        async with running(bridge, grace=1.0) as port:
            assert isinstance(port, int), port
            yield port

    with in_a_thread(started) as port:
        yield f"127.0.0.1:{port}"
