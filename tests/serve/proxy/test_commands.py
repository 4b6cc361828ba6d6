"""`wirelock proxy` and `wirelock record` as processes: what they print, how they end."""

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
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from checkout import ROOT
from stage import SESSION

from wirelock.traffic.recordings.formats import read_recording

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to drain on")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            self.server.asked.set()  # type: ignore[attr-defined]
            self.server.going_on.wait(60)  # type: ignore[attr-defined]
        body = b"[%s]" % SESSION if self.path.startswith("/session") else b'{"id": 1}'
        if self.path == "/echo":
            body = json.dumps({"you sent": self.headers["Authorization"].split()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.asked, server.going_on = threading.Event(), threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.going_on.set()  # type: ignore[attr-defined]
    server.shutdown()


@dataclass
class Running:
    """A command that listens."""

    process: subprocess.Popen[bytes]
    address: str

    def get(self, target: str) -> bytes:
        with urllib.request.urlopen(self.address + target, timeout=10) as response:
            body: bytes = response.read()
            return body

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """The exit code, and what was printed."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out.decode(), err.decode()


@contextlib.contextmanager
def command(*arguments: str, folder: Path = ROOT, before: Sequence[str] = ()) -> Iterator[Running]:
    whole = [*before, sys.executable, "-m", "wirelock", *arguments, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(whole, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        line = process.stderr.readline().decode()
        assert line.startswith("listening on http://127.0.0.1:"), line
        yield Running(process, line.split()[2].rstrip(",;"))
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        process.stderr.close()


def ran(*arguments: str, folder: Path = ROOT, **environment: str) -> tuple[int, str]:
    whole = [sys.executable, "-m", "wirelock", *arguments]
    done = subprocess.run(
        whole, cwd=folder, capture_output=True, timeout=60, check=False, env={**os.environ, **environment}
    )
    return done.returncode, done.stdout.decode()


def upstream(server: ThreadingHTTPServer) -> tuple[str, str]:
    return "--upstream", f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_the_report_and_its_exit_code(server: ThreadingHTTPServer, number: int) -> None:
    with command("proxy", *upstream(server)) as running:
        running.get("/session")
        code, out, _ = running.end(number)
    assert code == 0
    assert "ListSessions" not in out.partition("never:")[2].partition(",")[0]
    assert "1 conforming" in out and out.endswith("clean: nothing found\n")


def test_findings_are_exit_code_1_and_the_format_is_as_elsewhere(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    formats = ["--format", "json", "--format", f"html={tmp_path / 'r.html'}"]
    with command("proxy", *upstream(server), *formats) as running:
        for _ in range(3):
            running.get("/provider")
            running.get("/config/providers")
        code, out, _ = running.end()
    assert code == 1
    found = [one for one in json.loads(out)["findings"] if one["code"] == "VIOLATION"]
    assert found and {one["times"] for one in found} == {3}
    assert "<html" in (tmp_path / "r.html").read_text()


def test_nothing_passed_is_not_success(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    with command("proxy", *upstream(server)) as running:
        code, out, _ = running.end()
    assert code == 2 and "nothing was checked: no request came" in out
    assert "never" not in out, "a table of coverage"
    with command("record", *upstream(server), "--output", str(tmp_path / "a.har")) as running:
        code, out, _ = running.end()
    assert code == 2 and "nothing was recorded" in out


def test_it_drains(server: ThreadingHTTPServer) -> None:
    got: list[bytes] = []
    with command("proxy", *upstream(server)) as running:
        waiting = threading.Thread(target=lambda: got.append(running.get("/slow")))
        waiting.start()
        assert server.asked.wait(10)  # type: ignore[attr-defined]
        running.process.send_signal(signal.SIGTERM)
        server.going_on.set()  # type: ignore[attr-defined]
        waiting.join(10)
        running.process.wait(20)
    assert got == [b'{"id": 1}']


def asked_slowly(running: Running, server: ThreadingHTTPServer) -> None:
    """Somebody asks for what the server does not answer."""

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            running.get("/slow")

    threading.Thread(target=ask, daemon=True).start()
    assert server.asked.wait(10)  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_that_it_drains_and_a_second_signal_ends_that(server: ThreadingHTTPServer, number: int) -> None:
    with command("proxy", *upstream(server)) as running:
        running.get("/session")
        asked_slowly(running, server)
        running.process.send_signal(number)
        assert running.process.stderr is not None
        assert b"draining: what is on its way has 5 seconds" in running.process.stderr.readline()
        begun = time.monotonic()
        code, out, err = running.end(number)
        assert time.monotonic() - begun < 3
    assert code == 0 and "1 conforming" in out and err == ""


def test_draining_ends_when_it_says_though_the_server_hangs(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    file = str(tmp_path / "a.har")
    with command("record", *upstream(server), "--output", file, folder=tmp_path) as running:
        asked_slowly(running, server)
        begun = time.monotonic()
        running.end()
        assert 4 < time.monotonic() - begun < 8


@pytest.mark.parametrize("format", ["har", "ndjson"])
def test_record_needs_no_project_and_verify_reads_it(server: ThreadingHTTPServer, tmp_path: Path, format: str) -> None:
    file = tmp_path / f"a.{format}"
    with command("record", *upstream(server), "--output", str(file), folder=tmp_path) as running:
        running.get("/session?token=s3cr3t")
        code, out, _ = running.end()
    assert code == 0, out
    assert "s3cr3t" not in file.read_text()
    exchanges, _ = read_recording(file, file.name)
    assert exchanges[0].path == "/session"


def test_a_recording_of_a_server_that_is_down_is_not_clean(tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    with command("record", "--upstream", "http://127.0.0.1:1", "--output", str(file), folder=tmp_path) as running:
        for _ in range(2):
            with contextlib.suppress(urllib.error.HTTPError):
                running.get("/session")
        code, out, _ = running.end()
    assert code == 1 and "UPSTREAM_FAILED" in out and "(2 times)" in out
    code, out = ran("verify", str(file))
    assert code == 2 and "NOTHING_CHECKED" in out


def test_a_full_disk_is_told_at_once(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    file = tmp_path / "a.har"
    arguments = ("record", *upstream(server), "--output", str(file))
    with command(*arguments, folder=tmp_path, before=("sh", "-c", 'ulimit -f 1; exec "$@"', "sh")) as running:
        for _ in range(4):
            assert running.get("/session")
        assert running.process.stderr is not None
        line = running.process.stderr.readline().decode()
        assert line.startswith("RECORDING_NOT_WRITTEN: ") and str(file) in line
        code, out, err = running.end()
    assert code == 2 and "RECORDING_NOT_WRITTEN" in out and "RECORDING_NOT_WRITTEN" not in err


def test_what_is_redacted_is_configured(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "a"\n[record]\nredact = ["$[*].directory"]\n')
    file = tmp_path / "a.ndjson"
    with command("record", *upstream(server), "--output", str(file), folder=tmp_path) as running:
        running.get("/session")
        assert running.end()[0] == 0
    body = json.loads(json.loads(file.read_text())["response"]["body"])
    assert body[0]["directory"] == "[redacted]" and body[0]["title"] == "t"


def test_the_credentials_of_the_server_are_not_recorded(
    server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRELOCK_UPSTREAM_TOKEN", "my-own-w0rd")
    file = tmp_path / "a.har"
    with command("record", *upstream(server), "--output", str(file), folder=tmp_path) as running:
        assert b"my-own-w0rd" in running.get("/echo")
        assert running.end()[0] == 0
    assert "my-own-w0rd" not in file.read_text()


def test_a_wrong_path_of_the_configuration_is_told(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "a"\n[record]\nredact = ["apiKey["]\n')
    code, out = ran("record", "--upstream", "http://127.0.0.1:1", "--output", "a.har", folder=tmp_path)
    assert code == 2 and "CONFIG_VALUE_INVALID" in out and "JSONPath" in out


def test_a_port_in_use_a_wrong_address_and_a_wrong_name(tmp_path: Path) -> None:
    (tmp_path / "a.har").write_text("somebody's")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        record = ("record", "--upstream", "http://127.0.0.1:1", "--output", "a.har")
        code, out = ran(*record, "--listen", f"127.0.0.1:{port}", folder=tmp_path)
        assert code == 2 and "LISTEN_FAILED" in out and "something else" in out
    code, out = ran(*record, "--listen", "203.0.113.9:0", folder=tmp_path)  # an address for examples (RFC 5737)
    assert code == 2 and "LISTEN_FAILED" in out and "no address of this machine" in out
    assert (tmp_path / "a.har").read_text() == "somebody's" and len(list(tmp_path.iterdir())) == 1
    assert ran(*record, "--listen", "nowhere", folder=tmp_path)[0] == 2
    code, out = ran("record", "--upstream", "localhost:1", "--output", "a.har", folder=tmp_path)
    assert code == 2 and "UPSTREAM_INVALID" in out
    code, out = ran("record", "--upstream", "http://127.0.0.1:1", "--output", "a.txt", folder=tmp_path)
    assert code == 2 and ".har or .ndjson" in out


def test_who_is_not_alone_is_warned_and_keeps_the_credentials(tmp_path: Path) -> None:
    record = ("record", "--upstream", "http://127.0.0.1:1", "--output", "a.har", "--listen", "0.0.0.0:0")
    process = subprocess.Popen([sys.executable, "-m", "wirelock", *record], cwd=tmp_path, stderr=subprocess.PIPE)
    with process:
        assert process.stderr is not None
        warning = process.stderr.readline()
        process.kill()
    assert warning == b"warning: without TLS, and whoever reaches 0.0.0.0:0 can call the server\n"
    code, out = ran(*record, folder=tmp_path, WIRELOCK_UPSTREAM_TOKEN="t0ken")
    assert code == 2 and "LISTEN_INVALID" in out and "with our credentials" in out and "t0ken" not in out


def test_a_missing_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wirelock.api.record import record

    monkeypatch.setattr("wirelock.serve.net.extras.find_spec", lambda name: None)
    report = record("http://127.0.0.1:1", str(tmp_path / "a.har"), lambda address: None)
    assert report.exit_code == 2
    assert report.diagnostics[0].hint == 'pip install "wirelock[live]"'
    assert not (tmp_path / "a.har").exists()
