"""Stable names: a type that is added later renames nothing, whatever its own name and position.

A class has the name of its schema, an inline object that of its path. A trailing number resolves a collision, or is part
of the schema's name.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checkout import load_config

import wirelock
from wirelock.api.emit import emit_all
from wirelock.api.project import Project
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.progress import noop_progress

pytestmark = pytest.mark.long

TEXT = {"type": "string"}


def build_object(**properties: Any) -> dict[str, Any]:
    """Return an object schema with these properties."""
    return {"type": "object", "properties": properties}


def write_project(folder: Path, schemas: dict[str, Any]) -> Config:
    """Write schemas by name (`shop/order`) into a project; existing schemas stay."""
    (folder / "wirelock.toml").write_text('package = "shop_api"\n', "utf-8")
    for name, schema in schemas.items():
        path = folder / f"schemas/{name}.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema), "utf-8")
    return load_config(folder)


def generate_names(config: Config) -> set[str]:
    """Generate a project and write its ledger; return all names of messages, fields, enum values, classes, attributes."""
    built = build(config)
    assert [d.message for d in built.diagnostics if d.is_failure] == []
    output = emit_all(built, noop_progress)
    assert output.is_sound, output.diagnostics
    for artifact in output.artifacts:
        if artifact.emitter == "ledger":
            (config.root / artifact.path).parent.mkdir(parents=True, exist_ok=True)
            (config.root / artifact.path).write_bytes(artifact.content)
    texts = [(a.path, a.content.decode()) for a in output.artifacts if a.emitter == "models"]
    return {*iter_proto_names(built), *(name for path, text in texts for name in iter_class_names(path, text))}


def iter_proto_names(built: Build) -> Iterator[str]:
    """Yield the names of messages with their schema location, of fields, and of enum values."""
    for file in built.proto.files:
        for message in file.messages:
            yield f"message {message.name} of {message.source.file}#{message.source.pointer}"
            yield from (f"field {message.name}.{field.name} = {field.number}" for field in message.fields)
        for enum in file.enums:
            yield from (f"value {enum.name}.{value.name} = {value.number}" for value in enum.values)


def iter_class_names(path: str, text: str) -> Iterator[str]:
    """Yield the names of classes and of their attributes."""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ClassDef):
            yield f"class {path}:{statement.name}"
            for line in statement.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield f"attribute {path}:{statement.name}.{line.target.id}: {ast.unparse(line.annotation)}"


OVERLAPPING = {"anyOf": [{**build_object(a=TEXT), "required": ["a"]}, {**build_object(b=TEXT), "required": ["b"]}]}
FIRST = {
    "shop/order": build_object(
        time=build_object(created=TEXT),
        state={"enum": ["open", "done"]},
        item=build_object(unit=build_object(price=TEXT)),
        way=OVERLAPPING,
    ),
    "shop/orderLine": build_object(time=build_object(created=TEXT)),
    "shop/event": {
        "anyOf": [
            build_object(kind={"const": "a"}, data=build_object(x=TEXT)),
            build_object(kind={"const": "b"}, data=TEXT),
        ]
    },
    "shop/lines": {"type": "array", "items": build_object(unit=TEXT)},
    "shop/count": {"type": "integer"},
    "shop/pair": {"type": "array", "prefixItems": [build_object(x=TEXT), OVERLAPPING], "items": False, "minItems": 2},
}
# each sorts before or next to a type of FIRST, and prefers a name that is taken or differs only in case
LATER = {
    "a/order": build_object(time=build_object(created=TEXT)),
    "shop/OrderTime": build_object(z=TEXT),
    "shop/Order.Item": build_object(z=TEXT),
    "shop/ORDER": build_object(z=TEXT, time=build_object(z=TEXT)),
    "shop/aOrder": {**build_object(z=TEXT), "title": "order"},
    "shop/aOrderItemUnit": {**build_object(z=TEXT), "title": "OrderItemUnit"},
    "shop/aOrderState": {"enum": ["x"], "title": "OrderState"},
    "shop/aOrderWayOption1": {**build_object(z=TEXT), "title": "OrderWayOption1"},
    "shop/aOrderWayOption2": {"type": "integer", "title": "OrderWayOption2"},
    "shop/aCount": {**build_object(z=TEXT), "title": "Count"},
    "shop/Count": {"type": "string"},
    "shop/aLinesItem": {**build_object(z=TEXT), "title": "LinesItem"},
    "shop/aPair": {**build_object(z=TEXT), "title": "PairFirst"},
    "shop/aPairPosition2Option1": {**build_object(z=TEXT), "title": "PairPosition2Option1"},
    "shop/aEventOption1": {**build_object(z=TEXT), "title": "EventOption1"},
    "shop/OrderLineTime": build_object(z=TEXT),
}


@pytest.mark.parametrize("newcomer", [*LATER, "all of them"])
def test_a_newcomer_renames_nothing(newcomer: str, tmp_path: Path) -> None:
    before = generate_names(write_project(tmp_path, FIRST))
    added = LATER if newcomer == "all of them" else {newcomer: LATER[newcomer]}
    after = generate_names(write_project(tmp_path, added))
    assert sorted(before - after) == []
    assert generate_names(load_config(tmp_path)) == after


def test_types_added_one_by_one_rename_nothing(tmp_path: Path) -> None:
    before = generate_names(write_project(tmp_path, FIRST))
    for name, schema in LATER.items():
        after = generate_names(write_project(tmp_path, {name: schema}))
        assert sorted(before - after) == [], name
        before = after


def test_a_newcomer_in_the_same_file_renames_nothing(tmp_path: Path) -> None:
    before = generate_names(write_project(tmp_path, FIRST))
    order = FIRST["shop/order"]
    properties = {
        "Time": build_object(z=TEXT),
        "TIME": build_object(z=TEXT),
        "item_unit": build_object(z=TEXT),
        **order["properties"],
    }
    defs = {"OrderTime": build_object(z=TEXT), "Order": build_object(z=TEXT), "OrderState": {"enum": ["x"]}}
    after = generate_names(write_project(tmp_path, {"shop/order": {**order, "properties": properties, "$defs": defs}}))
    assert sorted(before - after) == []


def test_a_type_that_returns_has_its_old_name(tmp_path: Path) -> None:
    both = {**FIRST, **LATER}
    before = generate_names(write_project(tmp_path, both))
    (tmp_path / "schemas/shop/order.schema.json").unlink()
    generate_names(load_config(tmp_path))
    assert sorted(before - generate_names(write_project(tmp_path, both))) == []


def test_a_class_is_called_by_its_schema_and_its_path(tmp_path: Path) -> None:
    names = generate_names(write_project(tmp_path, FIRST))
    classes = {name.rpartition(":")[2] for name in names if name.startswith("class ")}
    assert {"Order", "OrderTime", "OrderItemUnit", "OrderLineTime", "LinesItem", "PairFirst"} <= classes
    numbered = {name for name in classes if re.search(r"\d$", name)}
    assert all(re.search(r"Option[12]$", name) for name in numbered), numbered  # branches are numbered


def test_a_collision_gives_the_newcomer_a_number(tmp_path: Path) -> None:
    generate_names(write_project(tmp_path, FIRST))
    names = generate_names(write_project(tmp_path, {"shop/Count": LATER["shop/Count"]}))
    roots = {name for name in names if name.startswith("attribute") and ":Count" in name}
    assert {re.sub(r".*:(Count\w*)\.root: (\w+).*", r"\1 \2", name) for name in roots} == {
        "Count WireInteger",
        "Count2 str",
    }


def test_a_class_keeps_its_name_when_its_type_gets_a_message(tmp_path: Path) -> None:
    before = generate_names(write_project(tmp_path, FIRST))
    method = {"request": "order.schema.json", "response": "count.schema.json", "http": {"post": "/count"}}
    service = {"service": "Counting", "methods": {"Count": method}}
    (tmp_path / "schemas/shop/counting.service.json").write_text(json.dumps(service), "utf-8")
    after = generate_names(load_config(tmp_path))
    assert any(name.startswith("message shop_api.shop.CountValue ") for name in after - before)
    assert sorted(before - after) == []


# a real OpenAPI document, and components that sort first and prefer names of others
DESCRIPTION = Path(os.environ.get("WIRELOCK_OPENAPI", "")) / "opencode-openapi-1.1.11.json"
NEWCOMERS = {
    "AAA": build_object(z=TEXT),
    "session": build_object(z=TEXT),
    "Session_Time": build_object(z=TEXT),
    "ConfigOption1": build_object(z=TEXT),
    "event": {"anyOf": [build_object(a=TEXT), build_object(b=TEXT)]},
}


@pytest.mark.skipif("WIRELOCK_OPENAPI" not in os.environ, reason="WIRELOCK_OPENAPI names no OpenAPI descriptions")
def test_added_components_rename_nothing_of_a_real_description(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
    config = load_config(tmp_path)
    assert wirelock.import_document(Project(config), str(DESCRIPTION)).exit_code == 0
    before = generate_names(config)
    description = json.loads(DESCRIPTION.read_text("utf-8"))
    schemas = description["components"]["schemas"]
    description["components"]["schemas"] = {**NEWCOMERS, **schemas}
    (tmp_path / "api.json").write_text(json.dumps(description), "utf-8")
    assert wirelock.import_document(Project(config), str(tmp_path / "api.json")).exit_code == 0
    after = generate_names(config)
    assert sorted(before - after) == []
    assert len(after) > len(before)
    own = {name for name in schemas if re.search(r"\d$", name)}
    classes = {name.rpartition(":")[2] for name in before if name.startswith("class ")}
    numbered = {name for name in classes if re.search(r"\d$", name) and not re.search(r"Option\d$", name)}
    assert numbered <= own, numbered - own
