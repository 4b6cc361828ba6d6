"""All events of an OpenCode server during prompts to a scripted model, checked against the imported API.

The description is that of OpenCode; the check reports each kind of deviation once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import opencode
import pytest
import scripted_model

from wirelock.api.import_ import import_document
from wirelock.api.project import Project
from wirelock.config import Config

VERSION = "1.18.33"
DESCRIPTION = Path(os.environ.get("WIRELOCK_OPENAPI", "/nonexistent"), f"opencode-openapi-{VERSION}.json")
TIME, PATIENCE = "15s", 900.0
SCRIPT = (
    scripted_model.ModelTurn(
        "Search first.", "I will look.", (("glob", {"pattern": "*.py"}), ("read", {"filePath": "missing.py"}))
    ),
    scripted_model.ModelTurn(
        text="Then run it.", tools=(("bash", {"command": "echo done", "description": "Say done"}),)
    ),
    scripted_model.ModelTurn("That is all.", "There is nothing to do."),
)

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("events of a real server"),  # so that one worker runs the fixture once
    opencode.skip_without(VERSION),
    pytest.mark.skipif(
        not DESCRIPTION.is_file(), reason=f"WIRELOCK_OPENAPI names no folder with the description of {VERSION}"
    ),
]


def post(url: str, value: Any) -> Any:
    """Send a JSON value; return that of the response."""
    headers = {"content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(value).encode(), headers), timeout=60) as answer:
        return json.load(answer)


def send_prompts(url: str) -> None:
    """Send one prompt to each of the two APIs of the server."""
    session = post(f"{url}/session", {"title": "scripted"})["id"]
    parts = [{"type": "text", "text": "What is here?"}]
    response = post(f"{url}/session/{session}/message", {"parts": parts})
    assert "error" not in response["info"], response["info"]
    second = post(f"{url}/api/session", {})["data"]["id"]
    post(f"{url}/api/session/{second}/prompt", {"prompt": {"text": "What is here?"}})


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a live check during prompts; return the folder of its reports, a.json and a.txt."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "wirelock.toml").write_text('package = "opencode_api"\nproto-package = "opencode"\n', "utf-8")
    assert (
        import_document(
            Project(Config(folder, "wirelock.toml", "opencode_api", "opencode")), str(DESCRIPTION)
        ).exit_code
        == 0
    )
    script, server = scripted_model.ModelScript(SCRIPT), tmp_path_factory.mktemp("server")
    with scripted_model.run_model(script) as url:
        files = {"opencode.json": scripted_model.build_configuration(url)}
        with opencode.run_server(VERSION, server, files=files) as running:
            run_check(running.url, folder)
    assert len(script.requests) >= len(SCRIPT)
    return folder


def run_check(url: str, folder: Path) -> None:
    """Run the check in a process, and send prompts until it ends, so that it observes a complete prompt."""
    command = [sys.executable, "-m", "wirelock", "verify", "--live", url, "--for", TIME]
    formats = ["--format", "json=a.json", "--format", "text=a.txt", "--format", "markdown"]
    deadline = time.monotonic() + PATIENCE
    with subprocess.Popen([*command, *formats], cwd=folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            assert time.monotonic() < deadline
            send_prompts(url)
            time.sleep(4)
    assert process.returncode == 1


@pytest.fixture(scope="module")
def report(reports: Path) -> Any:
    """Return the JSON report."""
    return json.loads((reports / "a.json").read_text("utf-8"))


def select_event_findings(report: Any, text: str) -> list[Any]:
    """Return the errors in events of /event whose messages contain some words."""
    errors = [
        f for f in report["findings"] if f["severity"] == "error" and f.get("exchange", {}).get("part") == "event"
    ]
    return [f for f in errors if text in f["message"] and f["exchange"]["url"] == "/event"]


def test_every_event_is_checked(report: Any) -> None:
    assert report["summary"]["exchanges"]["stream"] >= 2
    assert report["summary"]["round trips"]["total"] > 100
    assert report["summary"]["round trips"]["lossy"] == report["summary"]["round trips"]["failed"] == 0
    covered = json.dumps(report["coverage"])
    for kind in ("EventMessagePartUpdated", "EventSessionStatus", "EventSessionCreated"):
        assert f"event/{kind}" in covered, kind


def test_an_undeclared_event_type_is_reported(report: Any) -> None:
    undeclared = select_event_findings(report, '"server.heartbeat"')
    assert {(f["schema"], f["pointer"]) for f in undeclared} == {("event/Event.schema.json#/anyOf", "/type")}


def test_a_string_instead_of_a_number_is_reported(report: Any) -> None:
    texts = select_event_findings(report, "expected number, got string")
    assert {f["pointer"].rpartition("/")[2] for f in texts} == {"timestamp"}


def test_equal_findings_are_grouped_and_counted(report: Any, reports: Path) -> None:
    heads = [line for line in (reports / "a.txt").read_text("utf-8").splitlines() if line.startswith("error ")]
    kinds = Counter((f["schema"], f["code"], f["pointer"]) for f in select_event_findings(report, ""))
    assert max(kinds.values()) > 1
    assert len(heads) < sum(kinds.values())
    beats = {(f["schema"], f["exchange"]["url"]) for f in report["findings"] if "server.heartbeat" in f["message"]}
    assert sum("server.heartbeat" in head for head in heads) <= len(beats)
    assert any(head.endswith(" times)") for head in heads)
