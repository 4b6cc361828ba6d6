"""What is done with everything that passes: it is counted, checked, recorded and shown."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from wirelock.diagnostics import Diagnostic, Report, in_order
from wirelock.ir import TypeId
from wirelock.serve.net.preloading import Make, Making
from wirelock.serve.proxy.check_queue import MOST_WAITING, Checker, Needs
from wirelock.serve.proxy.finding_groups import Kinds, upstream_failed
from wirelock.serve.proxy.in_flight import NAME, Passing
from wirelock.serve.proxy.results import Judged, Tally
from wirelock.traffic.conformance.checker import Check
from wirelock.traffic.conformance.codes import BODY_NOT_CHECKED
from wirelock.traffic.http.captured import Passed, exchange_of
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.http.server_sent_events import Event
from wirelock.traffic.recordings.recorder import Recorder
from wirelock.traffic.redaction import reports
from wirelock.traffic.redaction.credentials import UNKNOWN, Echoes

Shown = TypeVar("Shown")
_LARGE = MOST_WAITING
"""What a report weighs: it is made where nothing waits for it."""
COUNTS = ("requests", "answered", "refused", "upstream failures", "not checked in time", "streams given up")


def _nothing(key: TypeId) -> tuple[()]:
    return ()


@dataclass(frozen=True, slots=True)
class Seen:
    """An exchange as it is shown while traffic flows; `judged` is None until it is checked."""

    passed: Passed
    judged: Judged | None = None
    failure: str = ""


class Watch:
    """Takes what passes; `tally` and `gate` are None where nothing is checked.

    The gate is a check of its own: what it says of a request that is about to be sent is not counted twice.
    `make` makes what a type needs. `known` are our credentials for the server: clients are told why nothing passes
    without them.
    """

    def __init__(
        self,
        tally: Tally | None,
        gate: Check | None,
        recorder: Recorder | None,
        make: Make = _nothing,
        known: Echoes = UNKNOWN,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.seen: Callable[[Seen], None] = lambda seen: None
        self._tally = tally
        self._gate = gate
        self._recorder = recorder
        self._known = known
        self._checker = Checker(Making(make))
        self._failed = Kinds()
        self._writing: set[asyncio.Task[None]] = set()

    def begin(self) -> Diagnostic | None:
        """Begin the recording, if there is to be one; gives why it cannot be begun."""
        return self._recorder.begin() if self._recorder is not None else None

    async def refuses_request(self, passing: Passing) -> tuple[Diagnostic, ...]:
        """Why a request must not be sent; () for one that may."""
        return await self._refuses(passing, "request")

    async def refuses_response(self, passing: Passing) -> tuple[Diagnostic, ...]:
        """Why an answer must not be passed on; () for one that may."""
        return await self._refuses(passing, "response")

    async def refuses_events(self, passing: Passing, events: list[Event]) -> tuple[Diagnostic, ...]:
        """Hold events of a stream, and wait for what is found: why they must not be passed on."""
        if passing.is_undecodable:
            return await self._refuses_rest(passing)
        if self._tally is None or not events:
            return ()
        work, needs = self._of_events(self._tally, passing, events)
        judged = await self._checker.now(work, _size(events), needs)
        return _at_fault(judged.found, "event")

    def events(self, passing: Passing, events: list[Event]) -> None:
        """Hold events of a stream that were passed on."""
        if self._tally is not None and events:
            work, needs = self._of_events(self._tally, passing, events)
            self._later(work, _size(events), needs, passing)

    def over(self, passing: Passing, failure: str = "") -> asyncio.Task[None] | None:
        """Check, record and show an exchange that is over; gives what is to be waited for before the next."""
        passed = passing.passed()
        if failure:
            self.counts["upstream failures"] += 1
            self._failed.add((upstream_failed(failure, NAME),))
        if passing.gave_up:
            self.counts["streams given up"] += 1
        self._check(passing, passed, failure)
        if self._recorder is None:
            return None
        return self._started(self._recorder.add(passed))

    async def report(self) -> Report:
        """Everything found so far, of all that has passed."""
        await self._checker.settled()
        counts: dict[str, int | str] = {name: self.counts[name] for name in COUNTS}
        tally = self._tally
        if tally is None:
            return Report(in_order(self._failed.found()), {"proxy": counts})
        return await self._checker.now(partial(tally.report, counts), _LARGE)

    async def shown(self, show: Callable[[Report], Shown]) -> Shown:
        """Everything found so far as it is to be shown; it is made where it holds nothing up."""
        report = await self.report()
        return await self._checker.now(lambda: show(report), _LARGE)

    async def settled(self, at_once: asyncio.Event) -> None:
        """Wait until everything that passed is checked; what is left when it is to be `at_once` is only counted."""
        self.counts["not checked in time"] += await self._checker.settled(at_once)

    async def close(self) -> None:
        """Wait until everything that passed is checked and recorded."""
        await asyncio.gather(*self._writing)
        await self._checker.close()

    async def _refuses(self, passing: Passing, part: str) -> tuple[Diagnostic, ...]:
        if self._gate is None:
            return ()
        found = await self._gated(self._gate, passing.passed())
        return _at_fault(found, part) or _not_held(found, part, passing.undecodable(part))

    async def _refuses_rest(self, passing: Passing) -> tuple[Diagnostic, ...]:
        """Why a stream that cannot be decoded must not go on: nobody knows what it says."""
        if self._gate is None:
            return ()
        found = await self._gated(self._gate, passing.without_bodies())
        return _not_held(found, "response", "cannot be decoded")

    async def _gated(self, gate: Check, passed: Passed) -> tuple[Diagnostic, ...]:
        exchange = exchange_of(passed, NAME)
        work = partial(_judged, gate, exchange)
        found = await self._checker.now(work, _weight(passed), gate.types(exchange))
        return reports.diagnostics(found, self._known)

    def _check(self, passing: Passing, passed: Passed, failure: str) -> None:
        """Hold a whole exchange; one with events was counted with the first of them."""
        tally = self._tally
        if tally is None or (passing.events and not failure):
            return
        exchange, counted = exchange_of(passed, NAME), bool(passing.events)
        loop = asyncio.get_running_loop()

        def work() -> None:
            if failure:
                tally.failed(failure, exchange)
            judged = None if counted or (failure and not passed.status) else tally.exchange(exchange)
            loop.call_soon_threadsafe(self.seen, Seen(passed, judged, failure))

        self._later(work, _weight(passed), tally.types(exchange), passing)

    def _of_events(self, tally: Tally, passing: Passing, events: list[Event]) -> tuple[Callable[[], Judged], Needs]:
        """How events are held, and the types that are needed for it."""
        exchange, first = passing.exchange_with(events)
        passed, loop = passing.without_bodies(), asyncio.get_running_loop()

        def work() -> Judged:
            judged = tally.more(exchange, first) if first else tally.exchange(exchange)
            loop.call_soon_threadsafe(self.seen, Seen(passed, judged))
            return judged

        return work, tally.types(exchange)

    def _later(self, work: Callable[[], object], size: int, needs: Needs, passing: Passing) -> None:
        if not self._checker.later(work, size, needs, passing):
            self.counts["not checked in time"] += 1

    def _started(self, writing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return task


def _judged(gate: Check, exchange: Exchange) -> tuple[Diagnostic, ...]:
    gate.exchange(exchange)
    return gate.take()[0]


def _at_fault(found: tuple[Diagnostic, ...], part: str) -> tuple[Diagnostic, ...]:
    return tuple(one for one in found if one.fails and one.exchange is not None and one.exchange.part == part)


def _not_held(found: tuple[Diagnostic, ...], part: str, undecodable: str) -> tuple[Diagnostic, ...]:
    """What a service describes and was not held, because its body cannot be decoded; what nobody describes is none."""
    if not undecodable:
        return ()
    notes = (one for one in found if one.code == BODY_NOT_CHECKED and one.exchange and one.exchange.part == part)
    return tuple(replace(note, message=f"not checked: the body {undecodable}") for note in notes)


def _size(events: list[Event]) -> int:
    return sum(len(event.data) for event in events)


def _weight(passed: Passed) -> int:
    return len(passed.request.body or b"") + len(passed.response.body or b"")
