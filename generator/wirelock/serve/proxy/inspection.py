"""Inspection of all traffic: it is counted, checked, recorded and listed on the live page."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from wirelock.diagnostics import Diagnostic, Report, sort_unique
from wirelock.ir import TypeId
from wirelock.serve.net.preloading import BackgroundBuilder, BuildSteps
from wirelock.serve.proxy.check_queue import MAX_QUEUED_BYTES, CheckQueue, RequiredTypes
from wirelock.serve.proxy.finding_groups import FindingGroups, build_upstream_failure
from wirelock.serve.proxy.in_flight import RECORDING_NAME, InFlightExchange
from wirelock.serve.proxy.results import ContinuousCheck, ExchangeResult
from wirelock.traffic.conformance.checker import ConformanceCheck
from wirelock.traffic.conformance.codes import BODY_NOT_CHECKED
from wirelock.traffic.http.captured import CapturedExchange, to_exchange
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.server_sent_events import ServerSentEvent
from wirelock.traffic.recordings.recorder import Recorder
from wirelock.traffic.redaction import reports
from wirelock.traffic.redaction.credentials import NO_CREDENTIALS, KnownCredentials

Rendered = TypeVar("Rendered")
_REPORT_BYTES = MAX_QUEUED_BYTES
"""The size that a report counts as; it exceeds MAX_INLINE_BYTES, so that reports are built in the thread."""
COUNTS = ("requests", "answered", "refused", "upstream failures", "not checked in time", "streams given up")


def _build_nothing(key: TypeId) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class LiveRow:
    """An exchange in the list of the live page; `result` is None until it is checked."""

    captured: CapturedExchange
    result: ExchangeResult | None = None
    failure: str = ""


class Inspector:
    """An inspector of all traffic of one proxy.

    `check` is None if nothing is checked, `gate` in mode "report". The gate is a separate check, so that a request
    checked before it is sent is not counted twice. `build_steps` builds the codecs of a type. Findings do not contain
    `credentials`, those of the proxy for the server.
    """

    def __init__(
        self,
        check: ContinuousCheck | None,
        gate: ConformanceCheck | None,
        recorder: Recorder | None,
        build_steps: BuildSteps = _build_nothing,
        credentials: KnownCredentials = NO_CREDENTIALS,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.on_row: Callable[[LiveRow], None] = lambda row: None
        self._check = check
        self._gate = gate
        self._recorder = recorder
        self._credentials = credentials
        self._queue = CheckQueue(BackgroundBuilder(build_steps))
        self._upstream_failures = FindingGroups()
        self._writing: set[asyncio.Task[None]] = set()

    def begin_recording(self) -> Diagnostic | None:
        """Begin the recording if there is one; return a diagnostic if that fails."""
        return self._recorder.begin() if self._recorder is not None else None

    async def check_request(self, in_flight: InFlightExchange) -> tuple[Diagnostic, ...]:
        """Return the findings for which a request must not be sent; () in mode "report"."""
        return await self._check_part(in_flight, "request")

    async def check_response(self, in_flight: InFlightExchange) -> tuple[Diagnostic, ...]:
        """Return the findings for which a response must not be forwarded; () in mode "report"."""
        return await self._check_part(in_flight, "response")

    async def check_events(self, in_flight: InFlightExchange, events: list[ServerSentEvent]) -> tuple[Diagnostic, ...]:
        """Check events of a stream; return the findings for which they must not be forwarded."""
        if in_flight.is_undecodable:
            return await self._check_undecodable_stream(in_flight)
        if self._check is None or not events:
            return ()
        work, types = self._prepare_events(self._check, in_flight, events)
        result = await self._queue.run(work, _count_event_bytes(events), types)
        return _select_failures(result.diagnostics, "event")

    def submit_events(self, in_flight: InFlightExchange, events: list[ServerSentEvent]) -> None:
        """Queue the check of forwarded events of a stream."""
        if self._check is not None and events:
            work, types = self._prepare_events(self._check, in_flight, events)
            self._submit(work, _count_event_bytes(events), types, in_flight)

    def finish_exchange(self, in_flight: InFlightExchange, failure: str = "") -> asyncio.Task[None] | None:
        """Check, record and list a finished exchange; return the task that writes the recording.

        The next exchange of the connection must wait for that task. `failure` describes an error of the server.
        """
        captured = in_flight.capture()
        if failure:
            self.counts["upstream failures"] += 1
            self._upstream_failures.add((build_upstream_failure(failure, RECORDING_NAME),))
        if in_flight.is_given_up:
            self.counts["streams given up"] += 1
        self._submit_exchange(in_flight, captured, failure)
        if self._recorder is None:
            return None
        return self._start_writing(self._recorder.add(captured))

    async def build_report(self) -> Report:
        """Return the report of all exchanges so far."""
        await self._queue.drain()
        counts: dict[str, int | str] = {name: self.counts[name] for name in COUNTS}
        check = self._check
        if check is None:
            return Report(sort_unique(self._upstream_failures.to_diagnostics()), {"proxy": counts})
        return await self._queue.run(partial(check.build_report, counts), _REPORT_BYTES)

    async def render_report(self, render: Callable[[Report], Rendered]) -> Rendered:
        """Return the rendered report of all exchanges so far; rendering runs in the thread."""
        report = await self.build_report()
        return await self._queue.run(lambda: render(report), _REPORT_BYTES)

    async def drain(self, forced: asyncio.Event) -> None:
        """Wait for all queued checks; once `forced` is set, drop and count those that are left."""
        self.counts["not checked in time"] += await self._queue.drain(forced)

    async def close(self) -> None:
        """Wait until all exchanges are checked and recorded."""
        await asyncio.gather(*self._writing)
        await self._queue.close()

    async def _check_part(self, in_flight: InFlightExchange, part: str) -> tuple[Diagnostic, ...]:
        if self._gate is None:
            return ()
        diagnostics = await self._run_gate(self._gate, in_flight.capture())
        failures = _select_failures(diagnostics, part)
        return failures or _report_undecodable(diagnostics, part, in_flight.describe_decoding_error(part))

    async def _check_undecodable_stream(self, in_flight: InFlightExchange) -> tuple[Diagnostic, ...]:
        """Return a finding if a service describes the stream: its events cannot be checked."""
        if self._gate is None:
            return ()
        diagnostics = await self._run_gate(self._gate, in_flight.capture_without_bodies())
        return _report_undecodable(diagnostics, "response", "cannot be decoded")

    async def _run_gate(self, gate: ConformanceCheck, captured: CapturedExchange) -> tuple[Diagnostic, ...]:
        exchange = to_exchange(captured, RECORDING_NAME)
        work = partial(_check_exchange, gate, exchange)
        diagnostics = await self._queue.run(work, _count_body_bytes(captured), gate.find_types(exchange))
        return reports.redact_diagnostics(diagnostics, self._credentials)

    def _submit_exchange(self, in_flight: InFlightExchange, captured: CapturedExchange, failure: str) -> None:
        """Queue the check of a finished exchange; a stream was counted with its first events."""
        check = self._check
        if check is None or (in_flight.event_count and not failure):
            return
        exchange, is_counted = to_exchange(captured, RECORDING_NAME), bool(in_flight.event_count)
        loop = asyncio.get_running_loop()

        def work() -> None:
            if failure:
                check.add_failure(failure, exchange)
            is_checked = not is_counted and (captured.status or not failure)
            result = check.add_exchange(exchange) if is_checked else None
            loop.call_soon_threadsafe(self.on_row, LiveRow(captured, result, failure))

        self._submit(work, _count_body_bytes(captured), check.find_types(exchange), in_flight)

    def _prepare_events(
        self, check: ContinuousCheck, in_flight: InFlightExchange, events: list[ServerSentEvent]
    ) -> tuple[Callable[[], ExchangeResult], RequiredTypes]:
        """Return a function that checks the events, and the types that it needs."""
        exchange, first = in_flight.take_events(events)
        captured, loop = in_flight.capture_without_bodies(), asyncio.get_running_loop()

        def work() -> ExchangeResult:
            result = check.add_events(exchange, first) if first else check.add_exchange(exchange)
            loop.call_soon_threadsafe(self.on_row, LiveRow(captured, result))
            return result

        return work, check.find_types(exchange)

    def _submit(self, work: Callable[[], object], size: int, types: RequiredTypes, in_flight: InFlightExchange) -> None:
        if not self._queue.submit(work, size, types, in_flight):
            self.counts["not checked in time"] += 1

    def _start_writing(self, writing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return task


def _check_exchange(gate: ConformanceCheck, exchange: Exchange) -> tuple[Diagnostic, ...]:
    gate.check_exchange(exchange)
    return gate.take_findings()[0]


def _select_failures(diagnostics: tuple[Diagnostic, ...], part: str) -> tuple[Diagnostic, ...]:
    """Return the failures that concern one part of an exchange."""
    return tuple(d for d in diagnostics if d.is_failure and d.exchange is not None and d.exchange.part == part)


def _report_undecodable(diagnostics: tuple[Diagnostic, ...], part: str, error: str) -> tuple[Diagnostic, ...]:
    """Return the notes on unchecked bodies with the decoding error; () for a body that no service describes."""
    if not error:
        return ()
    notes = (d for d in diagnostics if d.code == BODY_NOT_CHECKED and d.exchange and d.exchange.part == part)
    return tuple(replace(note, message=f"not checked: the body {error}") for note in notes)


def _count_event_bytes(events: list[ServerSentEvent]) -> int:
    return sum(len(event.data) for event in events)


def _count_body_bytes(captured: CapturedExchange) -> int:
    return len(captured.request.body or b"") + len(captured.response.body or b"")
