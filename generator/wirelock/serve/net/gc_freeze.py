"""Exclusion of permanent objects from garbage collection.

A full collection stops every thread, for half a second with all types of a large API in memory. Most objects that a
server builds at its start, and for a type at its first use, live until the process ends.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Generator
from threading import Lock

_LOCK = Lock()
_NEVER = 2**31 - 1
"""A threshold that the number of collections does not reach."""
_SWITCH_SECONDS = 0.0005
"""The interpreter's switch interval during a build; the event loop waits for several switches an event."""


@contextlib.contextmanager
def frozen_gc() -> Generator[None]:
    """Exclude all existing objects from garbage collection, and those of `build_permanent`, until the block ends."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def build_permanent() -> Generator[None]:
    """Exclude the objects built in the block from garbage collection.

    No full collection runs in the block, and its thread often yields to others. Young objects are collected as usual.
    """
    with _LOCK:
        young, middle, full = gc.get_threshold()
        switch_interval = sys.getswitchinterval()
        gc.set_threshold(young, middle, _NEVER)
        sys.setswitchinterval(_SWITCH_SECONDS)
        try:
            yield
        finally:
            sys.setswitchinterval(switch_interval)
            gc.collect(1)
            gc.freeze()
            gc.set_threshold(young, middle, full)
