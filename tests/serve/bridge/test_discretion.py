"""The bridge tells what it finds in answers without its own credentials, which a server may repeat in them."""

from __future__ import annotations

import json
import logging
from typing import Any

import grpc
import pytest
from bridges import Noted, bridged
from stub import Stub, says
from things import Client

from wirelock.build import Build
from wirelock.loader import Loaded
from wirelock.serve.bridge.handlers import Violations
from wirelock.serve.bridge.telemetry.access_log import LOGGER, Logs
from wirelock.serve.bridge.telemetry.call_events import Ended, Started

PASSWORD = 'hunter2/"secret"\u00a0ö'
ECHOES: dict[str, Any] = {
    "where an integer is described": PASSWORD,
    "as the name of a property": {PASSWORD: {}},
    "cut off where a message is": "x" * 50 + PASSWORD,
    "in a document inside the document": json.dumps({"said": PASSWORD}),
    "percent-encoded": "hunter2%2F%22secret%22%C2%A0%C3%B6",
}


def told(client: Client, name: str) -> str:
    """What the client learns of a call besides its answer."""
    try:
        client.ask(name, {"id": "a"}) if name == "Get" else list(client.stream(name))
    except grpc.RpcError as caught:
        error: Any = caught
        return f"{error.code()} {error.details()} {error.trailing_metadata()}"
    return ""


@pytest.mark.parametrize("violations", ["refuse", "warn"])
@pytest.mark.parametrize("name", ["Get", "Watch"])
@pytest.mark.parametrize("echo", ECHOES)
def test_a_finding_does_not_show_the_password(
    things: tuple[Build, Loaded], server: Stub, echo: str, name: str, violations: Violations
) -> None:
    said = ECHOES[echo]
    value = {"id": "a", "size": 1, "n": 1, **(said if isinstance(said, dict) else {"size": said, "n": said})}
    text = json.dumps(value)
    server.answer = says(200, text) if name == "Get" else says(200, f"data: {text}\n\n", "text/event-stream")
    noted = Noted()
    with bridged(server.url, *things, noted, violations, WIRELOCK_UPSTREAM_PASSWORD=PASSWORD) as address:
        words = told(Client(address, *things), name)
    shown = f"{words} {noted.findings} {noted.calls}"
    assert "[redacted]" in shown and "hunter" not in shown


def test_the_line_of_a_call_does_not_show_the_password(
    things: tuple[Build, Loaded], server: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = says(200, json.dumps({"id": "a", "size": PASSWORD}))
    noted = Noted()
    with bridged(server.url, *things, noted, WIRELOCK_UPSTREAM_PASSWORD=PASSWORD) as address:
        told(Client(address, *things), "Get")
    [ended] = noted.calls
    assert isinstance(ended, Ended) and ended.findings
    with caplog.at_level(logging.INFO, LOGGER):
        Logs()(Started("things.Things", "Get", "unary", "")).ended(ended)
    facts = str([vars(record)["facts"] for record in caplog.records])
    assert "expected integer, got string" in facts and "[redacted]" in facts and "hunter" not in facts


def test_a_fault_that_names_what_came_does_not_show_the_password(things: tuple[Build, Loaded], server: Stub) -> None:
    server.answer = says(200, "{}", "text/hunter2secret")
    with bridged(server.url, *things, WIRELOCK_UPSTREAM_TOKEN="hunter2secret") as address:
        words = told(Client(address, *things), "Get")
    assert "MEDIA_TYPE_UNDOCUMENTED" in words and "[redacted]" in words and "hunter" not in words


@pytest.mark.parametrize("name", ["Get", "Watch"])
@pytest.mark.parametrize(("coding", "shown"), [("gzip", "gzip"), ("hunter2secret", "a coding of its own")])
def test_a_coding_that_is_none_is_not_repeated(
    things: tuple[Build, Loaded], server: Stub, name: str, coding: str, shown: str
) -> None:
    server.answer = says(200, b"{}", **{"Content-Encoding": coding})
    with bridged(server.url, *things, WIRELOCK_UPSTREAM_TOKEN="hunter2secret") as address:
        words = told(Client(address, *things), name)
    assert f"encoded as {shown}" in words and "hunter" not in words
