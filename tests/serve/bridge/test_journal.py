"""What a bridge logs of itself: every kind of finding once, with how often it was there at the end."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.hooks import Observers
from wirelock.serve.bridge.logging import Journal

RPC = "/a.A/Watch"


def facts(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, dict[str, Any]]]:
    """Level, event and facts of what was logged."""
    return [(record.levelname, record.message, vars(record)["facts"]) for record in caplog.records]


def finding(pointer: str, place: str = "a.schema.json#/type") -> Finding:
    return Finding(pointer, "VIOLATION", f"expected integer at {pointer}", "type", place, warning=True)


def test_a_kind_is_logged_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wirelock.serve")
    journal = Observers([Journal()])
    for index in range(100):
        journal.noted(RPC, (finding(f"/items/{index}/n"),))
    journal.draining()
    journal.noted(RPC, (finding("/other", "b.schema.json#/type"),))
    assert [event for _, event, _ in facts(caplog)] == ["finding", "draining", "finding"]
    caplog.clear()
    journal.drained()
    assert [(event, told.get("pointer"), told.get("times")) for _, event, told in facts(caplog)] == [
        ("finding in all", "/items/*/n", 100),
        ("finding in all", "/other", 1),
    ]


def test_kinds_that_a_server_makes_up_do_not_fill_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal()
    for index in range(5000):
        journal.noted(RPC, (finding(f"/x{index}"),))
    caplog.clear()
    journal.drained()
    assert 0 < len(caplog.records) <= 1000


def test_what_looks_like_a_credential_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wirelock.serve")
    told = Finding("/key", "VIOLATION", 'expected integer, got string "sk-abcdefghijklmnop"')
    Journal().noted(RPC, (told,))
    assert "sk-abc" not in str(facts(caplog)) and "[redacted]" in str(facts(caplog))
