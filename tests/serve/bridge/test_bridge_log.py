"""The log of a bridge: the first finding of each kind, and the totals at the end."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from wirelock.runtime.findings import Finding
from wirelock.serve.bridge.hooks import CombinedHooks
from wirelock.serve.bridge.logging import BridgeLogger

RPC = "/a.A/Watch"


def list_records(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, dict[str, Any]]]:
    """List the level, event and facts of all records."""
    return [(record.levelname, record.message, vars(record)["facts"]) for record in caplog.records]


def build_finding(pointer: str, schema: str = "a.schema.json#/type") -> Finding:
    return Finding(pointer, "VIOLATION", f"expected integer at {pointer}", "type", schema, warning=True)


def test_a_kind_is_logged_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wirelock.serve")
    logger = CombinedHooks([BridgeLogger()])
    for index in range(100):
        logger.on_findings(RPC, (build_finding(f"/items/{index}/n"),))
    logger.on_shutdown()
    logger.on_findings(RPC, (build_finding("/other", "b.schema.json#/type"),))
    assert [event for _, event, _ in list_records(caplog)] == ["finding", "draining", "finding"]
    caplog.clear()
    logger.on_stopped()
    assert [(event, facts.get("pointer"), facts.get("count")) for _, event, facts in list_records(caplog)] == [
        ("finding total", "/items/*/n", 100),
        ("finding total", "/other", 1),
    ]


def test_the_number_of_kinds_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    logger = BridgeLogger()
    for index in range(5000):
        logger.on_findings(RPC, (build_finding(f"/x{index}"),))
    caplog.clear()
    logger.on_stopped()
    assert 0 < len(caplog.records) <= 1000


def test_text_that_looks_like_a_credential_is_redacted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wirelock.serve")
    finding = Finding("/key", "VIOLATION", 'expected integer, got string "sk-abcdefghijklmnop"')
    BridgeLogger().on_findings(RPC, (finding,))
    assert "sk-abc" not in str(list_records(caplog)) and "[redacted]" in str(list_records(caplog))
