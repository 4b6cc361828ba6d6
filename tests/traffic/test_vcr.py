"""Cassettes of vcrpy, betamax and Ruby's VCR; those of vcrpy were written by vcrpy."""

from __future__ import annotations

import base64
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import vcr

from wirelock.diagnostics import Diagnostic
from wirelock.traffic.http.exchange import Body, Exchange
from wirelock.traffic.recordings.formats import read_recording

FIXTURES = Path(__file__).parent / "fixtures"
SESSION = '{"id": "ses_1", "title": "Größe", "directory": "/work"'.encode()
JSON = "application/json"


def read(name: str) -> tuple[Exchange, ...]:
    """The exchanges of a fixture that is sound."""
    exchanges, found = read_recording(FIXTURES / name, name)
    assert found == ()
    return exchanges


def of(text: str, folder: Path, name: str = "a.yaml") -> tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]:
    """What is read of a cassette with this text."""
    (folder / name).write_text(text, "utf-8")
    return read_recording(folder / name, name)


def test_vcrpy_in_yaml_whether_a_body_was_unpacked_or_kept() -> None:
    exchanges = read("vcrpy.yaml")
    assert [(one.method, one.status) for one in exchanges] == [("GET", 200)] * 5 + [("POST", 200), ("DELETE", 204)]
    bodies = [one.response for one in exchanges[:5]]
    assert all(body is not None and body.text.startswith(b"[" + SESSION) for body in bodies)
    assert (FIXTURES / "vcrpy.yaml").read_text("utf-8").count("!!binary") == 3
    assert exchanges[5].request == Body(rb'{"title": "Gr\u00f6\u00dfe"}', JSON)
    assert (exchanges[6].request, exchanges[6].response, exchanges[6].unrecorded) == (None, None, ())


def test_vcrpy_in_json_is_known_by_its_first_bytes() -> None:
    exchanges = read("vcrpy.json")
    assert [one.method for one in exchanges] == ["GET", "POST", "DELETE"]
    assert exchanges[0].response and exchanges[0].response.text.startswith(b"[" + SESSION)


@pytest.mark.parametrize("name", ["betamax.json", "ruby-vcr.yml"])
def test_a_list_of_http_interactions(name: str) -> None:
    first, second = read(name)
    assert first.response == Body(b"[" + SESSION + b"}]", JSON)
    assert (first.method, first.request, first.recording, first.index) == ("GET", None, name, 0)
    assert second.method == {"betamax.json": "POST", "ruby-vcr.yml": "DELETE"}[name]
    if second.method == "POST":
        assert second.request == Body('{"title":"Größe"}'.encode(), JSON)


@pytest.mark.parametrize("name", ["vcrpy.yaml", "vcrpy.json", "betamax.json"])
def test_the_secrets_of_a_url_are_not_kept(name: str) -> None:
    assert "?token=[redacted]" in read(name)[0].url


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        text = b"\xff\x00" if self.path == "/bytes" else b'{"a": "yes"}'
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


@pytest.mark.parametrize(("serializer", "name"), [("yaml", "a.yaml"), ("json", "a.json")])
def test_what_vcrpy_records_now_is_read(serializer: str, name: str, server: str, tmp_path: Path) -> None:
    paths = ["/plain", "/bytes"] if serializer == "yaml" else ["/plain"]
    with vcr.VCR(serializer=serializer, record_mode="all").use_cassette(str(tmp_path / name)):
        for path in paths:
            urllib.request.urlopen(server + path).read()
    exchanges, found = read_recording(tmp_path / name, name)
    assert found == ()
    assert [one.response for one in exchanges] == [Body(b'{"a": "yes"}', JSON), Body(b"\xff\x00", JSON)][: len(paths)]


