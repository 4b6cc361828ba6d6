"""Recordings: broken files are said to be broken, secrets are not said at all, and zero checked is not success."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from traps import properties, written

from wirelock.cli import main
from wirelock.traffic.http.exchange import Body
from wirelock.traffic.recordings.formats import read_recording

SECRET = "hunter2"
SCHEMAS = {
    "s/session": properties("id", id={"type": "string"}),
    "s/empty": properties(),
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


def entry(status: int = 200, content: Any = None, **others: Any) -> dict[str, Any]:
    """A HAR entry."""
    request = {"method": "GET", "url": "http://h/session", "headers": others.pop("headers", []), "bodySize": 0}
    answer = {"status": status, "headers": [], "bodySize": -1, "content": content or {"size": 0, "mimeType": ""}}
    return {"request": request, "response": answer, **others}


def har(folder: Path, *entries: Any) -> Path:
    """A HAR file of entries."""
    path = folder / "a.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}), "utf-8")
    return path


def test_66_a_har_encodes_bodies_and_repeats_headers(tmp_path: Path) -> None:
    text = b'{"id":"\xc3\xbc"}'
    content = {"size": 9, "mimeType": "application/json", "encoding": "base64", "text": base64.b64encode(text).decode()}
    headers = [{"name": n, "value": v} for n, v in ((":method", "GET"), ("Accept", "a/b"), ("accept", "c/d"))]
    (first, empty), found = read_recording(har(tmp_path, entry(content=content, headers=headers), entry(204)), "a.har")
    assert found == ()
    assert first.response == Body(text, "application/json")
    assert all(not name.startswith(":") for name, _ in first.request_headers)
    assert (empty.status, empty.response, empty.unrecorded) == (204, None, ())


def test_66_a_body_that_the_har_leaves_out_is_not_an_empty_one(tmp_path: Path) -> None:
    (only,), _ = read_recording(har(tmp_path, entry(content={"size": 30, "mimeType": "application/json"})), "a.har")
    assert only.unrecorded == ("response",)


def test_66_frames_of_a_web_socket_do_not_stop_the_reading(tmp_path: Path) -> None:
    socket = entry(101, _webSocketMessages=[{"type": "send", "data": "x", "opcode": 1, "time": 1}])
    read, found = read_recording(har(tmp_path, socket, entry(204)), "a.har")
    assert (len(read), found) == (2, ())


def test_66_a_body_that_was_kept_compressed_is_unpacked(tmp_path: Path) -> None:
    content = {"size": 9, "encoding": "base64", "text": base64.b64encode(gzip.compress(b'{"id":"a"}')).decode()}
    packed = entry(content={**content, "mimeType": "application/json"})
    packed["response"]["headers"] = [{"name": "Content-Encoding", "value": "gzip"}]
    (only,), _ = read_recording(har(tmp_path, packed), "a.har")
    assert only.response == Body(b'{"id":"a"}', "application/json")


@pytest.mark.parametrize("body", ["{string: '{}'}", "{base64_string: e30=}", "{string: !!binary e30=}"])
def test_66_a_cassette_has_texts_and_bytes(body: str, tmp_path: Path) -> None:
    request = "{method: GET, uri: /session, headers: {}, body: null}"
    response = f"{{status: {{code: 200}}, headers: {{}}, body: {body}}}"
    (tmp_path / "a.yaml").write_text(f"interactions: [{{request: {request}, response: {response}}}]", "utf-8")
    (only,), _ = read_recording(tmp_path / "a.yaml", "a.yaml")
    assert only.response == Body(b"{}", "")


def test_66_a_tag_in_a_cassette_makes_no_object(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("!!python/object/apply:os.mkdir [made]", "utf-8")
    _, (found,) = read_recording(tmp_path / "a.yaml", "a.yaml")
    assert found.code.fatal and "python/object" in found.message


def test_66_a_broken_last_line_is_one_fault(tmp_path: Path) -> None:
    line = json.dumps({"request": {"method": "GET", "url": "/session"}, "response": {"status": 204}})
    (tmp_path / "a.ndjson").write_text(f"{line}\n{line[:40]}", "utf-8")
    read, (found,) = read_recording(tmp_path / "a.ndjson", "a.ndjson")
    assert len(read) == 1
    assert found.where.line == 2
    assert found.code.fatal


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    written(tmp_path, SCHEMAS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("format", ["text", "json"])
def test_69_no_secret_is_reported(format: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = {
        "method": "GET",
        "url": f"http://me:{SECRET}@h/session?token={SECRET}",
        "headers": [{"name": "Authorization", "value": f"Bearer {SECRET}"}, {"name": "Cookie", "value": f"a={SECRET}"}],
        "bodySize": 0,
    }
    content = {"size": 9, "mimeType": "application/json", "text": '{"id":1}'}
    har(project, {**entry(content=content), "request": request})
    assert main(["verify", "a.har", "--format", format]) == 1
    printed = capsys.readouterr()
    assert "VIOLATION" in printed.out
    assert SECRET not in printed.out + printed.err


@pytest.mark.parametrize("format", ["text", "json", "html", "junit", "sarif"])
def test_69_no_secret_of_a_cassette_is_reported(format: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headers = f"{{Authorization: [Bearer {SECRET}], Cookie: [a={SECRET}]}}"
    request = f"{{method: GET, uri: 'http://me:{SECRET}@h/session?token={SECRET}', headers: {headers}, body: null}}"
    response = f"{{status: {{code: 200}}, headers: {{Set-Cookie: [a={SECRET}]}}, body: {{string: '{{\"id\":1}}'}}}}"
    (project / "a.yaml").write_text(f"interactions: [{{request: {request}, response: {response}}}]", "utf-8")
    assert main(["verify", "a.yaml", "--format", format]) == 1
    printed = capsys.readouterr()
    assert "VIOLATION" in printed.out
    assert SECRET not in printed.out + printed.err


def broken_schema(project: Path) -> None:
    (project / "schemas/s/session.schema.json").write_text('{"type":', "utf-8")


def no_recording(project: Path) -> None:
    (project / "a.har").unlink()


def cut_off(project: Path) -> None:
    (project / "a.har").write_bytes((project / "a.har").read_bytes()[:-9])


def of_something_else(project: Path) -> None:
    strange = entry(204)
    strange["request"]["url"] = "http://h/other"
    har(project, strange)


@pytest.mark.parametrize("damage", [broken_schema, no_recording, cut_off, of_something_else], ids=lambda f: f.__name__)
def test_70_what_could_not_be_checked_is_not_clean(
    damage: Any, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    har(project, entry(content={"size": 10, "mimeType": "application/json", "text": '{"id":"a"}'}))
    assert main(["verify", "a.har"]) == 0
    damage(project)
    capsys.readouterr()
    assert main(["verify", "a.har", "--format", "json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert "error" in json.dumps(report)


def test_70_a_schema_that_cannot_be_read_stops_generate_and_prove(project: Path) -> None:
    broken_schema(project)
    assert main(["generate"]) == 2
    assert main(["prove"]) == 2
    assert not (project / "generated").exists()
