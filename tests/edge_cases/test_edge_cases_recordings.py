"""Recordings: invalid files are errors, secrets are redacted, and an empty check does not pass."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from edge_cases import build_object, write_project

from wirelock.cli import main
from wirelock.traffic.http.exchange import RecordedBody
from wirelock.traffic.recordings.formats import read_recording

NUMBERS = (66, 69, 70)
"""Numbers of the edge cases with tests of their own."""

SECRET = "hunter2"
SCHEMAS = {
    "s/session": build_object("id", id={"type": "string"}),
    "s/empty": build_object(),
    "s/s.service.json": {
        "service": "S",
        "methods": {
            "Get": {
                "request": "empty.schema.json",
                "response": "session.schema.json",
                "http": {"get": "/session"},
                "responses": {"200": "session.schema.json", "204": None},
            }
        },
    },
}


def build_entry(status: int = 200, content: Any = None, **others: Any) -> dict[str, Any]:
    """Build a HAR entry."""
    request = {"method": "GET", "url": "http://h/session", "headers": others.pop("headers", []), "bodySize": 0}
    body: dict[str, Any] = content or {"size": 0, "mimeType": ""}
    response: dict[str, Any] = {"status": status, "headers": [], "bodySize": -1, "content": body}
    return {"request": request, "response": response, **others}


def write_har(folder: Path, *entries: Any) -> Path:
    """Write a HAR file of entries."""
    path = folder / "a.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    return path


def test_a_har_has_encoded_bodies_and_repeated_headers(tmp_path: Path) -> None:
    text = b'{"id":"\xc3\xbc"}'
    content = {"size": 9, "mimeType": "application/json", "encoding": "base64", "text": base64.b64encode(text).decode()}
    headers = [{"name": n, "value": v} for n, v in ((":method", "GET"), ("Accept", "a/b"), ("accept", "c/d"))]
    (first, empty), found = read_recording(
        write_har(tmp_path, build_entry(content=content, headers=headers), build_entry(204)), "a.har"
    )
    assert found == ()
    assert first.response == RecordedBody(text, "application/json")
    assert all(not name.startswith(":") for name, _ in first.request_headers)
    assert (empty.status, empty.response, empty.unrecorded) == (204, None, ())


def test_a_body_that_the_har_omits_is_unrecorded(tmp_path: Path) -> None:
    (only,), _ = read_recording(
        write_har(tmp_path, build_entry(content={"size": 30, "mimeType": "application/json"})), "a.har"
    )
    assert only.unrecorded == ("response",)


def test_frames_of_a_web_socket_are_ignored(tmp_path: Path) -> None:
    socket = build_entry(101, _webSocketMessages=[{"type": "send", "data": "x", "opcode": 1, "time": 1}])
    read, found = read_recording(write_har(tmp_path, socket, build_entry(204)), "a.har")
    assert (len(read), found) == (2, ())


def test_a_compressed_body_is_decompressed(tmp_path: Path) -> None:
    content = {"size": 9, "encoding": "base64", "text": base64.b64encode(gzip.compress(b'{"id":"a"}')).decode()}
    packed = build_entry(content={**content, "mimeType": "application/json"})
    packed["response"]["headers"] = [{"name": "Content-Encoding", "value": "gzip"}]
    (only,), _ = read_recording(write_har(tmp_path, packed), "a.har")
    assert only.response == RecordedBody(b'{"id":"a"}', "application/json")


@pytest.mark.parametrize("body", ["{string: '{}'}", "{base64_string: e30=}", "{string: !!binary e30=}"])
def test_a_cassette_has_text_and_binary_bodies(body: str, tmp_path: Path) -> None:
    request = "{method: GET, uri: /session, headers: {}, body: null}"
    response = f"{{status: {{code: 200}}, headers: {{}}, body: {body}}}"
    (tmp_path / "a.yaml").write_text(f"interactions: [{{request: {request}, response: {response}}}]", "utf-8")
    (only,), _ = read_recording(tmp_path / "a.yaml", "a.yaml")
    assert only.response == RecordedBody(b"{}", "")


def test_a_tag_in_a_cassette_does_not_create_an_object(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("!!python/object/apply:os.mkdir [made]", "utf-8")
    _, (found,) = read_recording(tmp_path / "a.yaml", "a.yaml")
    assert found.code.fatal and "python/object" in found.message


def test_an_invalid_last_line_is_one_error(tmp_path: Path) -> None:
    line = json.dumps({"request": {"method": "GET", "url": "/session"}, "response": {"status": 204}})
    (tmp_path / "a.ndjson").write_text(f"{line}\n{line[:40]}", "utf-8")
    read, (found,) = read_recording(tmp_path / "a.ndjson", "a.ndjson")
    assert len(read) == 1
    assert found.location.line == 2
    assert found.code.fatal


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, SCHEMAS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("format", ["text", "json"])
def test_reports_contain_no_secrets(format: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = {
        "method": "GET",
        "url": f"http://me:{SECRET}@h/session?token={SECRET}",
        "headers": [{"name": "Authorization", "value": f"Bearer {SECRET}"}, {"name": "Cookie", "value": f"a={SECRET}"}],
        "bodySize": 0,
    }
    content = {"size": 9, "mimeType": "application/json", "text": '{"id":1}'}
    write_har(project, {**build_entry(content=content), "request": request})
    assert main(["verify", "a.har", "--format", format]) == 1
    printed = capsys.readouterr()
    assert "VIOLATION" in printed.out
    assert SECRET not in printed.out + printed.err


@pytest.mark.parametrize("format", ["text", "json", "html", "junit", "sarif"])
def test_reports_contain_no_secrets_of_a_cassette(
    format: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    headers = f"{{Authorization: [Bearer {SECRET}], Cookie: [a={SECRET}]}}"
    request = f"{{method: GET, uri: 'http://me:{SECRET}@h/session?token={SECRET}', headers: {headers}, body: null}}"
    response = f"{{status: {{code: 200}}, headers: {{Set-Cookie: [a={SECRET}]}}, body: {{string: '{{\"id\":1}}'}}}}"
    (project / "a.yaml").write_text(f"interactions: [{{request: {request}, response: {response}}}]", "utf-8")
    assert main(["verify", "a.yaml", "--format", format]) == 1
    printed = capsys.readouterr()
    assert "VIOLATION" in printed.out
    assert SECRET not in printed.out + printed.err


def break_schema(project: Path) -> None:
    (project / "schemas/s/session.schema.json").write_text('{"type":', "utf-8")


def delete_recording(project: Path) -> None:
    (project / "a.har").unlink()


def truncate_recording(project: Path) -> None:
    (project / "a.har").write_bytes((project / "a.har").read_bytes()[:-9])


def record_unknown_path(project: Path) -> None:
    strange = build_entry(204)
    strange["request"]["url"] = "http://h/other"
    write_har(project, strange)


@pytest.mark.long
@pytest.mark.parametrize(
    "damage", [break_schema, delete_recording, truncate_recording, record_unknown_path], ids=lambda f: f.__name__
)
def test_an_incomplete_check_does_not_pass(damage: Any, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_har(project, build_entry(content={"size": 10, "mimeType": "application/json", "text": '{"id":"a"}'}))
    assert main(["verify", "a.har"]) == 0
    damage(project)
    capsys.readouterr()
    assert main(["verify", "a.har", "--format", "json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert "error" in json.dumps(report)


def test_an_unreadable_schema_stops_generate_and_prove(project: Path) -> None:
    break_schema(project)
    assert main(["generate"]) == 2
    assert main(["prove"]) == 2
    assert not (project / "generated").exists()