def cassette(request: str = "{}", body: str = "''", headers: str = "{}", status: str = "{code: 200}") -> str:
    """A cassette of one interaction; `request` is the body of it."""
    sent = f"{{method: POST, uri: 'http://h/a', headers: {{}}, body: {request}}}"
    return f"interactions:\n- request: {sent}\n  response: {{status: {status}, headers: {headers}, body: {body}}}\n"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("'a'", b"a"),
        ("!!binary /w==", b"\xff"),
        ("{string: a}", b"a"),
        ("{string: !!binary /w==}", b"\xff"),
        ("{string: !!python/unicode a}", b"a"),
        ("{base64_string: '/w=='}", b"\xff"),
        ('{base64_string: "/w\\n==\\n", encoding: utf-8}', b"\xff"),
        ("{string: ü, encoding: utf-8}", b"\xc3\xbc"),
        ("{string: ü, encoding: ISO-8859-1}", b"\xfc"),
        ("{string: null}", None),
        ("null", None),
    ],
)
def test_the_forms_of_a_body(body: str, text: bytes | None, tmp_path: Path) -> None:
    (only,), found = of(cassette(body, body), tmp_path)
    assert found == ()
    for part in (only.request, only.response):
        assert (part.text if part else None) == text


def test_headers_are_texts_or_lists_of_texts(tmp_path: Path) -> None:
    text = cassette(headers="{Content-Type: [application/json], X: [a, b], Y: c}", body="{string: '{}'}")
    (only,), _ = of(text, tmp_path)
    assert only.response == Body(b"{}", JSON)


@pytest.mark.parametrize(
    ("text", "pointer", "words"),
    [
        (cassette(body="[a]"), "/response/body", "must be a text or an object, not array"),
        (cassette(body="{string: 1}"), "/response/body/string", "must be a text, not integer"),
        (cassette(body="{base64_string: '?'}"), "/response/body/base64_string", "is not base64"),
        (cassette(headers="{A: {}}"), "/response/headers", "the header `A` must be a text, not object"),
        (cassette(status="{message: OK}"), "/response/status", "`code` is missing"),
        ("interactions: [{request: {}}]", "", "`response` is missing"),
        ("interactions: [1]", "", "integer where an object is wanted"),
    ],
)
def test_a_broken_interaction_is_named_with_its_place(text: str, pointer: str, words: str, tmp_path: Path) -> None:
    exchanges, (found,) = of(text, tmp_path)
    assert (exchanges, found.code.id, found.where.pointer) == (
        (),
        "RECORDING_ENTRY_INVALID",
        f"/interactions/0{pointer}",
    )
    assert words in found.message
    assert found.where.line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("interactions: !!python/object/apply:os.system [id]", "the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("interactions: !!python/object/new:_io.BytesIO {state: 1}", "the tag"),
        ("a: !!python/name:os.system ''", "the tag"),
        ("interactions: [{request: {method: &a [*a]}}]", "the alias *a"),
        ("a: {b", ""),
        ("a: 1\na: 2", "given twice"),
        ("a: " + "[" * 2000, "nesting"),
        ("a0: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{chr(97 + n)}1: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(6)), "aliases written out"),
    ],
)  # fmt: skip
def test_yaml_that_is_more_than_values_is_refused(text: str, words: str, tmp_path: Path) -> None:
    exchanges, (found,) = of(text, tmp_path)
    assert (exchanges, found.code.id, found.code.fatal) == ((), "RECORDING_UNREADABLE", True)
    assert words in found.message


@pytest.mark.parametrize("text", ["openapi: 3.1.0", "- request: {}", "", "interactions: {}", "a"])
def test_yaml_that_is_no_cassette(text: str, tmp_path: Path) -> None:
    exchanges, (found,) = of(text, tmp_path)
    assert (exchanges, found.code.id) == ((), "RECORDING_NOT_CASSETTE")


def test_a_cassette_in_json_cut_off_anywhere_is_said_to_end_early(tmp_path: Path) -> None:
    whole = (FIXTURES / "betamax.json").read_text("utf-8").rstrip()
    for kept in range(1, len(whole), 7):
        exchanges, (found,) = of(whole[:kept], tmp_path)
        assert (exchanges, found.code.id) == ((), "RECORDING_UNREADABLE")
        assert "ends early" in found.hint


def test_a_secret_in_a_broken_interaction_is_not_shown(tmp_path: Path) -> None:
    secret = base64.b64encode(b"hunter2").decode()
    _, (found,) = of(cassette(headers=json.dumps({"Authorization": {"v": secret}})), tmp_path)
    assert secret not in found.message + found.hint
