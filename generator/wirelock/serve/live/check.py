"""The whole of a live check: streams opened first, then everything read, then a life lived through."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wirelock.diagnostics import Diagnostic, Location, Severity
from wirelock.ir import Method, TypeGraph
from wirelock.runtime.json.text import Json
from wirelock.serve.live.client import Call, Server
from wirelock.serve.live.codes import INTERRUPTED, OPERATION_SKIPPED
from wirelock.serve.live.lifecycle import Contracts, live_through, resources
from wirelock.serve.live.reads import MOST, read, readable
from wirelock.serve.live.state import Run, Stopped
from wirelock.serve.live.streams import Followed, Following, follow, streams
from wirelock.serve.net.signals import signals
from wirelock.serve.net.upstream import Upstream, connected
from wirelock.traffic.conformance.checker import Check

Progress = Callable[[str, int, int], None]
Noted = Callable[[str], None]
"""Is told in words what people wait for."""
_OPENING_SECONDS = 5.0
Open = dict["asyncio.Task[Followed]", tuple[Method, Call, asyncio.Event]]
"""The streams that are being followed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a live check may do beyond reading: follow streams, and make things of its own; and whom it tells."""

    noted: Noted
    following: Following | None = None
    lifecycle: bool = False


async def checked(
    upstream: Upstream, graph: TypeGraph, check: Check, contracts: Contracts, asked: Asked, progress: Progress
) -> Run:
    """Hold a live server against its services; gives what was found, the check's own findings apart.

    SIGINT and SIGTERM end it early: what was made is deleted first, however often they come, and what was found is
    kept.
    """
    task = asyncio.current_task()
    assert task is not None
    async with connected(upstream) as session:
        run = Run(Server(upstream, session), graph, check)
        try:
            with signals(lambda: _end(task, asked), _ignored):
                await _everything(run, contracts, asked, progress)
        except Stopped as stopped:
            run.stop(stopped.diagnostic)
        except asyncio.CancelledError:
            words = "interrupted: the server was not asked everything"
            run.diagnostics.append(Diagnostic(INTERRUPTED, Location(upstream.url), words, "run it again"))
        return run


async def _everything(run: Run, contracts: Contracts, asked: Asked, progress: Progress) -> None:
    following = _opened(run, asked.following)
    try:
        await _begun(following)
        await _read(run, progress)
        if asked.lifecycle:
            await _lived(run, contracts, progress)
        for count, (task, (_, call, _)) in enumerate(following.items()):
            progress(f"following {call}", count, len(following))
            await asyncio.wait([task])  # and not the task, which would be cancelled with us
    finally:
        await _ended(run, following)


def _opened(run: Run, limits: Following | None) -> Open:
    found: Open = {}
    if limits is None:
        return found
    for method in streams(run.graph.services):
        if needed := run.needs(method):
            run.leave_out(method, needed)
            continue
        call, begun = Call("GET", method.path), asyncio.Event()
        found[asyncio.create_task(follow(run.server, call, limits, begun))] = method, call, begun
    if not found:
        _nothing(run, "no service describes a stream that can be followed without parameters")
    return found


async def _begun(following: Open) -> None:
    """Wait until every stream is open, so that what happens from now on is in it; not for long."""
    waits = [begun.wait() for _, _, begun in following.values()]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*waits), _OPENING_SECONDS)


async def _read(run: Run, progress: Progress) -> None:
    methods, items = readable(run.graph.services), dict[str, Mapping[str, Json]]()
    for count, method in enumerate(methods):
        progress(f"GET {method.path}", count, len(methods))
        if count < MOST:
            await read(run, method, items)
        else:
            run.leave_out(method, f"a check makes {MOST} calls at most")


async def _lived(run: Run, contracts: Contracts, progress: Progress) -> None:
    known = resources(run.graph.services)
    if not known:
        _nothing(run, "no service describes a POST to a collection and a DELETE of its members")
    for count, resource in enumerate(known):
        progress(f"living through {resource.collection}", count, len(known))
        await live_through(run, resource, contracts)


async def _ended(run: Run, following: Open) -> None:
    """End the streams that have not ended yet, and hold what was read of each."""
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    for task, (method, call, _) in following.items():
        if not task.cancelled():
            _take(run, method, call, task.result())


def _take(run: Run, method: Method, call: Call, followed: Followed) -> None:
    if followed.cut is not None:
        run.diagnostics.append(followed.cut)
    try:
        run.take(method, call, followed.result)
    except Stopped as stopped:
        run.stop(stopped.diagnostic)


def _nothing(run: Run, words: str) -> None:
    """What was asked for and cannot be done is an error, not a note."""
    hint = "leave the option out, or describe one"
    run.diagnostics.append(Diagnostic(OPERATION_SKIPPED, Location(), words, hint, Severity.ERROR))


def _end(task: asyncio.Task[object], asked: Asked) -> None:
    """End the check; who waits is told why that takes a while."""
    if asked.lifecycle:
        asked.noted("interrupted: deleting what was made ...")
    task.cancel()


def _ignored() -> None:
    """A further signal, while what was made is deleted: every call has its limit of time."""
