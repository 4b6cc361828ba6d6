"""What a bridge runs on: uvloop where it is installed, and the same on asyncio's own loop where it is not."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine

import pytest

from wirelock.serve.net import event_loop


async def loop_name() -> str:
    """The package of the loop that runs this."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop for Windows")
def test_a_bridge_runs_on_uvloop() -> None:
    assert event_loop.run(loop_name()) == "uvloop"


def test_without_uvloop_it_runs_on_asyncios_own_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_loop, "find_spec", lambda name: None)
    assert event_loop.run(loop_name()) == "asyncio"


@pytest.mark.parametrize("failing", [ValueError("no"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_what_ends_it_comes_out(failing: BaseException) -> None:
    async def fail() -> None:
        raise failing

    running: Coroutine[None, None, None] = fail()
    with pytest.raises(type(failing)):
        event_loop.run(running)
