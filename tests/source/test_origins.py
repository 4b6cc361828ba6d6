"""Origins: references and redirects never leave the folder or server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from wirelock.diagnostics import Diagnostic
from wirelock.source import Document
from wirelock.source.documents import MAX_BYTES
from wirelock.source.origins import FolderOrigin, ServerOrigin, find_origin
from wirelock.source.web import fetch


@pytest.mark.parametrize(
    "reference",
    ["../up.json", "a/../../up.json", "/etc/passwd", "file:///etc/passwd", "//h/x", "\\x", "http://[", "C:/x"],
)
def test_references_do_not_leave_the_folder(tmp_path: Path, reference: str) -> None:
    assert FolderOrigin(tmp_path, "", "api.json").locate("api.json", reference) is None
    assert FolderOrigin(tmp_path, "../api/", "../api/api.json").locate("../api/api.json", reference) is None


def test_a_reference_may_go_up_inside_the_folder(tmp_path: Path) -> None:
    assert FolderOrigin(tmp_path, "", "api.json").locate("paths/pet.json", "../schemas/pet.json") == "schemas/pet.json"
    outside = FolderOrigin(tmp_path, "../api/", "../api/api.json")
    assert outside.locate("../api/paths/pet.json", "../pet.json") == "../api/pet.json"


def test_a_symbolic_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "api").mkdir()
    (tmp_path / "api/link.json").symlink_to(tmp_path / "secret.json")
    diagnostic = FolderOrigin(tmp_path / "api", "", "api.json").read("link.json")
    assert isinstance(diagnostic, Diagnostic) and diagnostic.code.id == "SOURCE_OUTSIDE"


def test_a_file_of_the_project_may_refer_to_the_whole_project(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/api.yaml").write_text("a: 1")
    origin = find_origin(str(tmp_path / "docs/api.yaml"), tmp_path)
    assert origin.entry == "docs/api.yaml"
    assert origin.locate(origin.entry, "../schemas/pet.json") == "schemas/pet.json"
    other = find_origin(str(tmp_path / "docs/api.yaml"), tmp_path / "elsewhere")
    assert other.locate(other.entry, "../schemas/pet.json") is None
    assert isinstance(other.read(other.entry), Document)


class DocumentHandler(BaseHTTPRequestHandler):
    """A server with a document, redirects, an error and an endless document."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        redirects = {"/near": "/api.json", "/far": "http://other.invalid/api.json", "/file": "file:///etc/passwd"}
        if path in redirects:
            self.send_response(302)
            self.send_header("Location", redirects[path])
            self.end_headers()
        elif path == "/endless":
            self.send_response(200)
            self.end_headers()
            for _ in range(MAX_BYTES // 2**20 + 2):
                self.wfile.write(b" " * 2**20)
        elif path == "/api.json":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"openapi": "3.1.0"}')
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a local server."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), DocumentHandler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()


def test_redirects_on_the_same_host_are_followed(server: str) -> None:
    for name in ("/api.json", "/near"):
        document = find_origin(f"{server}{name}", Path()).read(f"{server}{name}")
        assert isinstance(document, Document) and document.value == {"openapi": "3.1.0"}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/far", "unsupported redirect to http://other.invalid"),
        ("/file", "Redirection to url 'file:"),
        ("/gone", "responds 404"),
    ],
)
def test_an_error_of_the_server_is_a_diagnostic(server: str, path: str, message: str) -> None:
    diagnostic = fetch(server + path)
    assert isinstance(diagnostic, Diagnostic) and diagnostic.code.id == "SOURCE_UNREACHABLE"
    assert message in diagnostic.message


def test_an_endless_document_is_rejected(server: str) -> None:
    diagnostic = fetch(f"{server}/endless")
    assert isinstance(diagnostic, Diagnostic) and diagnostic.code.id == "SOURCE_TOO_LARGE"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/x", "http://127.0.0.1:1/x", "http://[/"])
def test_an_unreadable_url_is_a_diagnostic(url: str) -> None:
    diagnostic = fetch(url)
    assert isinstance(diagnostic, Diagnostic) and diagnostic.code.id == "SOURCE_UNREACHABLE"


def test_references_do_not_leave_the_server() -> None:
    origin = ServerOrigin("https://api.example/v1/openapi.json")
    assert origin.locate(origin.entry, "pet.json") == "https://api.example/v1/pet.json"
    for reference in ("https://other.example/x.json", "http://api.example/x.json", "//other.example/x", "file:///x"):
        assert origin.locate(origin.entry, reference) is None
