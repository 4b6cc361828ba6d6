"""`verify --live` against servers that act well and badly: what it asks, what it says, and what it leaves behind."""

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

import pytest
from acting import PAGE, Act, Actor, Stage, staged
from checkout import ROOT, configuration

from wirelock.api.verify_live import verify_live
from wirelock.cli import main
from wirelock.config import Config
from wirelock.diagnostics import Report
from wirelock.serve.live import client
from wirelock.serve.live.reads import filled

NO_SECRETS: dict[str, str] = {}


def live(stage: Stage | str, environment: dict[str, str] = NO_SECRETS, **asked: Any) -> Report:
    """The report of a live check of this repository's project."""
    url = stage if isinstance(stage, str) else stage.url
    return verify_live(configuration(ROOT), url, environment, **asked)


def ids(report: Report) -> set[str]:
    return {diagnostic.code.id for diagnostic in report.diagnostics if diagnostic.fails}


def conforming(report: Report) -> int:
    return int(report.summary.get("exchanges", {}).get("conforming", 0))


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.5)
    monkeypatch.setattr(client.Server.ask, "__defaults__", (0.5,))


def test_only_get_is_used_and_paths_are_filled_from_what_was_seen() -> None:
    with staged() as stage:
        stage.sessions["ses 1/ü"] = {"id": "ses 1/ü", "title": "t", "directory": "/work"}
        live(stage)
    assert all(asked.startswith("GET ") for asked in stage.asked)
    assert "GET /session" in stage.asked and "GET /session/ses%201%2F%C3%BC" in stage.asked


def test_an_api_below_a_path_is_asked_there() -> None:
    def below(actor: Actor) -> bool:
        actor.path = actor.path.removeprefix("/api/v1")
        return False

    with staged(below) as stage:
        report = live(f"{stage.url}/api/v1/")
    assert "GET /api/v1/session" in stage.asked
    assert "ListSessions" in {case.rpc.rpartition(".")[2] for case in report.cases if case.outcome == "conforming"}


def test_a_lifecycle_makes_one_session_and_leaves_none() -> None:
    with staged() as stage:
        report = live(stage, lifecycle=True)
        assert stage.sessions == {}
    made = [asked for asked in stage.asked if "ses_1" in asked or asked.startswith("POST")]
    assert made == [
        "POST /session",
        "GET /session/ses_1",
        "PATCH /session/ses_1",
        "GET /session/ses_1",
        "DELETE /session/ses_1",
        "GET /session/ses_1",
    ]
    assert "CLEANUP_FAILED" not in ids(report)
    (methods,) = [one for one in report.coverage if one.kind == "methods"]
    assert len(methods.covered) >= 5


# the server misbehaves in the middle of a lifecycle


def when(line: str, act: Callable[[Actor], None]) -> Act:
    """Acts so on that request (a beginning of `DELETE /session/ses_1`) alone."""

    def acting(actor: Actor) -> bool:
        if not f"{actor.command} {actor.path}".startswith(line):
            return False
        act(actor)
        return True

    return acting


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("PATCH", lambda actor: actor.answer({"oops": 1}, 500)),
        ("PATCH", lambda actor: actor.reset()),
        ("PATCH", lambda actor: time.sleep(1)),
        ("PATCH", lambda actor: actor.send(PAGE, "text/html")),
        ("GET /session/ses_1", lambda actor: actor.answer({"id": 1})),
    ],
    ids=["500", "reset", "slow", "page", "violating"],
)
def test_a_failing_step_leaves_nothing_behind(line: str, act: Callable[[Actor], None]) -> None:
    with staged(when(line, act)) as stage:
        report = live(stage, lifecycle=True)
        assert stage.sessions == {}
    assert report.exit_code == 1
    assert "DELETE /session/ses_1" in stage.asked


@pytest.mark.parametrize(
    ("line", "act", "words"),
    [
        ("DELETE", lambda actor: actor.answer({"name": "UnknownError", "data": {"message": "no"}}, 500), "answered 500"),
        ("DELETE", lambda actor: actor.send(PAGE, "text/html"), "does not know its deletion"),
        ("DELETE", lambda actor: actor.answer(True), "can be read after it was deleted"),
        ("DELETE", lambda actor: actor.reset(), "can be read after it was deleted"),
        ("POST", lambda actor: actor.answer({"title": "t", "directory": "/d"}), "does not say what was made"),
        ("POST", lambda actor: time.sleep(1), "what it made, if anything"),
    ],
    ids=["refused", "unknown", "kept", "reset", "no key", "creation not answered"],
)  # fmt: skip
def test_what_may_be_left_behind_is_named(line: str, act: Callable[[Actor], None], words: str) -> None:
    with staged(when(line, act)) as stage:
        report = live(stage, lifecycle=True)
    (left,) = {d.message for d in report.diagnostics if d.code.id == "CLEANUP_FAILED"} or {""}
    assert words in left
    assert report.exit_code == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("line", ["POST", "GET /session/ses_1", "PATCH", "DELETE"])
