"""Findings, errors and logs of the bridge do not contain its credentials, even if the server sends them back."""

from __future__ import annotations

import json
import logging
from typing import Any

import grpc
import pytest
from example_api import ThingsClient
from running_bridge import RecordingHooks, run_bridge
from stub_server import StubServer, respond_with

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts
from wirelock.serve.bridge.handlers import OnViolation
from wirelock.serve.bridge.telemetry.access_log import LOGGER_NAME, AccessLog
from wirelock.serve.bridge.telemetry.call_events import CallEnded, CallStarted

PASSWORD = 'hunter2/"secret"\u00a0ö'
ECHOES: dict[str, Any] = {
    "instead of an integer": PASSWORD,
    "as a property name": {PASSWORD: {}},
    "cut off with the message": "x" * 50 + PASSWORD,
    "in a nested document": json.dumps({"text": PASSWORD}),
    "percent-encoded": "hunter2%2F%22secret%22%C2%A0%C3%B6",
}


def call_and_describe(client: ThingsClient, name: str) -> str:
    """Make a call and return all that the client gets besides its response."""
    try:
        client.call(name, {"id": "a"}) if name == "Get" else list(client.stream(name))
    except grpc.RpcError as caught:
        error: Any = caught
        return f"{error.code()} {error.details()} {error.trailing_metadata()}"
    return ""


@pytest.mark.parametrize("violations", ["refuse", "warn"])
@pytest.mark.parametrize("name", ["Get", "Watch"])
@pytest.mark.parametrize("echo", ECHOES)
def test_a_finding_does_not_show_the_password(
    things: tuple[Build, LoadedArtifacts], server: StubServer, echo: str, name: str, violations: OnViolation
) -> None:
    content = ECHOES[echo]
    value = {
        "id": "a",
        "size": 1,
        "n": 1,
        **(content if isinstance(content, dict) else {"size": content, "n": content}),
    }
    text = json.dumps(value)
    server.respond = (
        respond_with(200, text) if name == "Get" else respond_with(200, f"data: {text}\n\n", "text/event-stream")
    )
    hooks = RecordingHooks()
    with run_bridge(server.url, *things, hooks, violations, WIRELOCK_UPSTREAM_PASSWORD=PASSWORD) as address:
        text = call_and_describe(ThingsClient(address, *things), name)
    visible = f"{text} {hooks.findings} {hooks.calls}"
    assert "[redacted]" in visible and "hunter" not in visible


def test_the_access_log_does_not_show_the_password(
    things: tuple[Build, LoadedArtifacts], server: StubServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.respond = respond_with(200, json.dumps({"id": "a", "size": PASSWORD}))
    hooks = RecordingHooks()
    with run_bridge(server.url, *things, hooks, WIRELOCK_UPSTREAM_PASSWORD=PASSWORD) as address:
        call_and_describe(ThingsClient(address, *things), "Get")
    [ended] = hooks.calls
    assert isinstance(ended, CallEnded) and ended.findings
    with caplog.at_level(logging.INFO, LOGGER_NAME):
        AccessLog()(CallStarted("things.Things", "Get", "unary", "")).on_end(ended)
    facts = str([vars(record)["facts"] for record in caplog.records])
    assert "expected integer, got string" in facts and "[redacted]" in facts and "hunter" not in facts


def test_a_failure_with_an_unknown_media_type_does_not_show_the_password(
    things: tuple[Build, LoadedArtifacts], server: StubServer
) -> None:
    server.respond = respond_with(200, "{}", "text/hunter2secret")
    with run_bridge(server.url, *things, WIRELOCK_UPSTREAM_TOKEN="hunter2secret") as address:
        text = call_and_describe(ThingsClient(address, *things), "Get")
    assert "MEDIA_TYPE_UNDOCUMENTED" in text and "[redacted]" in text and "hunter" not in text


@pytest.mark.parametrize("name", ["Get", "Watch"])
@pytest.mark.parametrize(
    ("coding", "description"),
    [("gzip", "the content coding gzip"), ("hunter2secret", "an unknown content coding")],
)
def test_an_unknown_content_coding_is_not_shown(
    things: tuple[Build, LoadedArtifacts], server: StubServer, name: str, coding: str, description: str
) -> None:
    server.respond = respond_with(200, b"{}", **{"Content-Encoding": coding})
    with run_bridge(server.url, *things, WIRELOCK_UPSTREAM_TOKEN="hunter2secret") as address:
        text = call_and_describe(ThingsClient(address, *things), name)
    assert description in text and "hunter" not in text
