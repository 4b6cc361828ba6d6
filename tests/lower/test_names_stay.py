"""Names are given once: what is added later, wherever it sorts and whatever it would be called, renames nothing.

A class is called by its schema, an inline object by its path; a number at the end is a collision's, or the schema's own.
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
from checkout import configuration

import wirelock
from wirelock.api.emit import emitted
from wirelock.build import Build, build
from wirelock.config import Config
from wirelock.progress import silent

TEXT = {"type": "string"}


def record(**properties: Any) -> dict[str, Any]:
    """An object with these properties."""
    return {"type": "object", "properties": properties}


def written(folder: Path, schemas: dict[str, Any]) -> Config:
    """A project of schemas by name (`shop/order`); those there already stay."""
    (folder / "wirelock.toml").write_text('package = "shop_api"\n', "utf-8")
    for name, schema in schemas.items():
        path = folder / f"schemas/{name}.schema.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema), "utf-8")
    return configuration(folder)


def names(config: Config) -> set[str]:
    """Every name given: messages, enums, fields and values, and classes with their attributes; the ledger is kept."""
    built = build(config)
    assert [d.message for d in built.diagnostics if d.fails] == []
    output = emitted(built, silent)
    assert output.sound, output.diagnostics
    for artifact in output.artifacts:
        if artifact.emitter == "ledger":
            (config.root / artifact.path).parent.mkdir(parents=True, exist_ok=True)
            (config.root / artifact.path).write_bytes(artifact.content)
    texts = [(a.path, a.content.decode()) for a in output.artifacts if a.emitter == "models"]
    return {*proto_names(built), *(name for path, text in texts for name in class_names(path, text))}


def proto_names(built: Build) -> Iterator[str]:
    """Messages with their schema places, fields, enums and values."""
    for file in built.proto.files:
        for message in file.messages:
            place = f"{message.source.file}#{message.source.pointer}"
            yield f"message {message.name} of {place}"
            yield from (f"field {message.name}.{field.name} = {field.number}" for field in message.fields)
        for enum in file.enums:
            yield from (f"value {enum.name}.{value.name} = {value.number}" for value in enum.values)


def class_names(path: str, text: str) -> Iterator[str]:
    """Classes and their attributes."""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.ClassDef):
            yield f"class {path}:{statement.name}"
            for line in statement.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield f"attribute {path}:{statement.name}.{line.target.id}: {ast.unparse(line.annotation)}"


UNTOLD = {"anyOf": [{**record(a=TEXT), "required": ["a"]}, {**record(b=TEXT), "required": ["b"]}]}
FIRST = {
    "shop/order": record(
        time=record(created=TEXT), state={"enum": ["open", "done"]}, item=record(unit=record(price=TEXT)), way=UNTOLD
    ),
    "shop/orderLine": record(time=record(created=TEXT)),
    "shop/event": {"anyOf": [record(kind={"const": "a"}, data=record(x=TEXT)), record(kind={"const": "b"}, data=TEXT)]},
    "shop/lines": {"type": "array", "items": record(unit=TEXT)},
    "shop/count": {"type": "integer"},
    "shop/pair": {"type": "array", "prefixItems": [record(x=TEXT), UNTOLD], "items": False, "minItems": 2},
}
# each sorts before or beside what is there and asks for a name that was given, or one that differs in case only
LATER = {
    "a/order": record(time=record(created=TEXT)),
    "shop/OrderTime": record(z=TEXT),
    "shop/Order.Item": record(z=TEXT),
    "shop/ORDER": record(z=TEXT, time=record(z=TEXT)),
    "shop/aOrder": {**record(z=TEXT), "title": "order"},
    "shop/aOrderItemUnit": {**record(z=TEXT), "title": "OrderItemUnit"},
    "shop/aOrderState": {"enum": ["x"], "title": "OrderState"},
    "shop/aOrderWayOption1": {**record(z=TEXT), "title": "OrderWayOption1"},
    "shop/aOrderWayOption2": {"type": "integer", "title": "OrderWayOption2"},
    "shop/aCount": {**record(z=TEXT), "title": "Count"},
    "shop/Count": {"type": "string"},
    "shop/aLinesItem": {**record(z=TEXT), "title": "LinesItem"},
    "shop/aPair": {**record(z=TEXT), "title": "PairFirst"},
    "shop/aPairPosition2Option1": {**record(z=TEXT), "title": "PairPosition2Option1"},
    "shop/aEventOption1": {**record(z=TEXT), "title": "EventOption1"},
    "shop/OrderLineTime": record(z=TEXT),
}


@pytest.mark.parametrize("newcomer", [*LATER, "all of them"])
def test_a_newcomer_renames_nothing(newcomer: str, tmp_path: Path) -> None:
    before = names(written(tmp_path, FIRST))
    added = LATER if newcomer == "all of them" else {newcomer: LATER[newcomer]}
    after = names(written(tmp_path, added))
    assert sorted(before - after) == []
    assert names(configuration(tmp_path)) == after


def test_one_after_the_other_they_rename_nothing(tmp_path: Path) -> None:
    before = names(written(tmp_path, FIRST))
    for name, schema in LATER.items():
        after = names(written(tmp_path, {name: schema}))
        assert sorted(before - after) == [], name
        before = after


def test_a_newcomer_in_the_same_file_renames_nothing(tmp_path: Path) -> None:
    before = names(written(tmp_path, FIRST))
    order = FIRST["shop/order"]
    properties = {"Time": record(z=TEXT), "TIME": record(z=TEXT), "item_unit": record(z=TEXT), **order["properties"]}
    defs = {"OrderTime": record(z=TEXT), "Order": record(z=TEXT), "OrderState": {"enum": ["x"]}}
    after = names(written(tmp_path, {"shop/order": {**order, "properties": properties, "$defs": defs}}))
    assert sorted(before - after) == []


def test_what_leaves_and_comes_back_has_its_name(tmp_path: Path) -> None:
    both = {**FIRST, **LATER}
    before = names(written(tmp_path, both))
    (tmp_path / "schemas/shop/order.schema.json").unlink()
    names(configuration(tmp_path))
    assert sorted(before - names(written(tmp_path, both))) == []


def test_a_class_is_called_by_its_schema_and_its_path(tmp_path: Path) -> None:
    given = names(written(tmp_path, FIRST))
    classes = {name.rpartition(":")[2] for name in given if name.startswith("class ")}
    assert {"Order", "OrderTime", "OrderItemUnit", "OrderLineTime", "LinesItem", "PairFirst"} <= classes
    numbered = {name for name in classes if re.search(r"\d$", name)}
    assert all(re.search(r"Option[12]$", name) for name in numbered), (
        numbered
    )  # a branch that nothing but its place tells


def test_a_collision_gives_the_newcomer_a_number(tmp_path: Path) -> None:
    names(written(tmp_path, FIRST))
    given = names(written(tmp_path, {"shop/Count": LATER["shop/Count"]}))
    roots = {name for name in given if name.startswith("attribute") and ":Count" in name}
    assert {re.sub(r".*:(Count\w*)\.root: (\w+).*", r"\1 \2", name) for name in roots} == {
        "Count WireInteger",
        "Count2 str",
    }


def test_a_class_keeps_its_name_when_its_type_gets_a_message(tmp_path: Path) -> None:
    before = names(written(tmp_path, FIRST))
    method = {"request": "order.schema.json", "response": "count.schema.json", "http": {"post": "/count"}}
    service = {"service": "Counting", "methods": {"Count": method}}
    (tmp_path / "schemas/shop/counting.service.json").write_text(json.dumps(service), "utf-8")
    after = names(configuration(tmp_path))
    assert any(name.startswith("message shop_api.shop.CountValue ") for name in after - before)
    assert sorted(before - after) == []


# a real description, and components that sort before all others and ask for names of others
DESCRIPTION = Path(os.environ.get("WIRELOCK_OPENAPI", "")) / "opencode-openapi-1.1.11.json"
NEWCOMERS = {
    "AAA": record(z=TEXT),
    "session": record(z=TEXT),
    "Session_Time": record(z=TEXT),
    "ConfigOption1": record(z=TEXT),
    "event": {"anyOf": [record(a=TEXT), record(b=TEXT)]},
}


@pytest.mark.skipif("WIRELOCK_OPENAPI" not in os.environ, reason="WIRELOCK_OPENAPI names no OpenAPI descriptions")
def test_a_component_more_renames_nothing_of_a_real_description(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "oc_api"\nproto-package = "oc"\n', "utf-8")
    config = configuration(tmp_path)
    assert wirelock.import_document(config, str(DESCRIPTION)).exit_code == 0
    before = names(config)
    description = json.loads(DESCRIPTION.read_text("utf-8"))
    schemas = description["components"]["schemas"]
    description["components"]["schemas"] = {**NEWCOMERS, **schemas}
    (tmp_path / "api.json").write_text(json.dumps(description), "utf-8")
    assert wirelock.import_document(config, str(tmp_path / "api.json")).exit_code == 0
    after = names(config)
    assert sorted(before - after) == []
    assert len(after) > len(before)
    own = {name for name in schemas if re.search(r"\d$", name)}
    classes = {name.rpartition(":")[2] for name in before if name.startswith("class ")}
    numbered = {name for name in classes if re.search(r"\d$", name) and not re.search(r"Option\d$", name)}
    assert numbered <= own, numbered - own
