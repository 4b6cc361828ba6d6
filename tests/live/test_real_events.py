"""Every event of a real server while a model that follows a script answers, held against the whole imported API.

The description is OpenCode's own; where the server does not keep to it, that is found, once for each kind of fault.
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

import model
import opencode
import pytest

from wirelock.api.import_ import import_document
from wirelock.config import Config

VERSION = "1.18.33"
DESCRIPTION = Path(os.environ.get("WIRELOCK_OPENAPI", "/nonexistent"), f"opencode-openapi-{VERSION}.json")
TIME, PATIENCE = "15s", 900.0
SCRIPT = (
    model.Turn("Search first.", "I will look.", (("glob", {"pattern": "*.py"}), ("read", {"filePath": "missing.py"}))),
    model.Turn(words="Then run it.", tools=(("bash", {"command": "echo done", "description": "Say done"}),)),
    model.Turn("That is all.", "There is nothing to do."),
)

pytestmark = [
    pytest.mark.xdist_group("events of a real server"),  # which are waited for once
    opencode.needs(VERSION),
    pytest.mark.skipif(
        not DESCRIPTION.is_file(), reason=f"WIRELOCK_OPENAPI names no folder with the description of {VERSION}"
    ),
]


def post(url: str, value: Any) -> Any:
    """Send JSON, and give what is answered."""
    headers = {"content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(value).encode(), headers), timeout=60) as answer:
        return json.load(answer)


def talk(url: str) -> None:
    """One prompt by each of the server's two APIs."""
    session = post(f"{url}/session", {"title": "scripted"})["id"]
    parts = [{"type": "text", "text": "What is here?"}]
    answered = post(f"{url}/session/{session}/message", {"parts": parts})
    assert "error" not in answered["info"], answered["info"]
    second = post(f"{url}/api/session", {})["data"]["id"]
    post(f"{url}/api/session/{second}/prompt", {"prompt": {"text": "What is here?"}})


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what a live check of the imported API found while prompts were answered: a.json and a.txt."""
    folder = tmp_path_factory.mktemp("imported")
    (folder / "wirelock.toml").write_text('package = "opencode_api"\nproto-package = "opencode"\n', "utf-8")
    assert import_document(Config(folder, "wirelock.toml", "opencode_api", "opencode"), str(DESCRIPTION)).exit_code == 0
    script, server = model.Script(SCRIPT), tmp_path_factory.mktemp("server")
    with model.speaking(script) as url:
        files = {"opencode.json": model.configuration(url)}
        with opencode.running(VERSION, server, files=files) as running:
            checked(running.url, folder)
    assert len(script.requests) >= len(SCRIPT)
    return folder


def checked(url: str, folder: Path) -> None:
    """Run the check in a process of its own, and prompt until it ends, so that a whole prompt falls into its time."""
    command = [sys.executable, "-m", "wirelock", "verify", "--live", url, "--for", TIME]
    formats = ["--format", "json=a.json", "--format", "text=a.txt", "--format", "markdown"]
    deadline = time.monotonic() + PATIENCE
    with subprocess.Popen([*command, *formats], cwd=folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            assert time.monotonic() < deadline
            talk(url)
            time.sleep(4)
    assert process.returncode == 1


@pytest.fixture(scope="module")
def report(found: Path) -> Any:
    """The report in JSON."""
    return json.loads((found / "a.json").read_text("utf-8"))


def of_events(report: Any, words: str) -> list[Any]:
    """The failing findings about events of /event whose message has some words in it."""
    about = [f for f in report["findings"] if f["severity"] == "error" and f.get("exchange", {}).get("part") == "event"]
    return [f for f in about if words in f["message"] and f["exchange"]["url"] == "/event"]


def test_every_event_was_validated(report: Any) -> None:
    assert report["summary"]["exchanges"]["stream"] >= 2
    assert report["summary"]["round trips"]["total"] > 100
    assert report["summary"]["round trips"]["lossy"] == report["summary"]["round trips"]["failed"] == 0
    covered = json.dumps(report["coverage"])
    for kind in ("EventMessagePartUpdated", "EventSessionStatus", "EventSessionCreated"):
        assert f"event/{kind}" in covered, kind


def test_a_type_that_is_not_declared_is_found_in_every_event_of_it(report: Any) -> None:
    undeclared = of_events(report, '"server.heartbeat"')
    assert {(f["schema"], f["pointer"]) for f in undeclared} == {("event/Event.schema.json#/anyOf", "/type")}


def test_a_text_where_a_number_is_documented_is_found(report: Any) -> None:
    texts = of_events(report, "expected number, got string")
    assert {f["pointer"].rpartition("/")[2] for f in texts} == {"timestamp"}


def test_each_kind_of_fault_is_said_once_with_a_count(report: Any, found: Path) -> None:
    heads = [line for line in (found / "a.txt").read_text("utf-8").splitlines() if line.startswith("error ")]
    kinds = Counter((f["schema"], f["code"], f["pointer"]) for f in of_events(report, ""))
    assert max(kinds.values()) > 1
    assert len(heads) < sum(kinds.values())
    beats = {(f["schema"], f["exchange"]["url"]) for f in report["findings"] if "server.heartbeat" in f["message"]}
    assert sum("server.heartbeat" in head for head in heads) <= len(beats)
    assert any(head.endswith(" times)") for head in heads)
