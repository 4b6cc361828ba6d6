"""`wirelock import`: an OpenAPI document becomes a project that generates and passes its own check."""

from __future__ import annotations

import shutil
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from wirelock.cli import main

DESCRIPTIONS = Path(__file__).parents[1] / "openapi"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with an OpenAPI document and nothing else."""
    (tmp_path / "wirelock.toml").write_text('package = "small"\n')
    shutil.copy(DESCRIPTIONS / "inline-bodies/document.yaml", tmp_path / "api.yaml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_imported_project_generates_and_is_clean(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "api.yaml"]) == 0
    assert "import          10 files: 4 operations, 1 packages, 10 added" in capsys.readouterr().out
    assert main(["generate"]) == 0
    assert main(["generate", "--check"]) == 0
    proto = (project / "proto/note.proto").read_text()
    assert 'styles: { key: "body_query" value: { name: "body" } }' in proto
    assert 'response_body: "value"' in proto


def test_a_description_may_stand_on_a_server_with_what_it_refers_to(project: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=DESCRIPTIONS))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        [entry] = (DESCRIPTIONS / "several-files").glob("document.*")
        assert main(["import", f"http://127.0.0.1:{server.server_port}/several-files/{entry.name}"]) == 0
    finally:
        server.shutdown()
        server.server_close()
    expected = DESCRIPTIONS / "several-files/output/schemas"
    names = {path.relative_to(expected).as_posix() for path in expected.rglob("*.json")}
    written = {path.relative_to(project / "schemas").as_posix() for path in (project / "schemas").rglob("*.json")}
    assert names <= written


def test_packages_may_follow_paths(project: Path) -> None:
    shutil.copy(DESCRIPTIONS / "packages-by-path/document.yaml", project / "api.yaml")
    assert main(["import", "api.yaml", "--packages", "path"]) == 0
    assert sorted(path.name for path in (project / "schemas").iterdir() if path.is_dir()) == [
        "admin", "root", "shared", "unused", "user",
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["gone.yaml", "http://127.0.0.1:1/api.json", "ftp://host/api.json", "wirelock.toml"])
def test_what_cannot_be_imported_is_said_in_one_finding(
    project: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", source]) == 2
    out = capsys.readouterr().out
    assert "could not run: 1 error" in out and "Traceback" not in out
    assert not (project / "schemas").exists()
