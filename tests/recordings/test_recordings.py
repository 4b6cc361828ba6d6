"""The shipped recordings: size, servers, described endpoints, credentials and reproducibility."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

import pytest

HERE = Path(__file__).resolve().parent
SERVICES = sorted(HERE.parent.parent.glob("schemas/*/*.service.json"))
HARS = sorted(path.name for path in HERE.glob("*.har"))
VERSIONS = {"0.5.29", "1.0.61", "1.0.185", "1.1.11", "1.1.53", "1.2.11", "1.3.2", "1.14.41", "1.17.11", "1.18.33"}
HEADERS = {"content-type", "content-length", "x-opencode-directory", "authorization", "www-authenticate"}
REDACTED = "[redacted]"


def read_entries(har: Path) -> list[dict[str, Any]]:
    """Read the entries of a HAR."""
    return json.loads(har.read_text("utf-8"))["log"]["entries"]


def read_lines(name: str) -> list[Any]:
    """Read the values of a shipped NDJSON file."""
    return [json.loads(line) for line in (HERE / name).read_text("utf-8").splitlines()]


def read_contents(folder: Path) -> dict[str, bytes]:
    """Read the recordings in a folder by name."""
    return {path.name: path.read_bytes() for kind in ("*.har", "*.ndjson") for path in folder.glob(kind)}


def run_cut(source: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Run the script as the README shows."""
    command = [sys.executable, str(HERE / "cut.py"), str(source), "--into", str(into)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def split_url(url: str) -> SplitResult:
    """Split a URL of a recording."""
    return urlsplit(url)


def is_described(method: str, path: str) -> bool:
    """Return True if a service file describes a request."""
    for service in (json.loads(file.read_text("utf-8")) for file in SERVICES):
        if path in service.get("undescribed", []):
            return False
        for http in (m["http"] for m in service["methods"].values() if "http" in m):
            template = http.get(method.lower())
            if template and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                return True
    return False


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder of full recordings, copied from the shipped ones."""
    folder = tmp_path / "full"
    folder.mkdir()
    for name in HARS:
        shutil.copy(HERE / name, folder)
    (folder / "lifecycle-1.18.33.har").rename(folder / "session-lifecycle.har")
    (folder / "config.har").write_text('{"log": {"version": "1.2", "entries": []}}', "utf-8")
    return folder


def change_entry(har: Path, index: int, edit: Callable[[dict[str, Any]], None]) -> None:
    """Apply `edit` to one exchange of a HAR."""
    document = json.loads(har.read_text("utf-8"))
    edit(document["log"]["entries"][index])
    har.write_text(json.dumps(document), "utf-8")


def test_the_recordings_stay_below_two_megabytes() -> None:
    assert sum(len(content) for content in read_contents(HERE).values()) < 2_000_000


def test_ten_servers_are_recorded_and_named_in_each_file() -> None:
    servers = {n: json.loads((HERE / n).read_text("utf-8"))["log"]["browser"]["version"] for n in HARS}
    lifecycles = {name: server for name, server in servers.items() if name.startswith("lifecycle-")}
    assert lifecycles == {f"lifecycle-{version}.har": version for version in VERSIONS}
    assert set(servers) - set(lifecycles) == {"auth.har", "session-errors.har"}


@pytest.mark.parametrize("name", HARS)
def test_every_exchange_is_described_by_a_service_file(name: str) -> None:
    requests = [(e["request"]["method"], split_url(e["request"]["url"]).path) for e in read_entries(HERE / name)]
    assert requests
    assert [request for request in requests if not is_described(*request)] == []


@pytest.mark.parametrize("name", HARS)
def test_no_recording_holds_a_credential(name: str) -> None:
    for entry in read_entries(HERE / name):
        request = entry["request"]
        headers = {header["name"].lower(): header["value"] for header in request["headers"]}
        query = [
            *parse_qsl(split_url(request["url"]).query),
            *((q["name"], q["value"]) for q in request["queryString"]),
        ]
        assert headers.get("authorization", REDACTED) == REDACTED
        # The recorder sent `wrong` to be rejected.
        tokens = {value for key, value in query if key == "auth_token"}
        assert tokens <= ({REDACTED} if entry["response"]["status"] != 401 else {REDACTED, "wrong"})


@pytest.mark.parametrize("name", HARS)
def test_an_entry_is_one_line_with_relevant_headers_and_no_comment(name: str) -> None:
    text = (HERE / name).read_text("utf-8").splitlines()
    assert [json.loads(line.removesuffix(",")) for line in text[1:-1]] == read_entries(HERE / name)
    for entry in read_entries(HERE / name):
        assert "comment" not in entry
        assert {h["name"].lower() for side in ("request", "response") for h in entry[side]["headers"]} <= HEADERS


def test_the_exchanges_of_1_1_11_are_also_ndjson() -> None:
    expected = [
        {
            "request": {
                "method": entry["request"]["method"],
                "url": entry["request"]["url"],
                "headers": entry["request"]["headers"],
                "body": entry["request"].get("postData", {}).get("text"),
            },
            "response": {
                "status": entry["response"]["status"],
                "headers": entry["response"]["headers"],
                "body": entry["response"]["content"].get("text"),
            },
            "started": entry["startedDateTime"],
        }
        for entry in read_entries(HERE / "lifecycle-1.1.11.har")
    ]
    assert read_lines("lifecycle-1.1.11.ndjson") == expected


def test_the_sessions_come_from_every_server_but_the_oldest() -> None:
    assert {session["version"] for session in read_lines("sessions.ndjson")} == VERSIONS - {"0.5.29"}


def test_cutting_shipped_recordings_changes_nothing(source: Path, tmp_path: Path) -> None:
    process = run_cut(source, tmp_path / "cut")
    assert (process.returncode, process.stderr) == (0, "")
    assert read_contents(tmp_path / "cut") == read_contents(HERE)


def test_undescribed_exchanges_are_dropped(source: Path, tmp_path: Path) -> None:
    def change_path(entry: dict[str, Any]) -> None:
        entry["request"]["url"] = "http://127.0.0.1:4196/session/status"

    def add_comment(entry: dict[str, Any]) -> None:
        entry["comment"] = "no credentials"
        entry["request"]["headers"].append({"name": "User-Agent", "value": "recorder"})

    change_entry(source / "auth.har", 0, change_path)
    change_entry(source / "auth.har", 1, add_comment)
    assert run_cut(source, tmp_path / "cut").returncode == 0
    assert read_entries(tmp_path / "cut" / "auth.har") == read_entries(HERE / "auth.har")[1:]


@pytest.mark.parametrize(
    ("url", "headers", "message"),
    [
        ("http://127.0.0.1/session", [{"name": "Authorization", "value": "Basic b3BlbjpzZXNhbWU="}], "authorization"),
        ("http://127.0.0.1/session?auth_token=b3BlbjpzZXNhbWU%3D", [], "auth_token"),
    ],
)
def test_a_credential_is_rejected_and_nothing_is_written(
    source: Path, tmp_path: Path, url: str, headers: list[dict[str, str]], message: str
) -> None:
    def add_credential(entry: dict[str, Any]) -> None:
        entry["request"].update(url=url, headers=headers)

    change_entry(source / "auth.har", 0, add_credential)
    process = run_cut(source, tmp_path / "cut")
    assert process.returncode == 1
    assert process.stderr.startswith("auth.har#0: ")
    assert message in process.stderr
    assert "b3BlbjpzZXNhbWU" not in process.stderr
    assert not (tmp_path / "cut").exists()


def test_cutting_the_full_recordings_again_gives_the_same_bytes(tmp_path: Path) -> None:
    full = os.environ.get("WIRELOCK_RECORDINGS")
    if not full:
        pytest.skip("WIRELOCK_RECORDINGS does not name the folder of full recordings")
    assert run_cut(Path(full), tmp_path).returncode == 0
    assert read_contents(tmp_path) == read_contents(HERE)
