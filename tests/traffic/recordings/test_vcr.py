"""Cassettes of vcrpy, betamax and Ruby's VCR."""

from __future__ import annotations

import base64
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from wirelock.diagnostics import Diagnostic
from wirelock.traffic.http.exchange import Exchange, RecordedBody
from wirelock.traffic.recordings.formats import read_recording

vcr: Any = import_module("vcr")  # has no types
FIXTURES = Path(__file__).parent / "fixtures"
SESSION = '{"id": "ses_1", "title": "Größe", "directory": "/work"'.encode()
JSON = "application/json"


def read_fixture(name: str) -> tuple[Exchange, ...]:
    """Read a valid fixture."""
    exchanges, diagnostics = read_recording(FIXTURES / name, name)
    assert diagnostics == ()
    return exchanges


def read_text(text: str, folder: Path, name: str = "a.yaml") -> tuple[tuple[Exchange, ...], tuple[Diagnostic, ...]]:
    """Read a cassette with this text."""
    (folder / name).write_text(text, "utf-8")
    return read_recording(folder / name, name)


def test_vcrpy_yaml_bodies_are_decoded_or_encoded() -> None:
    exchanges = read_fixture("vcrpy.yaml")
    assert [(exchange.method, exchange.status) for exchange in exchanges] == [("GET", 200)] * 5 + [
        ("POST", 200),
        ("DELETE", 204),
    ]
    bodies = [exchange.response for exchange in exchanges[:5]]
    assert all(body is not None and body.text.startswith(b"[" + SESSION) for body in bodies)
    assert (FIXTURES / "vcrpy.yaml").read_text("utf-8").count("!!binary") == 3
    assert exchanges[5].request == RecordedBody(rb'{"title": "Gr\u00f6\u00dfe"}', JSON)
    assert (exchanges[6].request, exchanges[6].response, exchanges[6].unrecorded) == (None, None, ())


def test_vcrpy_json_is_detected_by_its_first_bytes() -> None:
    exchanges = read_fixture("vcrpy.json")
    assert [exchange.method for exchange in exchanges] == ["GET", "POST", "DELETE"]
    assert exchanges[0].response and exchanges[0].response.text.startswith(b"[" + SESSION)


@pytest.mark.parametrize("name", ["betamax.json", "ruby-vcr.yml"])
def test_http_interactions_are_read(name: str) -> None:
    first, second = read_fixture(name)
    assert first.response == RecordedBody(b"[" + SESSION + b"}]", JSON)
    assert (first.method, first.request, first.recording, first.index) == ("GET", None, name, 0)
    assert second.method == {"betamax.json": "POST", "ruby-vcr.yml": "DELETE"}[name]
    if second.method == "POST":
        assert second.request == RecordedBody('{"title":"Größe"}'.encode(), JSON)


@pytest.mark.parametrize("name", ["vcrpy.yaml", "vcrpy.json", "betamax.json"])
def test_secrets_in_a_url_are_redacted(name: str) -> None:
    assert "?token=[redacted]" in read_fixture(name)[0].url


