"""A second import: it updates files in place, keeps names, never changes edited files, and applies overlays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wirelock.api.import_ import import_document
from wirelock.api.project import Project
from wirelock.config import Config, read_config
from wirelock.diagnostics import Report

CONFIG = '[tool.wirelock]\npackage = "small"\n'


def refer_to(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def build_operation(tag: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Build a GET operation with one JSON response."""
    content = {"application/json": {"schema": schema}}
    return {"operationId": name, "tags": [tag], "responses": {"200": {"description": "", "content": content}}}


def build_description() -> dict[str, Any]:
    """Build a description with two operations and three schemas."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Small", "version": "1"},
        "paths": {
            "/pet": {"get": build_operation("pet", "getPet", refer_to("pet"))},
            "/shop": {"get": build_operation("shop", "getShop", refer_to("Shop"))},
        },
        "components": {
            "schemas": {
                "pet": {"type": "object", "properties": {"name": {"type": "string"}}},
                "Shop": {"type": "object", "properties": {"open": refer_to("Hours")}},
                "Hours": {"type": "string"},
            }
        },
    }


@pytest.fixture
def project(tmp_path: Path) -> Config:
    (tmp_path / "pyproject.toml").write_text(CONFIG)
    config = read_config(tmp_path)
    assert isinstance(config, Config)
    return config


def run_import(project: Config, document: dict[str, Any]) -> Report:
    (project.root / "api.json").write_text(json.dumps(document, indent=1))
    return import_document(Project(project), str(project.root / "api.json"))


def read_files(project: Config) -> dict[str, bytes]:
    top = project.root / "schemas"
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*")) if p.is_file()}


def get_messages(report: Report) -> dict[str, str]:
    """Return the messages of a report by code."""
    return {diagnostic.code.id: diagnostic.message for diagnostic in report.diagnostics}


def test_the_first_import_writes_files_and_a_manifest(project: Config) -> None:
    report = run_import(project, build_description())
    assert report.exit_code == 0 and report.diagnostics == ()
    assert list(read_files(project)) == [
        "import.json",
        "pet/pet.schema.json",
        "pet/pet.service.json",
        "shared/empty.schema.json",
        "shop/Hours.schema.json",
        "shop/Shop.schema.json",
        "shop/shop.service.json",
    ]
    manifest = json.loads(read_files(project)["import.json"])
    assert manifest["document"] == {"title": "Small", "version": "1", "openapi": "3.1.0"}
    assert manifest["files"]["schemas/pet/pet.schema.json"]["source"] == "#/components/schemas/pet"
    described: dict[str, int | str] = {"files": 6, "operations": 2, "schemas": 3, "packages": 2}
    assert report.summary["import"] == {**described, "unchanged": 0, "added": 6, "changed": 0, "deleted": 0}


def test_the_same_document_again_changes_nothing(project: Config) -> None:
    run_import(project, build_description())
    before = read_files(project)
    report = run_import(project, build_description())
    assert report.diagnostics == () and read_files(project) == before
    assert report.summary["import"]["unchanged"] == 6


def test_a_newer_document_updates_in_place_and_reports_moves(project: Config) -> None:
    run_import(project, build_description())
    newer = build_description()
    newer["components"]["schemas"]["pet"]["properties"]["age"] = {"type": "integer"}
    newer["components"]["schemas"]["pet"]["properties"]["fed"] = refer_to("Hours")
    newer["components"]["schemas"]["Food"] = {"type": "object", "properties": {"kind": {"type": "string"}}}
    newer["paths"]["/food"] = {"get": build_operation("pet", "getFood", refer_to("Food"))}
    newer["paths"]["/pet"]["get"]["description"] = "Get the pet."
    report = run_import(project, newer)
    assert get_messages(report) == {
        "IMPORT_ADDED": "new: 1 schema (pet/Food); 1 method (pet.GetFood)",
        "IMPORT_CHANGED": "changed: 2 schemas (pet/pet, shop/Shop); 1 method (pet.GetPet)",
        "IMPORT_MOVED": "moved: 1 schema (shop/Hours to shared/Hours)",
    }
    assert "shop/Hours.schema.json" not in read_files(project)
    back = run_import(project, build_description())
    assert get_messages(back)["IMPORT_REMOVED"] == "removed: 1 schema (pet/Food); 1 method (pet.GetFood)"
    assert "pet/Food.schema.json" not in read_files(project)


def test_a_new_schema_renames_no_other(project: Config) -> None:
    run_import(project, build_description())
    newer = build_description()
    newer["components"]["schemas"] = {"PET": {"type": "string"}, "Pet": {"type": "string"}} | newer["components"][
        "schemas"
    ]
    newer["paths"]["/pet"]["get"]["responses"]["400"] = build_operation("", "", refer_to("Pet"))["responses"]["200"]
    newer["paths"]["/pet"]["get"]["responses"]["404"] = build_operation("", "", refer_to("PET"))["responses"]["200"]
    run_import(project, newer)
    names = {name for name in read_files(project) if name.startswith("pet/")}
    assert names == {"pet/pet.schema.json", "pet/PET_2.schema.json", "pet/Pet_3.schema.json", "pet/pet.service.json"}
    assert json.loads(read_files(project)["pet/Pet_3.schema.json"])["title"] == "Pet"


@pytest.mark.parametrize(
    "document", [build_description(), {**build_description(), "paths": {}, "components": {}}], ids=["changed", "gone"]
)
def test_a_file_that_was_edited_is_a_conflict_and_nothing_is_written(project: Config, document: dict[str, Any]) -> None:
    run_import(project, build_description())
    edited = project.root / "schemas/shop/Hours.schema.json"
    edited.write_text('{ "type": "integer" }')
    before = read_files(project)
    document["info"]["version"] = "2"
    report = run_import(project, document)
    [finding] = report.diagnostics
    assert (finding.code.id, finding.location.file) == ("IMPORT_CONFLICT", "schemas/shop/Hours.schema.json")
    assert report.exit_code == 2 and read_files(project) == before


def test_a_file_that_no_import_wrote_is_a_conflict(project: Config) -> None:
    own = project.root / "schemas/pet/pet.schema.json"
    own.parent.mkdir(parents=True)
    own.write_text('{ "type": "string" }')
    assert get_messages(run_import(project, build_description())) == {
        "IMPORT_CONFLICT": "the file exists, and no import wrote it"
    }
    assert list(read_files(project)) == ["pet/pet.schema.json"]


def test_files_outside_of_the_manifest_are_left_alone(project: Config) -> None:
    own = project.root / "schemas/mine/thing.schema.json"
    own.parent.mkdir(parents=True)
    own.write_text('{ "type": "string" }')
    run_import(project, build_description())
    run_import(project, {**build_description(), "paths": {}, "components": {}})
    assert list(read_files(project)) == ["import.json", "mine/thing.schema.json"]


@pytest.mark.parametrize(
    "text", ["[", "{}", '{"format": 2}', "<<<<<<< ours", '{"format": 1, "document": {}, "files": 3}']
)
def test_an_unreadable_manifest_is_not_treated_as_empty(project: Config, text: str) -> None:
    run_import(project, build_description())
    (project.root / "schemas/import.json").write_text(text)
    report = run_import(project, build_description())
    assert list(get_messages(report)) == ["MANIFEST_UNREADABLE"] and report.exit_code == 2


def test_a_manifest_cannot_make_an_import_delete_outside_the_project(project: Config) -> None:
    run_import(project, build_description())
    manifest = json.loads(read_files(project)["import.json"])
    manifest["files"]["../outside.txt"] = {"sha256": "0" * 64, "source": "#"}
    (project.root / "schemas/import.json").write_text(json.dumps(manifest))
    (project.root.parent / "outside.txt").write_text("kept")
    assert list(get_messages(run_import(project, build_description()))) == ["OUTPUT_OUTSIDE"]
    assert (project.root.parent / "outside.txt").read_text() == "kept"


# overlays


def import_with_overlay(project: Config, *actions: dict[str, Any]) -> Report:
    """Import the description with one overlay."""
    (project.root / "pyproject.toml").write_text(CONFIG + '[tool.wirelock.import]\noverlays = ["overlays/*.yaml"]\n')
    (project.root / "overlays").mkdir(exist_ok=True)
    overlay = {"overlay": "1.0.0", "info": {"title": "ours", "version": "1"}, "actions": list(actions)}
    (project.root / "overlays/ours.yaml").write_text(json.dumps(overlay))
    config = read_config(project.root)
    assert isinstance(config, Config)
    return run_import(config, build_description())


def test_an_overlay_changes_what_is_imported(project: Config) -> None:
    report = import_with_overlay(
        project,
        {
            "target": "$.components.schemas.pet",
            "update": {"required": ["name"], "properties": {"name": {"minLength": 1}}},
        },
        {"target": "$.paths['/pet'].get.tags", "update": "second"},
        {"target": "$.paths['/shop']", "remove": True},
    )
    assert report.exit_code == 0
    pet = json.loads(read_files(project)["pet/pet.schema.json"])
    assert pet["required"] == ["name"]
    assert pet["properties"]["name"] == {"type": "string", "minLength": 1}
    assert "shop/shop.service.json" not in read_files(project)


def test_an_action_removes_every_match(project: Config) -> None:
    report = import_with_overlay(
        project, {"target": "$..tags[*]", "remove": True}, {"target": "$..operationId", "remove": True}
    )
    assert report.exit_code == 0
    assert list(json.loads(read_files(project)["pet/pet.service.json"])["methods"]) == ["GetPet"]


def test_an_action_without_a_match_is_a_warning(project: Config) -> None:
    report = import_with_overlay(project, {"target": "$.components.schemas.Gone", "remove": True})
    assert get_messages(report) == {"OVERLAY_UNUSED": "$.components.schemas.Gone matches nothing"}
    assert report.exit_code == 0


@pytest.mark.parametrize("action", [{}, {"target": 1}, {"target": "components"}, {"target": "$["}])
def test_a_bad_action_is_one_finding_and_nothing_is_written(project: Config, action: dict[str, Any]) -> None:
    report = import_with_overlay(project, action)
    assert list(get_messages(report)) == ["OVERLAY_INVALID"] and report.exit_code == 2
    assert not (project.root / "schemas").exists()


def test_a_pattern_that_names_no_overlay_is_an_error(project: Config) -> None:
    (project.root / "pyproject.toml").write_text(CONFIG + '[tool.wirelock.import]\noverlays = ["gone.yaml"]\n')
    config = read_config(project.root)
    assert isinstance(config, Config)
    assert list(get_messages(run_import(config, build_description()))) == ["SOURCE_MISSING"]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("import = 1", "CONFIG_VALUE_INVALID"),
        ("[tool.wirelock.import]\noverlays = 'one.yaml'", "CONFIG_VALUE_INVALID"),
        ("[tool.wirelock.import]\noverlays = [1]", "CONFIG_VALUE_INVALID"),
        ("[tool.wirelock.import]\noverlays = ['../one.yaml']", "CONFIG_VALUE_INVALID"),
        ("[tool.wirelock.import]\noverlay = []", "CONFIG_KEY_UNKNOWN"),
    ],
)
def test_the_configuration_is_checked(tmp_path: Path, lines: str, code: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{CONFIG}{lines}\n")
    found = read_config(tmp_path)
    assert isinstance(found, tuple)
    assert [fault.code.id for fault in found] == [code]
