"""Fixtures for tests of `wirelock.testing`: the project of this repository, and a server that replays its recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from checkout import ROOT, read_exchanges
from served_recording import RECORDING, get_target

import wirelock
from wirelock.testing import Conformance
from wirelock.traffic.http.exchange import Exchange


@pytest.fixture
def conformance() -> Conformance:
    """Return the project of this repository without checked exchanges."""
    return Conformance(wirelock.load(ROOT))


@pytest.fixture(scope="session")
def project_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small project from `wirelock init` with a stream of its notes."""
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
    report = wirelock.generate(wirelock.load(folder))
    assert report.exit_code == 0, report.diagnostics
    return folder


@pytest.fixture(scope="session")
def notes(project_folder: Path) -> Conformance:
    """Return the small project; tests share it and name their exchanges."""
    return Conformance(wirelock.load(project_folder))


@pytest.fixture(scope="session")
def recorded() -> tuple[Exchange, ...]:
    """Return the exchanges that the stub replays."""
    return read_exchanges(RECORDING)


@pytest.fixture
def stub(recorded: tuple[Exchange, ...]) -> Iterator[str]:
    """Run a server that replays the responses of the recording in its order; yield its URL."""
    remaining = list(recorded)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def replay(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            exchange = remaining.pop(0)
            assert (self.command, self.path) == (exchange.method, get_target(exchange))
            body = exchange.response
            self.send_response(exchange.status)
            self.send_header("Content-Length", str(len(body.text) if body else 0))
            if body:
                self.send_header("Content-Type", body.media_type)
            self.end_headers()
            self.wfile.write(body.text if body else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    for method in ("GET", "POST", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.replay)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
