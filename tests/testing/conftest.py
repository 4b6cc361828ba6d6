"""What tests of `wirelock.testing` start from: this repository's project, and its recordings served again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from checkout import ROOT, exchanges
from served import RECORDING, target

import wirelock
from wirelock.testing import Conformance
from wirelock.traffic.http.exchange import Exchange


@pytest.fixture
def conformance() -> Conformance:
    """This repository's project, and nothing held against it so far."""
    return Conformance(wirelock.load(ROOT))


@pytest.fixture(scope="session")
def project_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, as `wirelock init` makes it, with a stream of its notes."""
    folder = tmp_path_factory.mktemp("project") / "notes"
    assert wirelock.init(folder).exit_code == 0
    service = folder / "schemas/note/note.service.json"
    value = json.loads(service.read_text("utf-8"))
    stream = {
        "request": "empty.schema.json",
        "response": "note.schema.json",
        "stream": "sse",
        "http": {"get": "/events"},
    }
    value["methods"]["WatchNotes"] = stream
    service.write_text(json.dumps(value), "utf-8")
    (folder / "schemas/note/empty.schema.json").write_text('{"title": "Empty", "type": "object"}', "utf-8")
    made = wirelock.generate(wirelock.load(folder).config)
    assert made.exit_code == 0, made.diagnostics
    return folder


@pytest.fixture(scope="session")
def notes(project_folder: Path) -> Conformance:
    """The small project; tests give names to what they hold against it."""
    return Conformance(wirelock.load(project_folder))


@pytest.fixture(scope="session")
def recorded() -> tuple[Exchange, ...]:
    """The exchanges that the stub serves."""
    return exchanges(RECORDING)


@pytest.fixture
def stub(recorded: tuple[Exchange, ...]) -> Iterator[str]:
    """The URL of a server that answers each request as the recording does, with the same bytes and in its order."""
    left = list(recorded)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            exchange = left.pop(0)
            assert (self.command, self.path) == (exchange.method, target(exchange))
            body = exchange.response
            self.send_response(exchange.status)
            self.send_header("Content-Length", str(len(body.text) if body else 0))
            if body:
                self.send_header("Content-Type", body.media_type)
            self.end_headers()
            self.wfile.write(body.text if body else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests say what is wrong."""

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