class _ReplayHandler(BaseHTTPRequestHandler):
    """Responds with JSON, or with bytes on /bytes."""

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
    """The URL of an HTTP server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _ReplayHandler) as http_server:
        threading.Thread(target=http_server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http_server.server_port}"
        http_server.shutdown()


@pytest.mark.parametrize(("serializer", "name"), [("yaml", "a.yaml"), ("json", "a.json")])
def test_recordings_of_the_installed_vcrpy_are_read(serializer: str, name: str, server: str, tmp_path: Path) -> None:
    paths = ["/plain", "/bytes"] if serializer == "yaml" else ["/plain"]
    with vcr.VCR(serializer=serializer, record_mode="all").use_cassette(str(tmp_path / name)):
        for path in paths:
            urllib.request.urlopen(server + path).read()
    exchanges, diagnostics = read_recording(tmp_path / name, name)
    assert diagnostics == ()
    assert [exchange.response for exchange in exchanges] == [
        RecordedBody(b'{"a": "yes"}', JSON),
        RecordedBody(b"\xff\x00", JSON),
    ][: len(paths)]


def build_cassette(request: str = "{}", body: str = "''", headers: str = "{}", status: str = "{code: 200}") -> str:
    """Build a cassette of one interaction; `request` is the request body."""
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
def test_every_form_of_a_body_is_read(body: str, text: bytes | None, tmp_path: Path) -> None:
    (exchange,), diagnostics = read_text(build_cassette(body, body), tmp_path)
    assert diagnostics == ()
    for part in (exchange.request, exchange.response):
        assert (part.text if part else None) == text


def test_headers_are_strings_or_lists_of_strings(tmp_path: Path) -> None:
    text = build_cassette(headers="{Content-Type: [application/json], X: [a, b], Y: c}", body="{string: '{}'}")
    (exchange,), _ = read_text(text, tmp_path)
    assert exchange.response == RecordedBody(b"{}", JSON)


@pytest.mark.parametrize(
    ("text", "pointer", "message"),
    [
        (build_cassette(body="[a]"), "/response/body", "must be a string or an object, not array"),
        (build_cassette(body="{string: 1}"), "/response/body/string", "must be a string, not integer"),
        (build_cassette(body="{base64_string: '?'}"), "/response/body/base64_string", "is not base64"),
        (build_cassette(headers="{A: {}}"), "/response/headers", "the header `A` must be a string, not object"),
        (build_cassette(status="{message: OK}"), "/response/status", "`code` is missing"),
        ("interactions: [{request: {}}]", "", "`response` is missing"),
        ("interactions: [1]", "", "integer instead of an object"),
    ],
)
def test_an_invalid_interaction_is_reported_with_its_location(
    text: str, pointer: str, message: str, tmp_path: Path
) -> None:
    exchanges, (diagnostic,) = read_text(text, tmp_path)
    assert (exchanges, diagnostic.code.id, diagnostic.location.pointer) == (
        (),
        "RECORDING_ENTRY_INVALID",
        f"/interactions/0{pointer}",
    )
    assert message in diagnostic.message
    assert diagnostic.location.line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("interactions: !!python/object/apply:os.system [id]", "the tag tag:yaml.org,2002:python/object/apply:os.system"),
        ("interactions: !!python/object/new:_io.BytesIO {state: 1}", "the tag"),
        ("a: !!python/name:os.system ''", "the tag"),
        ("interactions: [{request: {method: &a [*a]}}]", "the alias *a"),
        ("a: {b", ""),
        ("a: 1\na: 2", "the duplicate key"),
        ("a: " + "[" * 2000, "nesting"),
        ("a0: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{chr(97 + n)}1: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(6)), "aliases expanded"),
    ],
)  # fmt: skip
def test_unsafe_yaml_is_rejected(text: str, message: str, tmp_path: Path) -> None:
    exchanges, (diagnostic,) = read_text(text, tmp_path)
    assert (exchanges, diagnostic.code.id, diagnostic.code.fatal) == ((), "RECORDING_UNREADABLE", True)
    assert message in diagnostic.message


@pytest.mark.parametrize("text", ["openapi: 3.1.0", "- request: {}", "", "interactions: {}", "a"])
def test_yaml_without_interactions_is_not_a_cassette(text: str, tmp_path: Path) -> None:
    exchanges, (diagnostic,) = read_text(text, tmp_path)
    assert (exchanges, diagnostic.code.id) == ((), "RECORDING_NOT_CASSETTE")


def test_a_truncated_json_cassette_is_reported(tmp_path: Path) -> None:
    whole = (FIXTURES / "betamax.json").read_text("utf-8").rstrip()
    for length in range(1, len(whole), 7):
        exchanges, (diagnostic,) = read_text(whole[:length], tmp_path)
        assert (exchanges, diagnostic.code.id) == ((), "RECORDING_UNREADABLE")
        assert "truncated" in diagnostic.hint


def test_a_secret_in_an_invalid_interaction_is_not_shown(tmp_path: Path) -> None:
    secret = base64.b64encode(b"hunter2").decode()
    _, (diagnostic,) = read_text(build_cassette(headers=json.dumps({"Authorization": {"v": secret}})), tmp_path)
    assert secret not in diagnostic.message + diagnostic.hint
