"""The commands `wirelock proxy` and `wirelock record`: output, signals and exit codes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from proxy_command import RunningCommand, run_command, run_to_end
from running_proxy import SESSION

from wirelock.traffic.recordings.formats import read_recording

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to drain on")]


class SessionHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            self.server.slow_requested.set()  # type: ignore[attr-defined]
            self.server.may_respond.wait(60)  # type: ignore[attr-defined]
        body = b"[%s]" % SESSION if self.path.startswith("/session") else b'{"id": 1}'
        if self.path == "/echo":
            body = json.dumps({"you sent": self.headers["Authorization"].split()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SessionHandler)
    server.slow_requested, server.may_respond = threading.Event(), threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.may_respond.set()  # type: ignore[attr-defined]
    server.shutdown()


def build_upstream_option(server: ThreadingHTTPServer) -> tuple[str, str]:
    return "--upstream", f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_proxy_with_its_report(server: ThreadingHTTPServer, number: int) -> None:
    with run_command("proxy", *build_upstream_option(server)) as running:
        running.get("/session")
        code, out, _ = running.end(number)
    assert code == 0
    assert "ListSessions" not in out.partition("never:")[2].partition(",")[0]
    assert "1 conforming" in out and out.endswith("\npassed\n")


def test_findings_exit_with_1_and_go_into_each_format(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    formats = ["--format", "json", "--format", f"html={tmp_path / 'r.html'}"]
    with run_command("proxy", *build_upstream_option(server), *formats) as running:
        for _ in range(3):
            running.get("/provider")
            running.get("/config/providers")
        code, out, _ = running.end()
    assert code == 1
    violations = [finding for finding in json.loads(out)["findings"] if finding["code"] == "VIOLATION"]
    assert violations and {finding["times"] for finding in violations} == {3}
    assert "<html" in (tmp_path / "r.html").read_text()


def test_no_requests_exit_with_2(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    with run_command("proxy", *build_upstream_option(server)) as running:
        code, out, _ = running.end()
    assert code == 2 and "nothing was checked: received no requests" in out
    assert "never" not in out, "a table of coverage"
    with run_command("record", *build_upstream_option(server), "--output", str(tmp_path / "a.har")) as running:
        code, out, _ = running.end()
    assert code == 2 and "nothing was recorded" in out


def test_a_request_in_progress_finishes_after_the_signal(server: ThreadingHTTPServer) -> None:
    responses: list[bytes] = []
    with run_command("proxy", *build_upstream_option(server)) as running:
        waiting = threading.Thread(target=lambda: responses.append(running.get("/slow")))
        waiting.start()
        assert server.slow_requested.wait(10)  # type: ignore[attr-defined]
        running.process.send_signal(signal.SIGTERM)
        server.may_respond.set()  # type: ignore[attr-defined]
        waiting.join(10)
        running.process.wait(20)
    assert responses == [b'{"id": 1}']


def request_slow_response(running: RunningCommand, server: ThreadingHTTPServer) -> None:
    """Request a response that the server delays, and wait until it has the request."""

    def send() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            running.get("/slow")

    threading.Thread(target=send, daemon=True).start()
    assert server.slow_requested.wait(10)  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_draining_is_announced_and_ends_at_a_second_signal(server: ThreadingHTTPServer, number: int) -> None:
    with run_command("proxy", *build_upstream_option(server)) as running:
        running.get("/session")
        request_slow_response(running, server)
        running.process.send_signal(number)
        assert running.process.stderr is not None
        assert b"draining: requests in progress have 5 seconds" in running.process.stderr.readline()
        begun = time.monotonic()
        code, out, err = running.end(number)
        assert time.monotonic() - begun < 3
    assert code == 0 and "1 conforming" in out and err == ""


def test_draining_ends_at_its_limit_while_the_server_hangs(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    file = str(tmp_path / "a.har")
    with run_command("record", *build_upstream_option(server), "--output", file, folder=tmp_path) as running:
        request_slow_response(running, server)
        begun = time.monotonic()
        running.end()
        assert 4 < time.monotonic() - begun < 8


@pytest.mark.parametrize("format", ["har", "ndjson"])
def test_record_needs_no_project_and_its_file_is_readable(
    server: ThreadingHTTPServer, tmp_path: Path, format: str
) -> None:
    file = tmp_path / f"a.{format}"
    with run_command("record", *build_upstream_option(server), "--output", str(file), folder=tmp_path) as running:
        running.get("/session?token=s3cr3t")
        code, out, _ = running.end()
    assert code == 0, out
    assert "s3cr3t" not in file.read_text()
    exchanges, _ = read_recording(file, file.name)
    assert exchanges[0].path == "/session"


def test_recording_a_server_that_is_down_fails(tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    with run_command("record", "--upstream", "http://127.0.0.1:1", "--output", str(file), folder=tmp_path) as running:
        for _ in range(2):
            with contextlib.suppress(urllib.error.HTTPError):
                running.get("/session")
        code, out, _ = running.end()
    assert code == 1 and "UPSTREAM_FAILED" in out and "(2 times)" in out
    code, out = run_to_end("verify", str(file))
    assert code == 2 and "NOTHING_CHECKED" in out


def test_a_full_disk_is_reported_at_once(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    arguments = ("record", *build_upstream_option(server), "--output", str(file))
    with run_command(*arguments, folder=tmp_path, prefix=("sh", "-c", 'ulimit -f 1; exec "$@"', "sh")) as running:
        for _ in range(4):
            assert running.get("/session")
        assert running.process.stderr is not None
        line = running.process.stderr.readline().decode()
        assert line.startswith("RECORDING_NOT_WRITTEN: ") and str(file) in line
        code, out, err = running.end()
    assert code == 2 and "RECORDING_NOT_WRITTEN" in out and "RECORDING_NOT_WRITTEN" not in err


def test_redaction_is_configured(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "a"\n[record]\nredact = ["$[*].directory"]\n')
    file = tmp_path / "a.ndjson"
    with run_command("record", *build_upstream_option(server), "--output", str(file), folder=tmp_path) as running:
        running.get("/session")
        assert running.end()[0] == 0
    body = json.loads(json.loads(file.read_text())["response"]["body"])
    assert body[0]["directory"] == "[redacted]" and body[0]["title"] == "t"


def test_the_credentials_of_the_server_are_not_recorded(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRELOCK_UPSTREAM_TOKEN", "my-own-w0rd")
    file = tmp_path / "a.har"
    with run_command("record", *build_upstream_option(server), "--output", str(file), folder=tmp_path) as running:
        assert b"my-own-w0rd" in running.get("/echo")
        assert running.end()[0] == 0
    assert "my-own-w0rd" not in file.read_text()


def test_an_invalid_path_in_the_configuration_is_reported(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "a"\n[record]\nredact = ["apiKey["]\n')
    code, out = run_to_end("record", "--upstream", "http://127.0.0.1:1", "--output", "a.har", folder=tmp_path)
    assert code == 2 and "CONFIG_VALUE_INVALID" in out and "JSONPath" in out


def test_invalid_addresses_and_file_names_are_reported(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text("existing")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        record = ("record", "--upstream", "http://127.0.0.1:1", "--output", "a.har")
        code, out = run_to_end(*record, "--listen", f"127.0.0.1:{port}", folder=tmp_path)
        assert code == 2 and "LISTEN_FAILED" in out and "stop the process that uses the port" in out
    code, out = run_to_end(*record, "--listen", "203.0.113.9:0", folder=tmp_path)  # an address for examples (RFC 5737)
    assert code == 2 and "LISTEN_FAILED" in out and "use an address of this machine" in out
    assert (tmp_path / "a.har").read_text() == "existing" and len(list(tmp_path.iterdir())) == 1
    assert run_to_end(*record, "--listen", "nowhere", folder=tmp_path)[0] == 2
    code, out = run_to_end("record", "--upstream", "localhost:1", "--output", "a.har", folder=tmp_path)
    assert code == 2 and "UPSTREAM_INVALID" in out
    code, out = run_to_end("record", "--upstream", "http://127.0.0.1:1", "--output", "a.txt", folder=tmp_path)
    assert code == 2 and ".har or .ndjson" in out


def test_a_public_address_is_warned_of_and_gets_no_credentials(tmp_path: Path) -> None:
    record = ("record", "--upstream", "http://127.0.0.1:1", "--output", "a.har", "--listen", "0.0.0.0:0")
    process = subprocess.Popen([sys.executable, "-m", "wirelock", *record], cwd=tmp_path, stderr=subprocess.PIPE)
    with process:
        assert process.stderr is not None
        warning = process.stderr.readline()
        process.kill()
    assert warning == b"warning: no TLS; everyone who reaches 0.0.0.0:0 can call the server\n"
    code, out = run_to_end(*record, folder=tmp_path, WIRELOCK_UPSTREAM_TOKEN="t0ken")
    assert code == 2 and "CREDENTIALS_EXPOSED" in out and "with our credentials" in out and "t0ken" not in out


def test_a_missing_extra_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wirelock.api.record import record

    monkeypatch.setattr("wirelock.serve.net.extras.find_spec", lambda name: None)
    report = record("http://127.0.0.1:1", str(tmp_path / "a.har"), lambda address: None)
    assert report.exit_code == 2
    assert report.diagnostics[0].hint == 'run: pip install "wirelock[live]"'
    assert not (tmp_path / "a.har").exists()
