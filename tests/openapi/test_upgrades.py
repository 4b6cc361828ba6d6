"""A newer description imported over an older one: what was numbered keeps its number, whatever the author changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from checkout import configuration

import wirelock
from wirelock.build import build

VERSIONS = ("1.0.61", "1.1.11", "1.17.11", "1.18.33")


def described(**properties: object) -> dict[str, Any]:
    """A description of one operation that answers with an order of these properties."""
    order = {"type": "object", "properties": properties}
    answer = {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
    operation = {"operationId": "order.get", "tags": ["shop"], "responses": {"200": answer}}
    info = {"title": "shop", "version": "1"}
    return {
        "openapi": "3.1.0",
        "info": info,
        "paths": {"/order": {"get": operation}},
        "components": {"schemas": {"Order": order}},
    }


def imported(folder: Path, description: dict[str, Any]) -> None:
    """Import a description into a project, and generate it."""
    (folder / "wirelock.toml").write_text('package = "shop_api"\nproto-package = "shop"\n', "utf-8")
    (folder / "api.json").write_text(json.dumps(description), "utf-8")
    assert wirelock.import_document(configuration(folder), str(folder / "api.json")).exit_code == 0


def numbers(folder: Path) -> dict[tuple[str, str, str], int]:
    """Every number that is in use, by message, key and type."""
    ledger = json.loads((folder / "proto/numbers.json").read_text("utf-8"))
    scopes = {**ledger["messages"], **ledger["enums"]}
    live = (
        (scope, entry) for scope, value in scopes.items() for entry in value["entries"] if not entry.get("reserved")
    )
    return {(scope, entry["key"], entry["type"]): entry["number"] for scope, entry in live}


def test_a_type_that_the_author_changed_is_a_warning(tmp_path: Path) -> None:
    imported(tmp_path, described(id={"type": "string"}, count={"type": "string"}))
    assert wirelock.generate(configuration(tmp_path)).exit_code == 0
    imported(tmp_path, described(id={"type": "string"}, count={"type": "integer"}))
    report = wirelock.generate(configuration(tmp_path))
    assert [(d.code.id, d.fails) for d in report.diagnostics] == [("LEDGER_RETYPED", False)]
    assert "  reserved 2;" in (tmp_path / "proto/shop.proto").read_text("utf-8")
    assert numbers(tmp_path)["shop.shop.Order", "count", "int64"] == 3


def test_in_a_file_of_ones_own_it_stays_an_error(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "shop_api"\n', "utf-8")
    schema = tmp_path / "schemas/shop/order.schema.json"
    schema.parent.mkdir(parents=True)
    for type, code in (("string", 0), ("integer", 2)):
        schema.write_text(json.dumps({"type": "object", "properties": {"count": {"type": type}}}), "utf-8")
        assert wirelock.generate(configuration(tmp_path)).exit_code == code


@pytest.mark.skipif("WIRELOCK_OPENAPI" not in os.environ, reason="WIRELOCK_OPENAPI names no OpenAPI descriptions")
def test_no_number_changes_from_one_real_version_to_the_next(tmp_path: Path) -> None:
    """The ledger is written as generating would; nothing else is generated, since the numbers are what counts."""
    before: dict[tuple[str, str, str], int] = {}
    for version in VERSIONS:
        (tmp_path / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
        document = Path(os.environ["WIRELOCK_OPENAPI"]) / f"opencode-openapi-{version}.json"
        assert wirelock.import_document(configuration(tmp_path), str(document)).exit_code == 0
        built = build(configuration(tmp_path))
        assert [d.message for d in built.diagnostics if d.fails] == []
        (tmp_path / "proto").mkdir(exist_ok=True)
        (tmp_path / built.ledger.path).write_bytes(built.ledger.content)
        after = numbers(tmp_path)
        kept = before.keys() & after.keys()
        assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
        assert len(kept) > 100 or not before
        before = after
