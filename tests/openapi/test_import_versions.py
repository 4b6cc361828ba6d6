"""Every version of a large real description imports, and all of it reaches every target.

`versions.txt` says what comes of each; RECORD=1 writes it anew. What cannot be carried is a warning with a name, which
the table counts, and never a schema that is left out.
"""

from __future__ import annotations

import ast
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from versions import FOLDER, Generated, path_of, versions

from wirelock.api.import_ import import_document
from wirelock.build import build
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic

TABLE = Path(__file__).parent / "versions.txt"
VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
COLUMNS = (
    "version", "components", "operations", "packages", "files", "types", "messages", "enums", "services",
    "methods", "models", "validators", "codecs", "warnings",
)  # fmt: skip
NAMED = {"UNION_NOT_DISCRIMINATED", "WEBSOCKET_UNSUPPORTED", "MEDIA_TYPE_UNSUPPORTED"}
"""What may be said of these descriptions; anything else, such as a warning of protoc's, is new."""

pytestmark = [
    pytest.mark.xdist_group("descriptions"),  # each is imported once
    pytest.mark.skipif(not FOLDER, reason="WIRELOCK_OPENAPI names no folder with descriptions"),
]
Generate = Callable[[str], Generated]


def counted(diagnostics: Sequence[Diagnostic]) -> str:
    """How often each code was said."""
    codes = Counter(diagnostic.code.id for diagnostic in diagnostics)
    return ", ".join(f"{count} {code}" for code, count in sorted(codes.items())) or "none"


def stated(made: Generated, emitter: str, kind: type[ast.stmt]) -> int:
    """How many statements of a kind stand in the modules of an emitter: a class, or a name with its type."""
    emitted = [a for a in made.output.artifacts if a.emitter == emitter and a.path.endswith(".py")]
    return sum(isinstance(statement, kind) for a in emitted for statement in ast.parse(a.content).body)


def row(version: str, made: Generated) -> str:
    """What comes of one version, in one line."""
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
        stated(made, "models", ast.ClassDef),
        stated(made, "validators", ast.AnnAssign),
        stated(made, "codecs", ast.AnnAssign),
        counted((*made.imported.diagnostics, *made.output.diagnostics)),
    )
    return " | ".join(map(str, cells))


def test_what_comes_of_every_version(generated: Generate) -> None:
    rows = [" | ".join(COLUMNS), *(row(version, generated(version)) for version in versions())]
    text = "\n".join(rows) + "\n"
    if os.environ.get("RECORD"):
        TABLE.write_text(text, "utf-8")
    assert text == TABLE.read_text("utf-8")


@pytest.mark.parametrize("version", versions())
def test_services_cover_every_operation(version: str, generated: Generate) -> None:
    made = generated(version)
    operations = {(v.upper(), p) for p, item in made.description["paths"].items() for v in item if v in VERBS}
    methods = [method for service in made.build.graph.services for method in service.methods]
    described = {(method.verb, method.path.replace("{path=**}", "*")) for method in methods}
    assert described == operations
    assert len(methods) == len(operations)
    rpcs = [rpc.method for file in made.build.proto.files for service in file.services for rpc in service.rpcs]
    assert sorted((m.verb, m.path) for m in rpcs) == sorted((m.verb, m.path) for m in methods)


@pytest.mark.parametrize("version", versions())
def test_every_component_reaches_every_target(version: str, generated: Generate) -> None:
    """Every component is a type; every type has a validator and a model, and a codec where it has a message."""
    made = generated(version)
    manifest = json.loads((made.root / "schemas/import.json").read_text("utf-8"))
    sources = {source["source"].rpartition("/")[2] for source in manifest["files"].values()}
    assert set(made.description["components"]["schemas"]) <= sources
    files = {f"schemas/{key.file}" for key in made.build.graph.definitions}
    assert {file for file in manifest["files"] if file.endswith(".schema.json")} <= files
    for key in made.build.graph.definitions:
        contract = made.loaded.contract(key)  # raises where the validator cannot use the schema
        assert isinstance(contract.model, type), key
        assert contract.carried is (key in made.build.proto.roots), key
    for service in made.build.graph.services:
        for method in service.methods:
            assert {method.request, method.response} <= made.build.proto.roots.keys()


@pytest.mark.parametrize("version", versions())
def test_what_is_said_has_a_name(version: str, generated: Generate) -> None:
    made = generated(version)
    said = (*made.imported.diagnostics, *made.output.diagnostics)
    assert {diagnostic.code.id for diagnostic in said} <= NAMED
    assert all(diagnostic.where.file and diagnostic.hint for diagnostic in said)


@pytest.mark.parametrize("version", versions())
def test_no_two_files_are_one_where_case_does_not_count(version: str, generated: Generate) -> None:
    made = generated(version)
    written = [path.relative_to(made.root).as_posix() for path in made.root.rglob("*") if path.is_file()]
    paths = [*written, *(artifact.path for artifact in made.output.artifacts)]
    assert len({path.casefold() for path in paths}) == len(paths)
    folders = {str(folder) for path in paths for folder in Path(path).parents}
    assert len({folder.casefold() for folder in folders}) == len(folders)
    assert not {folder.casefold() for folder in folders} & {path.casefold() for path in paths}


def test_versions_import_on_top_of_each_other(tmp_path: Path) -> None:
    config = Config(tmp_path, "wirelock.toml", "opencode_api", "opencode")
    for version in versions():
        assert import_document(config, str(path_of(version))).exit_code == 0
        assert build(config).sound
