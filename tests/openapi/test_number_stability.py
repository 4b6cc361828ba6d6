"""A newer document imported over an older one: numbers stay."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from checkout import load_config, load_project

import wirelock
from wirelock.build import build

pytestmark = pytest.mark.long

VERSIONS = ("1.0.61", "1.1.11", "1.17.11", "1.18.33")


def build_description(**properties: object) -> dict[str, Any]:
    """Build a description with one operation whose response has these properties."""
    order = {"type": "object", "properties": properties}
    response = {
        "description": "ok",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
    }
    operation = {"operationId": "order.get", "tags": ["shop"], "responses": {"200": response}}
    info = {"title": "shop", "version": "1"}
    return {
        "openapi": "3.1.0",
        "info": info,
        "paths": {"/order": {"get": operation}},
        "components": {"schemas": {"Order": order}},
    }


def run_import(folder: Path, description: dict[str, Any]) -> None:
    """Import a description into a project."""
    (folder / "wirelock.toml").write_text('package = "shop_api"\nproto-package = "shop"\n', "utf-8")
    (folder / "api.json").write_text(json.dumps(description), "utf-8")
    assert wirelock.import_document(load_project(folder), str(folder / "api.json")).exit_code == 0


def read_numbers(folder: Path) -> dict[tuple[str, str, str], int]:
    """Return all numbers in use, by message, key and type."""
    ledger = json.loads((folder / "proto/numbers.json").read_text("utf-8"))
    scopes = {**ledger["messages"], **ledger["enums"]}
    live = (
        (scope, entry) for scope, value in scopes.items() for entry in value["entries"] if not entry.get("reserved")
    )
    return {(scope, entry["key"], entry["type"]): entry["number"] for scope, entry in live}


def test_a_changed_type_of_an_imported_property_is_a_warning(tmp_path: Path) -> None:
    run_import(tmp_path, build_description(id={"type": "string"}, count={"type": "string"}))
    assert wirelock.generate(load_project(tmp_path)).exit_code == 0
    run_import(tmp_path, build_description(id={"type": "string"}, count={"type": "integer"}))
    report = wirelock.generate(load_project(tmp_path))
    assert [(d.code.id, d.is_failure) for d in report.diagnostics] == [("LEDGER_RETYPED", False)]
    assert "  reserved 2;" in (tmp_path / "proto/shop.proto").read_text("utf-8")
    assert read_numbers(tmp_path)["shop.shop.Order", "count", "int64"] == 3


def test_a_changed_type_in_a_file_that_is_not_imported_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "shop_api"\n', "utf-8")
    schema = tmp_path / "schemas/shop/order.schema.json"
    schema.parent.mkdir(parents=True)
    for type, code in (("string", 0), ("integer", 2)):
        schema.write_text(json.dumps({"type": "object", "properties": {"count": {"type": type}}}), "utf-8")
        assert wirelock.generate(load_project(tmp_path)).exit_code == code


@pytest.mark.skipif("WIRELOCK_OPENAPI" not in os.environ, reason="WIRELOCK_OPENAPI names no OpenAPI descriptions")
def test_no_number_changes_from_one_real_version_to_the_next(tmp_path: Path) -> None:
    """Only the ledger is written, because the test compares only numbers."""
    before: dict[tuple[str, str, str], int] = {}
    for version in VERSIONS:
        (tmp_path / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
        document = Path(os.environ["WIRELOCK_OPENAPI"]) / f"opencode-openapi-{version}.json"
        assert wirelock.import_document(load_project(tmp_path), str(document)).exit_code == 0
        built = build(load_config(tmp_path))
        assert [d.message for d in built.diagnostics if d.is_failure] == []
        (tmp_path / "proto").mkdir(exist_ok=True)
        (tmp_path / built.ledger.path).write_bytes(built.ledger.content)
        after = read_numbers(tmp_path)
        kept = before.keys() & after.keys()
        assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
        assert len(kept) > 100 or not before
        before = after
