"""The proxy in front of real OpenCode servers, with a real client's day: what passes, what is found, what is recorded."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "serve/proxy"))

from checkout import ROOT, configuration
from opencode import VERSIONS, needs, running
from test_commands import command

import wirelock


def call(address: str, method: str, target: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + target, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read() or b"null")


@pytest.mark.parametrize("version", [pytest.param(version, marks=needs(version)) for version in VERSIONS])
def test_a_day_of_a_client_passes_is_checked_and_recorded(version: str, tmp_path: Path) -> None:
    file = tmp_path / "day.har"
    arguments = ("--record", str(file), "--format", "json")
    with (
        running(version, tmp_path / "server") as server,
        command("proxy", "--upstream", server.url, *arguments) as proxy,
    ):
        straight = call(server.url, "GET", "/config/providers")
        assert call(proxy.address, "GET", "/config/providers") == straight
        made = call(proxy.address, "POST", "/session", {"title": "a day"})
        assert isinstance(made, dict)
        session = f"/session/{made['id']}"
        assert call(proxy.address, "GET", session) == call(server.url, "GET", session)
        call(proxy.address, "PATCH", session, {"title": "another day"})
        call(proxy.address, "GET", "/session")
        with urllib.request.urlopen(f"{proxy.address}/event", timeout=10) as events:
            assert b"server.connected" in events.readline()
        assert call(proxy.address, "DELETE", session) is True
        code, out, _ = proxy.end()
    live = json.loads(out)
    assert live["summary"]["exchanges"]["total"] == 7
    assert live["summary"]["proxy"]["upstream failures"] == 0
    read = wirelock.verify(configuration(ROOT), [str(file)])
    told = {(one["code"], one["pointer"], one["rpc"]) for one in live["findings"] if "rpc" in one}
    assert {(one.code.id, one.where.pointer, one.rpc) for one in read.diagnostics if one.exchange} == told
    assert code == read.exit_code
