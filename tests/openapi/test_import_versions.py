"""Import and generation of all versions of a large real description.

`versions.txt` has the results; RECORD=1 writes it again. Unsupported parts are warnings, which the table counts; no
schema is left out.
"""

from __future__ import annotations

import ast
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from description_versions import FOLDER, GeneratedVersion, find_versions, get_path

from wirelock.api.import_ import import_document
from wirelock.api.project import Project
from wirelock.build import build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic

TABLE = Path(__file__).parent / "versions.txt"
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
COLUMNS = (
    "version", "components", "operations", "packages", "files", "types", "messages", "enums", "services",
    "methods", "models", "validators", "codecs", "warnings",
)  # fmt: skip
EXPECTED_CODES = {"UNION_NOT_DISCRIMINATED", "WEBSOCKET_UNSUPPORTED", "MEDIA_TYPE_UNSUPPORTED"}
"""The codes that these descriptions may have; any other code, such as one of protoc, is a regression."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("descriptions"),  # each is imported once
    pytest.mark.skipif(not FOLDER, reason="WIRELOCK_OPENAPI names no folder with descriptions"),
]
Generate = Callable[[str], GeneratedVersion]


def count_codes(diagnostics: Sequence[Diagnostic]) -> str:
    """Count the diagnostics by code."""
    codes = Counter(diagnostic.code.id for diagnostic in diagnostics)
    return ", ".join(f"{count} {code}" for code, count in sorted(codes.items())) or "none"


def count_statements(made: GeneratedVersion, emitter: str, kind: type[ast.stmt]) -> int:
    """Count statements of a kind in the modules of an emitter."""
    emitted = [a for a in made.output.artifacts if a.emitter == emitter and a.path.endswith(".py")]
    return sum(isinstance(statement, kind) for a in emitted for statement in ast.parse(a.content).body)


def format_row(version: str, made: GeneratedVersion) -> str:
    """Summarize one version in a line."""
    files, summary = made.build.proto.files, made.imported.summary["import"]
    cells = (
        version,
        len(made.description["components"]["schemas"]),
        summary["operations"],
        summary["packages"],
        summary["files"],
        len(made.build.graph.definitions),
        sum(len(file.messages) for file in files),
        sum(len(file.enums) for file in files),
        sum(len(file.services) for file in files),
        sum(len(service.rpcs) for file in files for service in file.services),
        count_statements(made, "models", ast.ClassDef),
        count_statements(made, "validators", ast.AnnAssign),
        count_statements(made, "codecs", ast.AnnAssign),
        count_codes((*made.imported.diagnostics, *made.output.diagnostics)),
    )
    return " | ".join(map(str, cells))


def test_the_results_of_every_version_are_as_recorded(generated: Generate) -> None:
    rows = [" | ".join(COLUMNS), *(format_row(version, generated(version)) for version in find_versions())]
    text = "\n".join(rows) + "\n"
    if os.environ.get("RECORD"):
        TABLE.write_text(text, "utf-8")
    assert text == TABLE.read_text("utf-8")


@pytest.mark.parametrize("version", find_versions())
def test_services_cover_every_operation(version: str, generated: Generate) -> None:
    made = generated(version)
    operations = {(v.upper(), p) for p, item in made.description["paths"].items() for v in item if v in VERBS}
    methods = [method for service in made.build.graph.services for method in service.methods]
    described = {(method.verb, method.path.replace("{path=**}", "*")) for method in methods}
    assert described == operations
    assert len(methods) == len(operations)
    rpcs = [rpc.method for file in made.build.proto.files for service in file.services for rpc in service.rpcs]
    assert sorted((m.verb, m.path) for m in rpcs) == sorted((m.verb, m.path) for m in methods)


@pytest.mark.parametrize("version", find_versions())
def test_every_component_reaches_every_target(version: str, generated: Generate) -> None:
    """Every component is a type; every type has a validator and a model, and a codec where it has a message."""
    made = generated(version)
    manifest = json.loads((made.root / "schemas/import.json").read_text("utf-8"))
    sources = {source["source"].rpartition("/")[2] for source in manifest["files"].values()}
    assert set(made.description["components"]["schemas"]) <= sources
    files = {f"schemas/{key.file}" for key in made.build.graph.definitions}
    assert {file for file in manifest["files"] if file.endswith(".schema.json")} <= files
    for key in made.build.graph.definitions:
        contract = made.loaded.get_contract(key)  # raises where the validator cannot use the schema
        assert isinstance(contract.model, type), key
        assert contract.has_codec is (key in made.build.proto.roots), key
    for service in made.build.graph.services:
        for method in service.methods:
            assert {method.request, method.response} <= made.build.proto.roots.keys()


@pytest.mark.parametrize("version", find_versions())
def test_only_expected_codes_are_reported(version: str, generated: Generate) -> None:
    made = generated(version)
    diagnostics = (*made.imported.diagnostics, *made.output.diagnostics)
    assert {diagnostic.code.id for diagnostic in diagnostics} <= EXPECTED_CODES
    assert all(diagnostic.location.file and diagnostic.hint for diagnostic in diagnostics)


@pytest.mark.parametrize("version", find_versions())
def test_no_two_paths_differ_only_in_case(version: str, generated: Generate) -> None:
    made = generated(version)
    written = [path.relative_to(made.root).as_posix() for path in made.root.rglob("*") if path.is_file()]
    paths = [*written, *(artifact.path for artifact in made.output.artifacts)]
    assert len({path.casefold() for path in paths}) == len(paths)
    folders = {str(folder) for path in paths for folder in Path(path).parents}
    assert len({folder.casefold() for folder in folders}) == len(folders)
    assert not {folder.casefold() for folder in folders} & {path.casefold() for path in paths}


def test_each_version_imports_over_the_one_before(tmp_path: Path) -> None:
    config = Config(tmp_path, "wirelock.toml", "opencode_api", "opencode")
    for version in find_versions():
        assert import_document(Project(config), str(get_path(version))).exit_code == 0
        assert build(config).is_sound
