"""The dialect of schemas: by name, by URI and by configuration, in every artifact."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checkout import load_config

import wirelock
from wirelock.api.emit import emit_all
from wirelock.api.project import Project
from wirelock.build import build
from wirelock.config import Config, read_config
from wirelock.ir import TypeId
from wirelock.loader import load_artifacts
from wirelock.progress import noop_progress
from wirelock.source.dialects import DIALECT_URIS

BESIDE: dict[str, Any] = {"$ref": "#/definitions/a", "maxLength": 1, "definitions": {"a": {"type": "string"}}}
NULLABLE: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}}
BOUND: dict[str, Any] = {"type": "integer", "minimum": 1, "exclusiveMinimum": True}
NOTE = TypeId("note/note.schema.json")


def write_project(folder: Path, settings: str, **schemas: object) -> Path:
    """Write a project of schemas in `schemas/note`."""
    (folder / "wirelock.toml").write_text(f'package = "notes"\n{settings}', "utf-8")
    (folder / "schemas/note").mkdir(parents=True)
    for name, schema in schemas.items():
        (folder / f"schemas/note/{name}.schema.json").write_text(json.dumps(schema, indent=1), "utf-8")
    return folder


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "counts"),
    [("draft-07", False), ("2019-09", True), ("2020-12", True), ("openapi-3.0", False), ("openapi-3.1", True)],
)
def test_whether_the_siblings_of_a_reference_count(name: str, counts: bool) -> None:
    for dialect in (name, DIALECT_URIS[name]):
        assert wirelock.compile(BESIDE, dialect=dialect).is_valid(b'"ab"') is not counts
    assert wirelock.compile({"$schema": DIALECT_URIS[name], **BESIDE}).is_valid(b'"ab"') is not counts


def test_null_and_bounds_of_openapi_3_0_in_every_artefact() -> None:
    note = wirelock.compile(NULLABLE, dialect="openapi-3.0")
    assert note.is_valid(b'{"a":null}')
    assert note.decode(note.encode(b'{"a":null}')) == b'{"a":null}'
    assert note.model.model_validate_json('{"a":null}').a is None
    assert not wirelock.compile(BOUND, dialect="openapi-3.0").is_valid(b"1")
    assert wirelock.compile(BOUND, dialect="openapi-3.0").is_valid(b"2")


def test_a_finding_points_to_what_the_author_wrote() -> None:
    [found] = wirelock.compile(BOUND, dialect="openapi-3.0").findings(b"1")
    assert found.schema_location == "document.schema.json#/exclusiveMinimum"


def test_schemas_of_a_registry_have_the_dialect_too() -> None:
    whole: dict[str, Any] = {"properties": {"note": {"$ref": "https://example.com/note"}}}
    note = wirelock.compile(whole, registry={"https://example.com/note": NULLABLE}, dialect="openapi-3.0")
    assert note.is_valid(b'{"note":{"a":null}}')


@pytest.mark.parametrize(
    ("dialect", "hint"), [("draft7", "did you mean draft-07?"), ("swagger", "use one of draft-07")]
)
def test_a_name_that_no_dialect_has_is_refused(dialect: str, hint: str) -> None:
    with pytest.raises(wirelock.SchemaError) as refused:
        wirelock.compile({}, dialect=dialect)
    [found] = refused.value.diagnostics
    assert (found.code.id, found.message) == ("CONFIG_VALUE_INVALID", f'invalid value for dialect: string "{dialect}"')
    assert found.hint.startswith(hint)


def test_a_uri_that_no_dialect_has_is_refused() -> None:
    with pytest.raises(wirelock.SchemaError, match="unknown dialect"):
        wirelock.compile({}, dialect="https://example.com/dialect")


INSIDE = {"$id": "https://example.com/a", "$schema": "https://example.com/dialect"}


@pytest.mark.parametrize(
    ("definitions", "code", "pointer"),
    [
        ({"a": INSIDE}, "DIALECT_UNKNOWN", "/$defs/a/$schema"),
        ({"a": {**INSIDE, "$schema": DIALECT_URIS["openapi-3.0"]}}, "DIALECT_UNKNOWN", "/$defs/a/$schema"),
        ({"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}, "SCHEMA_INVALID", "/$anchor"),
    ],
)
def test_a_part_of_a_file_that_nobody_can_read_is_a_finding(
    definitions: dict[str, Any], code: str, pointer: str
) -> None:
    with pytest.raises(wirelock.SchemaError) as refused:
        wirelock.compile({"$defs": definitions})
    [found] = refused.value.diagnostics
    assert (found.code.id, found.location.pointer.endswith(pointer)) == (code, True)


def test_a_part_of_openapi_3_0_has_no_dialect_of_its_own() -> None:
    inner = {"$schema": DIALECT_URIS["2020-12"], "$id": "https://example.com/a", "type": "string", "nullable": True}
    schema: dict[str, Any] = {"type": "object", "properties": {"a": inner}}
    assert wirelock.compile(schema, dialect="openapi-3.0").is_valid(b'{"a":null}')


def test_validators_get_the_dialect_that_is_configured(tmp_path: Path) -> None:
    built = build(load_config(write_project(tmp_path, 'dialect = "draft-07"\n', note=BESIDE)))
    loaded = load_artifacts(built, emit_all(built, noop_progress).artifacts)
    assert loaded.get_contract(NOTE).validator.is_valid(b'"ab"')
    assert wirelock.prove(Project(built.config), examples=60).exit_code == 0


def test_a_type_of_one_dialect_refers_to_one_of_another(tmp_path: Path) -> None:
    """`note` is 2020-12, and `old` has a dialect where `$ref` overrides its siblings, for every reference."""
    settings = '[dialects]\n"schemas/note/old.*" = "draft-07"\n'
    note = {"type": "object", "properties": {"old": {"$ref": "old.schema.json"}}}
    config = load_config(write_project(tmp_path, settings, note=note, old=BESIDE))
    built = build(config)
    assert (
        load_artifacts(built, emit_all(built, noop_progress).artifacts)
        .get_contract(NOTE)
        .validator.is_valid(b'{"old":"ab"}')
    )
    assert wirelock.prove(Project(config), examples=100).exit_code == 0


def test_the_last_pattern_that_fits_decides(tmp_path: Path) -> None:
    settings = (
        'dialect = "2019-09"\n[dialects]\n"schemas/**" = "draft-07"\n"schemas/**/n?te.schema.json" = "openapi-3.0"\n'
    )
    config = load_config(write_project(tmp_path, settings))
    assert config.get_dialect("schemas/note.schema.json") == "openapi-3.0"
    assert config.get_dialect("schemas/a/b/note.schema.json") == "openapi-3.0"
    assert config.get_dialect("schemas/a/nte.schema.json") == "draft-07"
    assert config.get_dialect("others/note.schema.json") == "2019-09"


@pytest.mark.parametrize(
    "settings", ["dialect = 7\n", "dialect = []\n", 'dialects = "draft-07"\n', '[dialects]\n"*" = {}\n']
)
def test_what_is_no_name_at_all_is_refused(settings: str, tmp_path: Path) -> None:
    found = read_config(write_project(tmp_path, settings))
    assert not isinstance(found, Config)
    assert [diagnostic.code.id for diagnostic in found] == ["CONFIG_VALUE_INVALID"]
