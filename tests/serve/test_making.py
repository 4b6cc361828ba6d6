"""Types are made in a thread, one after another: who has what it needs waits for none, and what is left is left."""

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
from wirelock.serve.net.gc_freeze import lasting, undisturbed
from wirelock.serve.net.preloading import Making
from wirelock.serve.proxy.check_queue import MOST_WAITING, Checker

SLOW, QUICK, READY = (TypeId(f"{name}.schema.json") for name in ("slow", "quick", "ready"))
STEPS, STEP = 100, 0.05


def make(made: list[TypeId], key: TypeId) -> Iterator[None]:
    """Five seconds for one type, in steps, and none for others."""
    for _ in range(STEPS if key == SLOW else 0):
        time.sleep(STEP)
        yield
    made.append(key)


def nothing() -> None:
    """A check that takes no time."""


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("wirelock-types"):
            thread.join()


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    """No test leaves a thread that still makes something."""
    yield
    wait_for_threads()


def test_a_type_that_nobody_needs_any_longer_is_left_at_its_next_step() -> None:
    async def run() -> None:
        made: list[TypeId] = []
        making = Making(partial(make, made))
        waiting = asyncio.ensure_future(making.of((SLOW, QUICK)))
        await asyncio.sleep(STEP)
        begun = time.monotonic()
        making.close()
        await waiting
        wait_for_threads()
        assert time.monotonic() - begun < STEPS * STEP / 2
        assert made == []

    asyncio.run(run())


def test_who_has_its_types_waits_for_no_type_that_is_being_made() -> None:
    async def run() -> None:
        making = Making(partial(make, []))
        checker = Checker(making)
        await checker.now(nothing, 10, frozenset({READY}))
        slow = asyncio.ensure_future(checker.now(nothing, 10, frozenset({SLOW})))
        await asyncio.sleep(STEP)
        begun = time.monotonic()
        for size in (10, MOST_WAITING):
            assert await checker.now(lambda: "judged", size, frozenset({READY})) == "judged"
        assert time.monotonic() - begun < STEPS * STEP / 2 and not slow.done()
        making.close()
        await checker.close()

    asyncio.run(run())


def test_what_is_of_one_exchange_is_checked_in_its_order() -> None:
    """Also where the types of what comes first are made while more comes."""

    async def run() -> None:
        done: list[int] = []
        checker = Checker(Making(lambda key: (time.sleep(0.1),)))
        for number in range(60):
            assert checker.later(partial(done.append, number), 10, frozenset({QUICK}), "a stream")
            await asyncio.sleep(0.005)
        assert checker.later(partial(done.append, 60), 10, frozenset({QUICK}), "a stream") and done[-1] == 60
        await checker.close()
        assert done == [*range(61)]

    asyncio.run(run())


def test_what_waits_for_its_types_is_left_when_it_is_to_end_at_once() -> None:
    async def run() -> None:
        done: list[int] = []
        checker = Checker(Making(partial(make, [])))
        assert checker.later(partial(done.append, 1), 10, frozenset({SLOW}), "one")
        assert checker.later(partial(done.append, 2), MOST_WAITING // 2, frozenset({SLOW}), "two")
        at_once = asyncio.Event()
        asyncio.get_running_loop().call_later(STEP, at_once.set)
        begun = time.monotonic()
        assert await checker.settled(at_once) == 2
        await checker.close()
        assert time.monotonic() - begun < STEPS * STEP / 2 and done == []

    asyncio.run(run())


def test_what_stays_is_kept_from_the_collector() -> None:
    class Kept:
        """Something that the collector sees."""

    before, turn = gc.get_threshold(), sys.getswitchinterval()
    with undisturbed():
        with lasting():
            assert gc.get_threshold()[2] > 10**9 and sys.getswitchinterval() < turn
            kept = Kept()
        assert not any(one is kept for one in gc.get_objects())
        assert (gc.get_threshold(), sys.getswitchinterval()) == (before, turn)
    assert any(one is kept for one in gc.get_objects())
