"""A live check: open the event streams, call all read methods, then exercise the lifecycle of each resource."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from wirelock.diagnostics import Diagnostic, Location, Severity
from wirelock.ir import Method, TypeGraph
from wirelock.progress import ProgressCallback, StatusCallback
from wirelock.runtime.json.text import Json
from wirelock.serve.live.client import LiveCall, LiveServer
from wirelock.serve.live.codes import INTERRUPTED, OPERATION_SKIPPED
from wirelock.serve.live.lifecycle import TITLE, exercise_resource, find_resources
from wirelock.serve.live.reads import MAX_CALLS, call_method, find_readable_methods
from wirelock.serve.live.request_bodies import Contracts, RequestBodies
from wirelock.serve.live.state import CheckAborted, LiveCheckState
from wirelock.serve.live.streams import StreamLimits, StreamResult, find_streams, follow_stream
from wirelock.serve.net.signals import handle_signals
from wirelock.serve.net.upstream import Upstream, open_session
from wirelock.traffic.conformance.checker import ConformanceCheck

_OPENING_SECONDS = 5.0
FollowedStreams = dict["asyncio.Task[StreamResult]", tuple[Method, LiveCall, asyncio.Event]]
"""Tasks that follow streams, with an event that is set once the stream is open."""


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """Options of a live check: limits if it follows streams, and `lifecycle` if it creates and deletes resources.

    `notify` receives a message when an interrupted check waits for cleanup.
    """

    notify: StatusCallback
    stream_limits: StreamLimits | None = None
    lifecycle: bool = False


async def check_server(
    upstream: Upstream,
    graph: TypeGraph,
    check: ConformanceCheck,
    contracts: Contracts,
    options: LiveOptions,
    progress: ProgressCallback,
) -> LiveCheckState:
    """Check a live server against its services; the findings of `check` are not part of the returned state.

    SIGINT and SIGTERM end the check early. Created resources are deleted first, even after further signals, and the
    findings so far are kept.
    """
    task = asyncio.current_task()
    assert task is not None
    async with open_session(upstream) as session:
        state = LiveCheckState(LiveServer(upstream, session), graph, check)
        try:
            with handle_signals(lambda: _interrupt(task, options), _ignore_signal):
                await _run_checks(state, contracts, options, progress)
        except CheckAborted as aborted:
            state.abort(aborted.diagnostic)
        except asyncio.CancelledError:
            message = "interrupted before all methods were called"
            state.diagnostics.append(Diagnostic(INTERRUPTED, Location(upstream.url), message, "run the check again"))
        return state


async def _run_checks(
    state: LiveCheckState, contracts: Contracts, options: LiveOptions, progress: ProgressCallback
) -> None:
    streams = _open_streams(state, options.stream_limits)
    try:
        await _wait_until_open(streams)
        await _read_all(state, progress)
        if options.lifecycle:
            await _exercise_resources(state, contracts, progress)
        for count, (task, (_, call, _)) in enumerate(streams.items()):
            progress(f"following {call}", count, len(streams))
            await asyncio.wait([task])  # awaiting the task itself would cancel it when the check is cancelled
    finally:
        await _end_streams(state, streams)


def _open_streams(state: LiveCheckState, limits: StreamLimits | None) -> FollowedStreams:
    streams: FollowedStreams = {}
    if limits is None:
        return streams
    for method in find_streams(state.graph.services):
        if missing := state.describe_missing_parameters(method):
            state.skip(method, missing)
            continue
        call, opened = LiveCall("GET", method.path), asyncio.Event()
        streams[asyncio.create_task(follow_stream(state.server, call, limits, opened))] = method, call, opened
    if not streams:
        _report_unsupported(state, "no service describes an event stream without required parameters")
    return streams


async def _wait_until_open(streams: FollowedStreams) -> None:
    """Wait until every stream is open, so that it contains the events of the following calls; for a limited time."""
    waits = [opened.wait() for _, _, opened in streams.values()]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*waits), _OPENING_SECONDS)


async def _read_all(state: LiveCheckState, progress: ProgressCallback) -> None:
    methods, items = find_readable_methods(state.graph.services), dict[str, Mapping[str, Json]]()
    for count, method in enumerate(methods):
        progress(f"GET {method.path}", count, len(methods))
        if count < MAX_CALLS:
            await call_method(state, method, items)
        else:
            state.skip(method, f"a check makes at most {MAX_CALLS} calls")


async def _exercise_resources(state: LiveCheckState, contracts: Contracts, progress: ProgressCallback) -> None:
    resources = find_resources(state.graph.services)
    if not resources:
        _report_unsupported(state, "no service describes a POST to a collection and a DELETE of its members")
    bodies = RequestBodies(state.graph.definitions, contracts, TITLE)
    for count, resource in enumerate(resources):
        progress(f"exercising {resource.collection}", count, len(resources))
        await exercise_resource(state, resource, bodies)


async def _end_streams(state: LiveCheckState, streams: FollowedStreams) -> None:
    """End the streams that are still open, and check the events of all streams."""
    for task in streams:
        task.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    for task, (method, call, _) in streams.items():
        if not task.cancelled():
            _add_stream(state, method, call, task.result())


def _add_stream(state: LiveCheckState, method: Method, call: LiveCall, stream: StreamResult) -> None:
    if stream.truncation is not None:
        state.diagnostics.append(stream.truncation)
    try:
        state.add_result(method, call, stream.result)
    except CheckAborted as aborted:
        state.abort(aborted.diagnostic)


def _report_unsupported(state: LiveCheckState, message: str) -> None:
    """Report that an option has no effect; this is an error, because the user requested it."""
    hint = "remove the option, or describe such a method"
    state.diagnostics.append(Diagnostic(OPERATION_SKIPPED, Location(), message, hint, Severity.ERROR))


def _interrupt(task: asyncio.Task[object], options: LiveOptions) -> None:
    """Cancel the check; notify the user that cleanup takes a while."""
    if options.lifecycle:
        options.notify("interrupted: deleting the created resources ...")
    task.cancel()


def _ignore_signal() -> None:
    """Ignore a further signal during cleanup; each call has a time limit."""
