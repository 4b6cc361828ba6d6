"""The command `wirelock serve`: log, exit codes and diagnostics."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from checkout import ROOT

from opencode_api import session_pb2, session_pb2_grpc

pytestmark = pytest.mark.long

COMMAND = [sys.executable, "-m", "wirelock", "serve"]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command; it must exit by itself."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def taken() -> Iterator[str]:
    """An address that is in use."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_it_serves_until_sigterm() -> None:
    command = [*COMMAND, "--upstream", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--log", "json"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None and process.stdout is not None
        first = json.loads(process.stderr.readline())
        assert (first["event"], first["level"], first["upstream"]) == ("listening", "info", "http://127.0.0.1:1")
        with grpc.insecure_channel(first["address"]) as channel, pytest.raises(grpc.RpcError) as caught:
            session_pb2_grpc.SessionServiceStub(channel).ListSessions(session_pb2.Empty(), timeout=10)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in process.stderr]
        assert process.stdout.read() == ""
    assert process.returncode == 0
    events = {line["event"]: line for line in lines}
    assert events["upstream cannot be reached"]["level"] == "warning"
    assert (events["call"]["grpc.service"], events["call"]["grpc.method"]) == (
        "opencode.session.SessionService",
        "ListSessions",
    )
    assert (events["call"]["grpc.code"], events["call"]["finding"]) == ("UNAVAILABLE", "UPSTREAM_UNREACHABLE")
    assert "draining" in events


def test_it_warns_about_an_address_for_remote_clients() -> None:
    command = [*COMMAND, "--upstream", "http://127.0.0.1:1", "--listen", "0.0.0.0:0"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first, second = process.stderr.readline(), process.stderr.readline()
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0
    match = re.search(r" INFO listening address=(0\.0\.0\.0:[1-9][0-9]*) ", first)
    assert match, first
    assert second.endswith(f" WARNING listening without TLS on an address for remote clients address={match[1]}\n")


def test_it_does_not_expose_its_credentials_to_remote_clients() -> None:
    done = run(
        "--upstream",
        "http://127.0.0.1:1",
        "--listen",
        "0.0.0.0:0",
        WIRELOCK_UPSTREAM_USER="u",
        WIRELOCK_UPSTREAM_PASSWORD="hunter2",
    )
    assert done.returncode == 2
    assert (
        "CREDENTIALS_EXPOSED  every client that reaches 0.0.0.0:0 could call the server with our credentials"
        in done.stdout
    )
    assert "--tls-authority" in done.stdout and "hunter2" not in done.stdout + done.stderr


def wait_for_metrics(page: str, line: str) -> str:
    """Return the metrics once they contain a line, or after ten seconds."""
    end = time.monotonic() + 10
    while True:
        with urllib.request.urlopen(page, timeout=10) as response:
            text: str = response.read().decode()
        if line in text or time.monotonic() > end:
            return text
        time.sleep(0.05)


def test_it_serves_metrics_and_exports_spans_as_the_environment_says() -> None:
    command = [
        *COMMAND,
        "--upstream",
        "http://127.0.0.1:1",
        "--listen",
        "127.0.0.1:0",
        "--log",
        "json",
        "--metrics",
        "127.0.0.1:0",
    ]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"OTEL_TRACES_EXPORTER": "console"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None and process.stdout is not None
        events = {line["event"]: line for line in (json.loads(process.stderr.readline()) for _ in range(2))}
        with grpc.insecure_channel(events["listening"]["address"]) as channel, pytest.raises(grpc.RpcError) as raised:
            session_pb2_grpc.SessionServiceStub(channel).ListSessions(session_pb2.Empty(), timeout=60)
        assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
        counted = 'wirelock_findings_total{code="UPSTREAM_UNREACHABLE"} 1.0'
        text = wait_for_metrics(events["metrics"]["page"], counted)  # calls are counted after their response
        process.send_signal(signal.SIGTERM)
        lines, spans = process.stderr.read(), process.stdout.read()
    assert process.returncode == 0
    assert 'grpc_method="ListSessions"' in text and counted in text
    assert '"name": "opencode.session.SessionService/ListSessions"' in spans and '"rpc.grpc.status_code": 14' in spans
    assert '"trace_id"' in lines


@pytest.mark.parametrize(("address", "code"), [("nowhere", "LISTEN_INVALID"), ("{taken}", "METRICS_LISTEN_FAILED")])
def test_it_does_not_run_without_its_metrics(taken: str, address: str, code: str) -> None:
    done = run("--upstream", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--metrics", address.format(taken=taken))
    assert done.returncode == 2
    assert code in done.stdout


def test_it_does_not_run_without_its_trace_exporter() -> None:
    environment = {"OTEL_TRACES_EXPORTER": "carrier-pigeon"}
    done = run("--upstream", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--traces", **environment)
    assert done.returncode == 2
    assert "TRACING_UNAVAILABLE" in done.stdout and "carrier-pigeon" in done.stdout


def test_a_port_in_use_is_reported(taken: str) -> None:
    done = run("--upstream", "http://127.0.0.1:1", "--listen", taken)
    assert done.returncode == 2
    assert f"LISTEN_FAILED  cannot listen on {taken}: address already in use" in done.stdout
    assert "stop the process that uses the port" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("host", ["203.0.113.9", "[2001:db8::9]", "nowhere.invalid"])
def test_an_address_of_another_machine_is_reported(host: str) -> None:
    """Addresses for documentation (RFC 5737, RFC 3849), which no machine has, and an unknown host."""
    done = run("--upstream", "http://127.0.0.1:1", "--listen", f"{host}:0")
    assert done.returncode == 2
    assert f"LISTEN_FAILED  cannot listen on {host}:0: " in done.stdout
    assert "use an address of this machine" in done.stdout and "stop the process" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--upstream", "ftp://127.0.0.1"), "UPSTREAM_INVALID"),
        (("--upstream", "http://user:secret@127.0.0.1"), "UPSTREAM_CREDENTIALS"),
        (("--upstream", "http://127.0.0.1:1", "--listen", "here"), "LISTEN_INVALID"),
        (("--upstream", "http://127.0.0.1:1", "--tls-certificate", "none.pem"), "LISTEN_INVALID"),
        (("--upstream", "https://127.0.0.1:1", "--upstream-authority", "none.pem"), "UPSTREAM_INVALID"),
    ],
)
def test_invalid_arguments_are_reported(arguments: tuple[str, ...], code: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert code in done.stdout and "secret" not in done.stdout


def test_a_missing_project_is_reported(tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND, "--upstream", "http://127.0.0.1:1"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "CONFIG_MISSING" in done.stdout


def test_missing_packages_name_the_extra() -> None:
    code = (
        "import importlib.util as u, sys; find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'aiohttp' else find(name, *a)\n"
        "from wirelock.cli import main\n"
        "sys.exit(main(['serve', '--upstream', 'http://127.0.0.1:1']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert 'pip install "wirelock[live]"' in done.stdout
