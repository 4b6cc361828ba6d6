"""What is made once and stays is kept from the garbage collector, which would go through all of it in one step.

While a full collection runs, no thread does anything else: half a second with all types of a large API in memory. Most
of what a server makes when it starts, and of a type when it is first needed, is there until the end.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Generator
from threading import Lock

_ONE = Lock()
_NEVER = 2**31 - 1
_TURN = 0.0005
"""Seconds after which a thread lets another have the interpreter: passing on one event takes several such turns."""


@contextlib.contextmanager
def undisturbed() -> Generator[None]:
    """Within this, whatever there is stays, and what `lasting` adds to it; behind it all is the collector's again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextlib.contextmanager
def lasting() -> Generator[None]:
    """What is made within stays; no full collection comes in between, and whoever makes it gives way to others.

    Young garbage is collected as ever.
    """
    with _ONE:
        young, middle, full = gc.get_threshold()
        turn = sys.getswitchinterval()
        gc.set_threshold(young, middle, _NEVER)
        sys.setswitchinterval(_TURN)
        try:
            yield
        finally:
            sys.setswitchinterval(turn)
            gc.collect(1)
            gc.freeze()
            gc.set_threshold(young, middle, full)
