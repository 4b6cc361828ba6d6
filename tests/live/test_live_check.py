"""`verify --live` against servers that behave well and badly: calls, findings and cleanup."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from checkout import ROOT, load_project
from session_server import HTML_PAGE, Behavior, SessionRequest, SessionServer, run_session_server

from wirelock.api.project import Project
from wirelock.api.verify_live import verify_live
from wirelock.cli import main
from wirelock.config import Config
from wirelock.diagnostics import Report
from wirelock.serve.live import client
from wirelock.serve.live.reads import fill_path

NO_SECRETS: dict[str, str] = {}


def check_live(server: SessionServer | str, environment: dict[str, str] = NO_SECRETS, **options: Any) -> Report:
    """Run a live check with the project of this repository; return the report."""
    url = server if isinstance(server, str) else server.url
    return verify_live(load_project(ROOT), url, environment, **options)


def collect_codes(report: Report) -> set[str]:
    return {diagnostic.code.id for diagnostic in report.diagnostics if diagnostic.is_failure}


def count_conforming(report: Report) -> int:
    return int(report.summary.get("exchanges", {}).get("conforming", 0))


@pytest.fixture(autouse=True)
def shorten_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.5)
    monkeypatch.setattr(client.LiveServer.send, "__defaults__", (0.5,))


def test_only_get_is_used_and_paths_are_filled_from_responses() -> None:
    with run_session_server() as server:
        server.sessions["ses 1/ü"] = {"id": "ses 1/ü", "title": "t", "directory": "/work"}
        check_live(server)
    assert all(line.startswith("GET ") for line in server.requests)
    assert "GET /session" in server.requests and "GET /session/ses%201%2F%C3%BC" in server.requests


def test_an_api_below_a_path_is_called_there() -> None:
    def strip_prefix(request: SessionRequest) -> bool:
        request.path = request.path.removeprefix("/api/v1")
        return False

    with run_session_server(strip_prefix) as server:
        report = check_live(f"{server.url}/api/v1/")
    assert "GET /api/v1/session" in server.requests
    assert "ListSessions" in {case.rpc.rpartition(".")[2] for case in report.cases if case.outcome == "conforming"}


def test_a_lifecycle_makes_one_session_and_leaves_none() -> None:
    with run_session_server() as server:
        report = check_live(server, lifecycle=True)
        assert server.sessions == {}
    calls = [line for line in server.requests if "ses_1" in line or line.startswith("POST")]
    assert calls == [
        "POST /session",
        "GET /session/ses_1",
        "PATCH /session/ses_1",
        "GET /session/ses_1",
        "DELETE /session/ses_1",
        "GET /session/ses_1",
    ]
    assert "CLEANUP_FAILED" not in collect_codes(report)
    (methods,) = [coverage for coverage in report.coverage if coverage.kind == "methods"]
    assert len(methods.covered) >= 5


# the server fails during a lifecycle


def behave_on(line: str, behavior: Callable[[SessionRequest], None]) -> Behavior:
    """Return a behavior for the requests whose line, such as `DELETE /session/ses_1`, begins like this."""

    def behave(request: SessionRequest) -> bool:
        if not f"{request.command} {request.path}".startswith(line):
            return False
        behavior(request)
        return True

    return behave


@pytest.mark.parametrize(
    ("line", "behavior"),
    [
        ("PATCH", lambda request: request.send_json({"oops": 1}, 500)),
        ("PATCH", lambda request: request.reset()),
        ("PATCH", lambda request: time.sleep(1)),
        ("PATCH", lambda request: request.send(HTML_PAGE, "text/html")),
        ("GET /session/ses_1", lambda request: request.send_json({"id": 1})),
    ],
    ids=["500", "reset", "slow", "page", "violating"],
)
def test_a_failing_step_leaves_no_resource_behind(line: str, behavior: Callable[[SessionRequest], None]) -> None:
    with run_session_server(behave_on(line, behavior)) as server:
        report = check_live(server, lifecycle=True)
        assert server.sessions == {}
    assert report.exit_code == 1
    assert "DELETE /session/ses_1" in server.requests


@pytest.mark.parametrize(
    ("line", "behavior", "expected"),
    [
        ("DELETE", lambda request: request.send_json({"name": "UnknownError", "data": {"message": "no"}}, 500), "returned 500"),
        ("DELETE", lambda request: request.send(HTML_PAGE, "text/html"), "does not serve DELETE"),
        ("DELETE", lambda request: request.send_json(True), "can be read after its deletion"),
        ("DELETE", lambda request: request.reset(), "can be read after its deletion"),
        ("POST", lambda request: request.send_json({"title": "t", "directory": "/d"}), "does not identify the created resource"),
        ("POST", lambda request: time.sleep(1), "a created resource, if any"),
    ],
    ids=["error", "not served", "not deleted", "reset", "no key", "no response to the creation"],
)  # fmt: skip
def test_resources_that_may_be_left_behind_are_reported(
    line: str, behavior: Callable[[SessionRequest], None], expected: str
) -> None:
    with run_session_server(behave_on(line, behavior)) as server:
        report = check_live(server, lifecycle=True)
    (message,) = {d.message for d in report.diagnostics if d.code.id == "CLEANUP_FAILED"} or {""}
    assert expected in message
    assert report.exit_code == 1


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("line", ["POST", "GET /session/ses_1", "PATCH", "DELETE"])
def test_a_signal_leaves_no_resource_behind(number: signal.Signals, line: str) -> None:
    """The signal arrives in each step, while the session is created, read, changed or deleted."""

    def hesitate(request: SessionRequest) -> bool:
        if f"{request.command} {request.path}".startswith(line):
            time.sleep(1)  # the signal arrives now
        return False

    with run_session_server(hesitate) as server:
        command = [sys.executable, "-m", "wirelock", "verify", "--live", server.url, "--lifecycle"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            wait_for(lambda: any(received.startswith(line) for received in server.requests), process)
            time.sleep(0.2)
            process.send_signal(number)
            output, _ = process.communicate(timeout=30)
        assert process.returncode == 2, output
        assert "INTERRUPTED" in output
        assert "Traceback" not in output
        assert "DELETE /session/ses_1" in server.requests
        assert server.sessions == {}


@pytest.mark.long
@pytest.mark.parametrize("signals", [[signal.SIGINT] * 2, [signal.SIGTERM] * 3, [signal.SIGINT, signal.SIGTERM] * 2])
def test_repeated_signals_leave_no_resource_behind(signals: list[signal.Signals]) -> None:
    """The first signal prints a message; further signals do not interrupt the deletion."""
    hesitate = behave_on("DELETE", lambda request: time.sleep(1) or request.respond_as_usual())
    with run_session_server(hesitate) as server:
        command = [sys.executable, "-m", "wirelock", "verify", "--live", server.url, "--lifecycle"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            wait_for(lambda: "POST /session" in server.requests, process)
            assert process.stderr is not None
            for count, number in enumerate(signals):
                process.send_signal(number)
                if count == 0:
                    assert process.stderr.readline() == "interrupted: deleting the created resources ...\n"
                    wait_for(lambda: "DELETE /session/ses_1" in server.requests, process)
                time.sleep(0.1)
            output, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (2, ""), output
        assert "INTERRUPTED" in output and "CLEANUP_FAILED" not in output
        assert server.sessions == {}


def test_a_deletion_without_a_response_is_reported() -> None:
    """The server receives the deletion and goes down."""

    def go_down(request: SessionRequest) -> None:
        request.server.socket.shutdown(socket.SHUT_RDWR)
        request.reset()

    with run_session_server(behave_on("DELETE", go_down)) as server:
        report = check_live(server, lifecycle=True)
    (message,) = [d.message for d in report.diagnostics if d.code.id == "CLEANUP_FAILED"]
    assert message.startswith("/session/ses_1 may still exist")


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)


# servers that cannot be checked


def test_a_server_that_is_down_is_unreachable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        report = check_live(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (collect_codes(report), report.exit_code, count_conforming(report)) == ({"UPSTREAM_UNREACHABLE"}, 2, 0)
    assert report.summary["server"]["called"] == 0 and report.coverage == ()
    (finding,) = [d.message for d in report.diagnostics if d.is_failure]
    assert finding.endswith("cannot be reached: connection refused")


@pytest.mark.parametrize(
    ("behavior", "code"),
    [
        (lambda request: time.sleep(2) or True, "UPSTREAM_NO_RESPONSE"),
        (lambda request: request.reset() or True, "UPSTREAM_NO_RESPONSE"),
        (lambda request: request.wfile.write(b"\x16\x03\x01 no HTTP\r\n\r\n") > 0, "UPSTREAM_NO_RESPONSE"),
        (lambda request: request.send(b"{", "application/json", content_length="50") or request.reset() or True, "UPSTREAM_NO_RESPONSE"),
        (lambda request: request.send(HTML_PAGE, "text/html") or True, "PATH_NOT_SERVED"),
        (lambda request: request.send_json({"name": "NotFoundError", "data": {"message": "?"}}, 404) or True, "PATH_NOT_SERVED"),
    ],
    ids=["slow", "reset", "not HTTP", "truncated", "HTML", "without the path"],
)  # fmt: skip
def test_calls_without_responses_are_not_conforming(behavior: Behavior, code: str) -> None:
    with run_session_server(behavior) as server:
        report = check_live(server, lifecycle=True)
    assert {code, "NOTHING_CHECKED"} <= collect_codes(report)
    assert (report.exit_code, count_conforming(report)) == (2, 0)


@pytest.mark.parametrize("described", ["500", "5XX", "default"])
@pytest.mark.parametrize("answer", [{"why": "no room"}, {"why": 1}], ids=["conforming body", "violating body"])
def test_a_described_server_error_is_a_finding(described: str, answer: object, tmp_path: Path) -> None:
    with run_session_server(lambda request: request.send_json(answer, 500) or True) as server:
        report = verify_live(Project(write_state_project(tmp_path, described)), server.url, {})
    assert (report.exit_code, count_conforming(report), report.summary["exchanges"]["violating"]) == (1, 0, 1)
    assert collect_codes(report) == {"SERVER_ERROR"} | ({"VIOLATION"} if answer == {"why": 1} else set())
    (finding,) = [d for d in report.diagnostics if d.code.id == "SERVER_ERROR"]
    assert finding.message == "Get returned 500: the server failed" and finding.exchange is not None
    assert [case.outcome for case in report.cases] == ["violating"]


def test_a_described_client_error_conforms(tmp_path: Path) -> None:
    with run_session_server(lambda request: request.send_json({"why": "not yet"}, 409) or True) as server:
        report = verify_live(Project(write_state_project(tmp_path, "409")), server.url, {})
    assert (report.exit_code, count_conforming(report)) == (0, 1)


def test_an_html_page_is_a_finding() -> None:
    """OpenCode sends its web page for every unknown path."""
    with run_session_server(behave_on("GET /config", lambda request: request.send(HTML_PAGE, "text/html"))) as server:
        report = check_live(server)
    (finding,) = {d.message for d in report.diagnostics if d.code.id == "PATH_NOT_SERVED" and "/config" in d.message}
    assert "returned 200 with an HTML page" in finding


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "the server requires credentials"),
        ({"WIRELOCK_UPSTREAM_USER": "me", "WIRELOCK_UPSTREAM_PASSWORD": "hunter2"}, "rejected our credentials"),
        ({"WIRELOCK_UPSTREAM_TOKEN": "hunter2"}, "rejected our credentials"),
    ],
)
def test_rejected_credentials_are_one_finding(environment: dict[str, str], expected: str) -> None:
    with run_session_server(lambda request: request.send(b"", "text/plain", 401) or True) as server:
        report = check_live(server, environment, lifecycle=True)
    (finding,) = [d for d in report.diagnostics if d.is_failure]
    assert expected in finding.message and "hunter2" not in str(finding)
    assert (report.exit_code, count_conforming(report), len(server.requests)) == (2, 0, 1)


def test_credentials_of_the_environment_are_sent() -> None:
    with run_session_server() as server:
        check_live(server, {"WIRELOCK_UPSTREAM_USER": "opencode", "WIRELOCK_UPSTREAM_PASSWORD": "pw"})
    assert {headers["Authorization"] for headers in server.headers} == {"Basic b3BlbmNvZGU6cHc="}


@pytest.mark.parametrize("echo", ["a value", "a name", "an id", "a media type", "a truncated value"])
def test_findings_do_not_show_the_password(echo: str) -> None:
    """A server may repeat the password in text that the report shows: messages, pointers, URLs and excerpts."""
    password = 'hunter2/"secret"\u00a0ö'
    members: dict[str, dict[str, Any]] = {
        "a value": {"time": {"created": password, "updated": 1}},
        "a name": {"time": {"created": "now", password: {}}, password: 1},
        "an id": {"id": password, "time": 1},
        "a truncated value": {"time": {"created": f"{'x' * 50}{password}"}, "title": "y" * 110 + password},
    }
    kind = "text/hunter2/" if echo == "a media type" else "application/json"

    def behavior(request: SessionRequest) -> bool:
        session = {"id": "ses_1", "title": "t", "directory": "/work", **members.get(echo, {})}
        listed = json.dumps([session] if request.path == "/session" else session)
        return request.send(listed.encode(), kind) or True

    secret = "hunter2/" if echo == "a media type" else password
    with run_session_server(behavior) as server:
        report = check_live(server, {"WIRELOCK_UPSTREAM_USER": "me", "WIRELOCK_UPSTREAM_PASSWORD": secret})
    assert report.exit_code and "[redacted]" in repr(report) and "hunter" not in repr(report)


@pytest.mark.parametrize("address", ["localhost:4096", "ftp://h", "http://me:hunter2@h", "http://h?a=b", ""])
def test_an_invalid_address_is_rejected(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = check_live(address)
    assert report.exit_code == 2
    assert "hunter2" not in str(report.diagnostics)


def test_a_redirect_is_not_followed() -> None:
    with (
        run_session_server() as other,
        run_session_server(lambda request: request.send(b"", "text/plain", 302, location=other.url) or True) as server,
    ):
        report = check_live(server)
    assert other.requests == []
    assert "STATUS_UNDOCUMENTED" in collect_codes(report)


def test_an_unrequested_compression_is_decoded() -> None:
    body = gzip.compress(b"[]")
    with run_session_server(
        behave_on("GET /session", lambda request: request.send(body, "application/json", content_encoding="gzip"))
    ) as server:
        report = check_live(server)
    assert not [d for d in report.diagnostics if d.rpc.endswith("ListSessions")]
    assert all(headers["Accept-Encoding"] == "identity" for headers in server.headers)


def test_a_response_above_the_size_limit_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 2**20)
    with run_session_server(
        behave_on("GET /session", lambda request: request.send(b" " * 2**21, "application/json"))
    ) as server:
        report = check_live(server)
    assert any("larger than 1 MiB" in d.message for d in report.diagnostics)


# the command line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.har", "--live", "http://h"], "remove the recordings"),
        (["--live", "http://h", "--type", "a/b"], "remove the recordings and --type"),
        (["--lifecycle"], "add --live URL"),
        (["--events", "3"], "add --live URL"),
        (["--live", "http://h", "--for", "10"], "is not a duration up to an hour"),
        (["--live", "http://h", "--for", "2h"], "is not a duration up to an hour"),
        (["--live", "http://h", "--events", "0"], "is not a whole number from 1"),
    ],
)
def test_invalid_combinations_of_options_are_rejected(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", *arguments]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("format", ["text", "json", "html", "junit", "sarif", "github", "markdown"])
def test_every_format_shows_a_live_check(
    format: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    with run_session_server(behave_on("GET /session", lambda request: request.send_json([{"id": 1}]))) as server:
        assert main(["verify", "--live", server.url, "--format", format]) == 1
    assert "VIOLATION" in capsys.readouterr().out


# which resources are created


THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}


def write_things_project(folder: Path, response: dict[str, Any], body: dict[str, Any]) -> Config:
    """Write a project with a resource; `response` and `body` are the schemas of its creation."""
    home = folder / "schemas/s"
    home.mkdir(parents=True)
    key = {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}}
    create = {"request": "new.schema.json", "response": "answer.schema.json", "http": {"post": "/things", "body": "*"}}
    delete = {"request": "key.schema.json", "http": {"delete": "/things/{key}"}, "responses": {"204": None}}
    service = {
        "service": "Things",
        "methods": {"Create": create, "Delete": {**delete, "response": "empty.schema.json"}},
    }
    files = {"answer": response, "new": body, "key": key, "empty": {"type": "object"}}
    for name, value in files.items():
        (home / f"{name}.schema.json").write_text(json.dumps(value), "utf-8")
    (home / "s.service.json").write_text(json.dumps(service), "utf-8")
    return Config(folder, "wirelock.toml", "things", "things")


def write_state_project(folder: Path, described: str) -> Config:
    """Write a project with one GET that has a described error."""
    home = folder / "schemas/s"
    home.mkdir(parents=True)
    error = {"type": "object", "required": ["why"], "properties": {"why": {"type": "string"}}}
    responses = {"200": {"schema": "thing.schema.json"}, described: {"schema": "error.schema.json"}}
    get = {"request": "empty.schema.json", "response": "thing.schema.json", "http": {"get": "/state"}}
    service = {"service": "States", "methods": {"Get": {**get, "responses": responses}}}
    for name, value in {"thing": THING, "error": error, "empty": {"type": "object"}}.items():
        (home / f"{name}.schema.json").write_text(json.dumps(value), "utf-8")
    (home / "s.service.json").write_text(json.dumps(service), "utf-8")
    return Config(folder, "wirelock.toml", "states", "states")


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_a_dot_segment_is_not_used_as_a_key(key: str, tmp_path: Path) -> None:
    """Clients and proxies normalize DELETE /things/.. to DELETE /."""
    with run_session_server(lambda request: request.send_json({"id": key}) or True) as server:
        report = verify_live(
            Project(write_things_project(tmp_path, THING, {"type": "object"})), server.url, {}, lifecycle=True
        )
    assert server.requests == ["POST /things"]
    assert "CLEANUP_FAILED" in collect_codes(report)
    assert fill_path("/things/{key}/parts", {"/things": {"key": key}}) is None


UNKNOWN_STRING = {"type": "string", "pattern": "^(?=x)[xy]$"}
"""A string for which no sample is generated, because of the lookahead."""


def serve_things(request: SessionRequest) -> bool:
    if request.command == "POST":
        request.send_json({"data": {"id": "t1"}} if b"nested" in request.sent else {"id": "t1"})
    else:
        request.send(b"", "text/plain", 204)
    return True


@pytest.mark.parametrize(
    ("response", "body", "calls"),
    [
        (THING, {"type": "object"}, ["POST /things", "DELETE /things/t1"]),
        (
            {"type": "object", "properties": {"data": THING}},
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "nested"}}},
            ["POST /things", "DELETE /things/t1"],
        ),
        ({"type": "object", "properties": {"name": {"type": "string"}}}, {"type": "object"}, []),
        (THING, {"type": "object", "required": ["a"], "properties": {"a": UNKNOWN_STRING}}, []),
    ],
    ids=["key in the response", "key in a member", "no key", "no valid body is known"],
)
def test_only_deletable_resources_are_created(
    response: dict[str, Any], body: dict[str, Any], calls: list[str], tmp_path: Path
) -> None:
    config = write_things_project(tmp_path, response, body)
    with run_session_server(serve_things) as server:
        report = verify_live(Project(config), server.url, {}, lifecycle=True)
        assert server.requests == calls
    assert not [d for d in report.diagnostics if d.code.id == "CLEANUP_FAILED"]


CODE = {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$", "minLength": 6}
KIND = {"enum": ["small", "large"]}
SIZE = {
    "type": "object",
    "required": ["width", "unit", "marks"],
    "properties": {
        "width": {"type": "integer", "minimum": 4, "multipleOf": 3},
        "unit": {"type": "string", "minLength": 3, "maxLength": 3},
        "marks": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "uniqueItems": True},
    },
}


@pytest.mark.parametrize(
    "member",
    [CODE, KIND, SIZE, {"type": "string", "format": "date-time"}, {"type": "array", "items": SIZE, "minItems": 1}],
    ids=["pattern", "enum", "nested object", "format", "array of objects"],
)
def test_a_body_fulfills_the_constraints_of_its_schema(member: dict[str, Any], tmp_path: Path) -> None:
    """The title stands in the properties that allow it."""
    properties = {"member": member, "name": {"type": "string"}, "other": {"type": "string"}}
    schema = {"type": "object", "required": ["member"], "properties": properties}
    bodies: list[bytes] = []

    def keep_body(request: SessionRequest) -> bool:
        bodies.extend([request.sent] if request.command == "POST" else [])
        return serve_things(request)

    with run_session_server(keep_body) as server:
        report = verify_live(Project(write_things_project(tmp_path, THING, schema)), server.url, {}, lifecycle=True)
    assert server.requests == ["POST /things", "DELETE /things/t1"], report.diagnostics
    (body,) = map(json.loads, bodies)
    assert body == {"member": body["member"], "name": "wirelock live check"}
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(body)
    assert report.summary["exchanges"]["violating"] == 0
