"""The edge cases are numbered; each has a test, or a reason why it has none yet."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ALL_NUMBERS = range(1, 71)
NOT_TESTED: tuple[tuple[int, str], ...] = (
    (61, "a property that moves to another file together with a renamed message; no keyword declares that yet"),
    (62, "the effect of changed presence on clients is reported by the compatibility check"),
    (63, "the effect of a property that becomes a union is reported by the compatibility check"),
    (64, "separate verdicts for JSON and the wire are reported by the compatibility check"),
    (66, "frames of web sockets are not read"),
    (69, "redaction of recordings on disk is tested with the recorder"),
)
"""Edge cases, or parts of one, that have no test here, with the reason."""


def list_tested_numbers() -> Iterator[int]:
    """Yield the numbers of the tables and of the modules without a table."""
    for path in Path(__file__).parent.glob("test_edge_cases_*.py"):
        module = import_module(path.stem)
        yield from (edge_case.number for edge_case in getattr(module, "EDGE_CASES", ()))
        yield from getattr(module, "NUMBERS", ())


def test_every_edge_case_is_tested_or_has_a_reason() -> None:
    not_tested = [number for number, reason in NOT_TESTED if reason]
    assert sorted({*list_tested_numbers(), *not_tested}) == list(ALL_NUMBERS)
    assert not_tested == sorted(set(not_tested))
