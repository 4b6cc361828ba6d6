"""Documents from folders and servers: only from there, whatever a reference or a redirect says."""

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
def test_a_folder_is_not_left(tmp_path: Path, reference: str) -> None:
    assert FolderOrigin(tmp_path, "", "api.json").locate("api.json", reference) is None
    assert FolderOrigin(tmp_path, "../api/", "../api/api.json").locate("../api/api.json", reference) is None


def test_a_reference_may_go_up_inside_the_folder(tmp_path: Path) -> None:
    assert FolderOrigin(tmp_path, "", "api.json").locate("paths/pet.json", "../schemas/pet.json") == "schemas/pet.json"
    outside = FolderOrigin(tmp_path, "../api/", "../api/api.json")
    assert outside.locate("../api/paths/pet.json", "../pet.json") == "../api/pet.json"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "api").mkdir()
    (tmp_path / "api/link.json").symlink_to(tmp_path / "secret.json")
    found = FolderOrigin(tmp_path / "api", "", "api.json").read("link.json")
    assert isinstance(found, Diagnostic) and found.code.id == "SOURCE_OUTSIDE"


def test_a_file_of_the_project_may_refer_to_all_of_it(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/api.yaml").write_text("a: 1")
    origin = find_origin(str(tmp_path / "docs/api.yaml"), tmp_path)
    assert origin.entry == "docs/api.yaml"
    assert origin.locate(origin.entry, "../schemas/pet.json") == "schemas/pet.json"
    other = find_origin(str(tmp_path / "docs/api.yaml"), tmp_path / "elsewhere")
    assert other.locate(other.entry, "../schemas/pet.json") is None
    assert isinstance(other.read(other.entry), Document)


class Answers(BaseHTTPRequestHandler):
    """A server with a document, a redirect of each kind, an error, and a document without end."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        places = {"/near": "/api.json", "/far": "http://other.invalid/api.json", "/file": "file:///etc/passwd"}
        if path in places:
            self.send_response(302)
            self.send_header("Location", places[path])
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
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server on this machine."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()


def test_a_document_is_fetched_also_after_a_redirect_on_the_same_host(server: str) -> None:
    for name in ("/api.json", "/near"):
        document = find_origin(f"{server}{name}", Path()).read(f"{server}{name}")
        assert isinstance(document, Document) and document.value == {"openapi": "3.1.0"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/far", "unsupported redirect to http://other.invalid"),
        ("/file", "Redirection to url 'file:"),
        ("/gone", "responds 404"),
    ],
)
def test_what_is_no_document_is_a_finding(server: str, path: str, words: str) -> None:
    found = fetch(server + path)
    assert isinstance(found, Diagnostic) and found.code.id == "SOURCE_UNREACHABLE"
    assert words in found.message


def test_a_document_without_end_is_cut_off(server: str) -> None:
    found = fetch(f"{server}/endless")
    assert isinstance(found, Diagnostic) and found.code.id == "SOURCE_TOO_LARGE"


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://h/x", "http://127.0.0.1:1/x", "http://[/"])
def test_an_address_that_cannot_be_read_is_a_finding(address: str) -> None:
    found = fetch(address)
    assert isinstance(found, Diagnostic) and found.code.id == "SOURCE_UNREACHABLE"


def test_a_server_is_not_left() -> None:
    origin = ServerOrigin("https://api.example/v1/openapi.json")
    assert origin.locate(origin.entry, "pet.json") == "https://api.example/v1/pet.json"
    for reference in ("https://other.example/x.json", "http://api.example/x.json", "//other.example/x", "file:///x"):
        assert origin.locate(origin.entry, reference) is None