def test_a_signal_leaves_nothing_behind(number: signal.Signals, line: str) -> None:
    """In a process of its own, at every step: while the session is made, read and changed."""

    def hesitating(actor: Actor) -> bool:
        if f"{actor.command} {actor.path}".startswith(line):
            time.sleep(1)  # the signal comes now
        return False

    with staged(hesitating) as stage:
        command = [sys.executable, "-m", "wirelock", "verify", "--live", stage.url, "--lifecycle"]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            wait_for(lambda: any(asked.startswith(line) for asked in stage.asked), process)
            time.sleep(0.2)
            process.send_signal(number)
            output, _ = process.communicate(timeout=30)
        assert process.returncode == 2, output
        assert "INTERRUPTED" in output
        assert "Traceback" not in output
        assert "DELETE /session/ses_1" in stage.asked
        assert stage.sessions == {}


@pytest.mark.parametrize("signals", [[signal.SIGINT] * 2, [signal.SIGTERM] * 3, [signal.SIGINT, signal.SIGTERM] * 2])
def test_impatience_leaves_nothing_behind_either(signals: list[signal.Signals]) -> None:
    """The first signal says what is waited for; those that follow, while that is deleted, do not end it."""
    hesitating = when("DELETE", lambda actor: time.sleep(1) or actor._usual())
    with staged(hesitating) as stage:
        command = [sys.executable, "-m", "wirelock", "verify", "--live", stage.url, "--lifecycle"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            wait_for(lambda: "POST /session" in stage.asked, process)
            assert process.stderr is not None
            for count, number in enumerate(signals):
                process.send_signal(number)
                if count == 0:
                    assert process.stderr.readline() == "interrupted: deleting what was made ...\n"
                    wait_for(lambda: "DELETE /session/ses_1" in stage.asked, process)
                time.sleep(0.1)
            output, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (2, ""), output
        assert "INTERRUPTED" in output and "CLEANUP_FAILED" not in output
        assert stage.sessions == {}


def test_a_deletion_that_an_interruption_cannot_finish_is_named() -> None:
    """The server takes the deletion, and is gone."""

    def gone(actor: Actor) -> None:
        actor.server.socket.shutdown(socket.SHUT_RDWR)
        actor.reset()

    with staged(when("DELETE", gone)) as stage:
        report = live(stage, lifecycle=True)
    (left,) = [d.message for d in report.diagnostics if d.code.id == "CLEANUP_FAILED"]
    assert left.startswith("/session/ses_1 may still be there")


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)


# servers that cannot be checked


def test_a_server_that_is_down_could_not_be_checked() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening
        report = live(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (ids(report), report.exit_code, conforming(report)) == ({"UPSTREAM_UNREACHABLE"}, 2, 0)
    assert report.summary["server"]["called"] == 0 and report.coverage == ()
    (found,) = [d.message for d in report.diagnostics if d.fails]
    assert found.endswith("cannot be reached: connection refused")


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda actor: time.sleep(2) or True, "UPSTREAM_NO_RESPONSE"),
        (lambda actor: actor.reset() or True, "UPSTREAM_NO_RESPONSE"),
        (lambda actor: actor.wfile.write(b"\x16\x03\x01 no HTTP\r\n\r\n") > 0, "UPSTREAM_NO_RESPONSE"),
        (lambda actor: actor.send(b"{", "application/json", content_length="50") or actor.reset() or True, "UPSTREAM_NO_RESPONSE"),
        (lambda actor: actor.send(PAGE, "text/html") or True, "PATH_NOT_SERVED"),
        (lambda actor: actor.answer({"name": "NotFoundError", "data": {"message": "?"}}, 404) or True, "PATH_NOT_SERVED"),
    ],
    ids=["slow", "resetting", "not HTTP", "cut off", "speaking HTML", "without the path"],
)  # fmt: skip
def test_nothing_counts_as_conforming_if_nothing_is_answered(act: Act, code: str) -> None:
    with staged(act) as stage:
        report = live(stage, lifecycle=True)
    assert {code, "NOTHING_CHECKED"} <= ids(report)
    assert (report.exit_code, conforming(report)) == (2, 0)


