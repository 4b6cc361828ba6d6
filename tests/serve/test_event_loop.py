"""The event loop of the bridge: uvloop if it is installed, else asyncio's own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine

import pytest

from wirelock.serve.net import event_loop


async def get_loop_package() -> str:
    """Return the package of the running loop."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not support Windows")
def test_a_bridge_runs_on_uvloop() -> None:
    assert event_loop.run(get_loop_package()) == "uvloop"


def test_without_uvloop_a_bridge_runs_on_asyncios_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> None:
        """Find no module."""

    monkeypatch.setattr(event_loop, "find_spec", find_nothing)
    assert event_loop.run(get_loop_package()) == "asyncio"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=["error", "interrupt"])
def test_exceptions_are_propagated(error: BaseException) -> None:
    async def fail() -> None:
        raise error

    main: Coroutine[None, None, None] = fail()
    with pytest.raises(type(error)):
        event_loop.run(main)
