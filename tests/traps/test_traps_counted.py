"""Every trap that is known is tested here, or waits for what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

KNOWN = range(1, 71)
LATER: tuple[tuple[int, str], ...] = (
    (61, "a property that moves to another file, and a message that is renamed: its name is not a hint yet"),
    (62, "what a changed presence means for clients is said by a comparison of versions"),
    (63, "the same for a property that becomes a union"),
    (64, "a verdict each for JSON and for the wire is said by a comparison of versions"),
    (66, "cassettes of VCR are not read yet, nor frames of web sockets"),
    (69, "nothing records traffic yet; what is recorded elsewhere is not redacted on disk"),
)
"""Traps, or the rest of one, that are about what does not exist yet."""


def covered() -> Iterator[int]:
    """The numbers of the tables and of the tests that stand alone."""
    for path in Path(__file__).parent.glob("test_traps_*.py"):
        module = import_module(path.stem)
        yield from (trap.number for trap in getattr(module, "TRAPS", ()))
        yield from (int(found[1]) for name in vars(module) if (found := re.match(r"test_(\d+)_", name)))


def test_every_trap_is_tested_or_waits() -> None:
    waiting = [number for number, reason in LATER if reason]
    assert sorted({*covered(), *waiting}) == list(KNOWN)
    assert waiting == sorted(set(waiting))
