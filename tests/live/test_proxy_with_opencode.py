"""The proxy in front of OpenCode servers: forwarding, findings and the recording of a session."""

from __future__ import annotations

import json
import sys
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "serve/proxy"))

from checkout import ROOT, load_project
from opencode import VERSIONS, run_server, skip_without
from proxy_command import run_command

import wirelock

pytestmark = pytest.mark.long


def send_request(address: str, method: str, target: str, body: object = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + target, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read() or b"null")


@pytest.mark.parametrize("version", [pytest.param(version, marks=skip_without(version)) for version in VERSIONS])
def test_calls_are_forwarded_checked_and_recorded(version: str, tmp_path: Path) -> None:
    file = tmp_path / "day.har"
    arguments = ("--record", str(file), "--format", "json")
    with (
        run_server(version, tmp_path / "server") as server,
        run_command("proxy", "--upstream", server.url, *arguments) as proxy,
    ):
        direct = send_request(server.url, "GET", "/config/providers")
        assert send_request(proxy.address, "GET", "/config/providers") == direct
        created = send_request(proxy.address, "POST", "/session", {"title": "a day"})
        assert isinstance(created, dict)
        session = f"/session/{created['id']}"
        assert send_request(proxy.address, "GET", session) == send_request(server.url, "GET", session)
        send_request(proxy.address, "PATCH", session, {"title": "another day"})
        send_request(proxy.address, "GET", "/session")
        with urllib.request.urlopen(f"{proxy.address}/event", timeout=10) as events:
            assert b"server.connected" in events.readline()
        assert send_request(proxy.address, "DELETE", session) is True
        code, out, _ = proxy.end()
    live = json.loads(out)
    assert live["summary"]["exchanges"]["total"] == 7
    assert live["summary"]["proxy"]["upstream failures"] == 0
    read = wirelock.verify(load_project(ROOT), [str(file)])
    reported = {(f["code"], f["pointer"], f["rpc"]) for f in live["findings"] if "rpc" in f}
    assert {(d.code.id, d.location.pointer, d.rpc) for d in read.diagnostics if d.exchange} == reported
    assert code == read.exit_code