@pytest.mark.parametrize("described", ["500", "5XX", "default"])
@pytest.mark.parametrize("answer", [{"why": "no room"}, {"why": 1}], ids=["as described", "otherwise"])
def test_a_server_error_is_not_conforming_though_it_is_described(
    described: str, answer: object, tmp_path: Path
) -> None:
    with staged(lambda actor: actor.answer(answer, 500) or True) as stage:
        report = verify_live(state(tmp_path, described), stage.url, {})
    assert (report.exit_code, conforming(report), report.summary["exchanges"]["violating"]) == (1, 0, 1)
    assert ids(report) == {"SERVER_ERROR"} | ({"VIOLATION"} if answer == {"why": 1} else set())
    (found,) = [d for d in report.diagnostics if d.code.id == "SERVER_ERROR"]
    assert found.message == "Get is answered 500: the server failed" and found.exchange is not None
    assert [case.outcome for case in report.cases] == ["violating"]


def test_an_error_of_the_client_that_is_described_conforms(tmp_path: Path) -> None:
    with staged(lambda actor: actor.answer({"why": "not yet"}, 409) or True) as stage:
        report = verify_live(state(tmp_path, "409"), stage.url, {})
    assert (report.exit_code, conforming(report)) == (0, 1)


def test_one_page_among_answers_is_a_finding() -> None:
    """As OpenCode does, which sends its web page for every path that it does not know."""
    with staged(when("GET /config", lambda actor: actor.send(PAGE, "text/html"))) as stage:
        report = live(stage)
    (found,) = {d.message for d in report.diagnostics if d.code.id == "PATH_NOT_SERVED" and "/config" in d.message}
    assert "is answered 200 with an HTML page" in found


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "the server wants credentials"),
        ({"WIRELOCK_UPSTREAM_USER": "me", "WIRELOCK_UPSTREAM_PASSWORD": "hunter2"}, "does not accept our credentials"),
        ({"WIRELOCK_UPSTREAM_TOKEN": "hunter2"}, "does not accept our credentials"),
    ],
)
def test_a_wrong_password_is_one_finding(environment: dict[str, str], words: str) -> None:
    with staged(lambda actor: actor.send(b"", "text/plain", 401) or True) as stage:
        report = live(stage, environment, lifecycle=True)
    (found,) = [d for d in report.diagnostics if d.fails]
    assert words in found.message and "hunter2" not in str(found)
    assert (report.exit_code, conforming(report), len(stage.asked)) == (2, 0, 1)


def test_credentials_of_the_environment_go_along() -> None:
    with staged() as stage:
        live(stage, {"WIRELOCK_UPSTREAM_USER": "opencode", "WIRELOCK_UPSTREAM_PASSWORD": "pw"})
    assert {headers["Authorization"] for headers in stage.headers} == {"Basic b3BlbmNvZGU6cHc="}


@pytest.mark.parametrize("echo", ["a value", "a name", "an id", "a media type", "a value that is cut off"])
def test_findings_do_not_show_the_password(echo: str) -> None:
    """A server may repeat what it was sent where the report shows what came: in messages, places, URLs and excerpts."""
    password = 'hunter2/"secret"\u00a0ö'
    said: dict[str, dict[str, Any]] = {
        "a value": {"time": {"created": password, "updated": 1}},
        "a name": {"time": {"created": "now", password: {}}, password: 1},
        "an id": {"id": password, "time": 1},
        "a value that is cut off": {"time": {"created": f"{'x' * 50}{password}"}, "title": "y" * 110 + password},
    }
    kind = "text/hunter2/" if echo == "a media type" else "application/json"

    def act(actor: Actor) -> bool:
        session = {"id": "ses_1", "title": "t", "directory": "/work", **said.get(echo, {})}
        listed = json.dumps([session] if actor.path == "/session" else session)
        return actor.send(listed.encode(), kind) or True

    secret = "hunter2/" if echo == "a media type" else password
    with staged(act) as stage:
        report = live(stage, {"WIRELOCK_UPSTREAM_USER": "me", "WIRELOCK_UPSTREAM_PASSWORD": secret})
    assert report.exit_code and "[redacted]" in repr(report) and "hunter" not in repr(report)


