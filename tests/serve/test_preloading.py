"""Types are built in a worker thread, one after another; checks with built types do not wait."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from wirelock.ir import TypeId
from wirelock.serve.net.gc_freeze import build_permanent, frozen_gc
from wirelock.serve.net.preloading import BackgroundBuilder
from wirelock.serve.proxy.check_queue import MAX_QUEUED_BYTES, CheckQueue

SLOW, QUICK, READY = (TypeId(f"{name}.schema.json") for name in ("slow", "quick", "ready"))
STEPS, STEP = 100, 0.05


def build_in_steps(built: list[TypeId], key: TypeId) -> Iterator[None]:
    """Build SLOW in steps that take five seconds, and other types at once."""
    for _ in range(STEPS if key == SLOW else 0):
        time.sleep(STEP)
        yield
    built.append(key)


def do_nothing() -> None:
    """Do nothing."""


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("wirelock-types"):
            thread.join()


@pytest.fixture(autouse=True)
def join_threads() -> Iterator[None]:
    """Wait for the worker threads of a test."""
    yield
    wait_for_threads()


def test_closing_the_builder_stops_the_current_build() -> None:
    async def run() -> None:
        built: list[TypeId] = []
        builder = BackgroundBuilder(partial(build_in_steps, built))
        waiting = asyncio.ensure_future(builder.build((SLOW, QUICK)))
        await asyncio.sleep(STEP)
        begun = time.monotonic()
        builder.close()
        await waiting
        wait_for_threads()
        assert time.monotonic() - begun < STEPS * STEP / 2
        assert built == []

    asyncio.run(run())


def test_checks_with_built_types_do_not_wait_for_other_builds() -> None:
    async def run() -> None:
        builder = BackgroundBuilder(partial(build_in_steps, []))
        checker = CheckQueue(builder)
        await checker.run(do_nothing, 10, frozenset({READY}))
        slow = asyncio.ensure_future(checker.run(do_nothing, 10, frozenset({SLOW})))
        await asyncio.sleep(STEP)
        begun = time.monotonic()
        for size in (10, MAX_QUEUED_BYTES):
            assert await checker.run(lambda: "judged", size, frozenset({READY})) == "judged"
        assert time.monotonic() - begun < STEPS * STEP / 2 and not slow.done()
        builder.close()
        await checker.close()

    asyncio.run(run())


def test_checks_of_one_exchange_run_in_order() -> None:
    """The order holds while the types of the first check are being built."""

    async def run() -> None:
        done: list[int] = []
        checker = CheckQueue(BackgroundBuilder(lambda key: (time.sleep(0.1),)))
        for number in range(60):
            assert checker.submit(partial(done.append, number), 10, frozenset({QUICK}), "a stream")
            await asyncio.sleep(0.005)
        assert checker.submit(partial(done.append, 60), 10, frozenset({QUICK}), "a stream") and done[-1] == 60
        await checker.close()
        assert done == [*range(61)]

    asyncio.run(run())


def test_checks_that_wait_for_types_are_dropped_at_an_immediate_shutdown() -> None:
    async def run() -> None:
        done: list[int] = []
        checker = CheckQueue(BackgroundBuilder(partial(build_in_steps, [])))
        assert checker.submit(partial(done.append, 1), 10, frozenset({SLOW}), "one")
        assert checker.submit(partial(done.append, 2), MAX_QUEUED_BYTES // 2, frozenset({SLOW}), "two")
        at_once = asyncio.Event()
        asyncio.get_running_loop().call_later(STEP, at_once.set)
        begun = time.monotonic()
        assert await checker.drain(at_once) == 2
        await checker.close()
        assert time.monotonic() - begun < STEPS * STEP / 2 and done == []

    asyncio.run(run())


def test_permanent_objects_are_excluded_from_garbage_collection() -> None:
    class PermanentObject:
        """An object that the garbage collector tracks."""

    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    with frozen_gc():
        with build_permanent():
            assert gc.get_threshold()[2] > 10**9 and sys.getswitchinterval() < interval
            permanent = PermanentObject()
        assert not any(tracked is permanent for tracked in gc.get_objects())
        assert (gc.get_threshold(), sys.getswitchinterval()) == (thresholds, interval)
    assert any(tracked is permanent for tracked in gc.get_objects())