@pytest.mark.parametrize("address", ["localhost:4096", "ftp://h", "http://me:hunter2@h", "http://h?a=b", ""])
def test_an_address_that_is_none(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = live(address)
    assert report.exit_code == 2
    assert "hunter2" not in str(report.diagnostics)


def test_a_redirect_is_not_followed() -> None:
    with (
        staged() as other,
        staged(lambda actor: actor.send(b"", "text/plain", 302, location=other.url) or True) as stage,
    ):
        report = live(stage)
    assert other.asked == []
    assert "STATUS_UNDOCUMENTED" in ids(report)


def test_a_compressed_answer_is_unpacked_though_it_was_not_asked_for() -> None:
    body = gzip.compress(b"[]")
    with staged(when("GET /session", lambda a: a.send(body, "application/json", content_encoding="gzip"))) as stage:
        report = live(stage)
    assert not [d for d in report.diagnostics if d.rpc.endswith("ListSessions")]
    assert all(headers["Accept-Encoding"] == "identity" for headers in stage.headers)


def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 2**20)
    with staged(when("GET /session", lambda a: a.send(b" " * 2**21, "application/json"))) as stage:
        report = live(stage)
    assert any("larger than 1 MiB" in d.message for d in report.diagnostics)


# the command line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.har", "--live", "http://h"], "takes no recordings"),
        (["--live", "http://h", "--type", "a/b"], "no --type"),
        (["--lifecycle"], "add --live URL"),
        (["--events", "3"], "add --live URL"),
        (["--live", "http://h", "--for", "10"], "no time up to an hour"),
        (["--live", "http://h", "--for", "2h"], "no time up to an hour"),
        (["--live", "http://h", "--events", "0"], "not a number from 1"),
    ],
)
def test_options_that_do_not_fit(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("format", ["text", "json", "html", "junit", "sarif", "github", "markdown"])
def test_every_report_takes_a_live_check(
    format: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    with staged(when("GET /session", lambda actor: actor.answer([{"id": 1}]))) as stage:
        assert main(["verify", "--live", stage.url, "--format", format]) == 1
    assert "VIOLATION" in capsys.readouterr().out


# what may be made at all


THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}


def things(folder: Path, answer: dict[str, Any], made: dict[str, Any]) -> Config:
    """A project of things that are made and deleted; `answer` is to their creation, `made` is what is sent for it."""
    home = folder / "schemas/s"
    home.mkdir(parents=True)
    key = {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}}
    create = {"request": "new.schema.json", "response": "answer.schema.json", "http": {"post": "/things", "body": "*"}}
    delete = {"request": "key.schema.json", "http": {"delete": "/things/{key}"}, "responses": {"204": None}}
    service = {
        "service": "Things",
        "methods": {"Create": create, "Delete": {**delete, "response": "empty.schema.json"}},
    }
    files = {"answer": answer, "new": made, "key": key, "empty": {"type": "object"}}
    for name, value in files.items():
        (home / f"{name}.schema.json").write_text(json.dumps(value), "utf-8")
    (home / "s.service.json").write_text(json.dumps(service), "utf-8")
    return Config(folder, "wirelock.toml", "things", "things")


def state(folder: Path, described: str) -> Config:
    """A project of one GET, which describes an error too."""
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
def test_a_key_that_leads_elsewhere_is_not_put_into_a_path(key: str, tmp_path: Path) -> None:
    """DELETE /things/.. is DELETE / for whoever is on the way."""
    with staged(lambda actor: actor.answer({"id": key}) or True) as stage:
        report = verify_live(things(tmp_path, THING, {"type": "object"}), stage.url, {}, lifecycle=True)
    assert stage.asked == ["POST /things"]
    assert "CLEANUP_FAILED" in ids(report)
    assert filled("/things/{key}/parts", {"/things": {"key": key}}) is None


def acting_things(actor: Actor) -> bool:
    if actor.command == "POST":
        actor.answer({"data": {"id": "t1"}} if b"nested" in actor.sent else {"id": "t1"})
    else:
        actor.send(b"", "text/plain", 204)
    return True


@pytest.mark.parametrize(
    ("answer", "made", "asked"),
    [
        (THING, {"type": "object"}, ["POST /things", "DELETE /things/t1"]),
        (
            {"type": "object", "properties": {"data": THING}},
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "nested"}}},
            ["POST /things", "DELETE /things/t1"],
        ),
        ({"type": "object", "properties": {"name": {"type": "string"}}}, {"type": "object"}, []),
        (THING, {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "pattern": "^x$"}}}, []),
    ],
    ids=["key in the answer", "key inside a member", "no key", "no body can be made up"],
)
def test_only_what_can_be_deleted_is_made(
    answer: dict[str, Any], made: dict[str, Any], asked: list[str], tmp_path: Path
) -> None:
    config = things(tmp_path, answer, made)
    with staged(acting_things) as stage:
        report = verify_live(config, stage.url, {}, lifecycle=True)
        assert stage.asked == asked
    assert not [d for d in report.diagnostics if d.code.id == "CLEANUP_FAILED"]
