"""Schemas that are hard for a target: each is generated, imported and proved, or refused with a code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import load_config

import wirelock
from wirelock.api.project import Project
from wirelock.config import Config, read_config

TEXT = {"type": "string"}
IMPORT_ALL = """
import importlib, pkgutil, m
for module in pkgutil.walk_packages(m.__path__, "m."):
    importlib.import_module(module.name)
"""


def make_object(**properties: object) -> dict[str, object]:
    """Make a schema of an object with properties."""
    return {"type": "object", "properties": properties}


def make_service(*methods: str) -> dict[str, object]:
    """Make a service whose methods share one route."""
    method = {"request": "x.schema.json", "response": "x.schema.json", "http": {"get": "/x/{a}"}}
    return {"service": "X", "methods": dict.fromkeys(methods, method)}


def write_config(folder: Path, files: dict[str, object], settings: str = 'package = "m"\n') -> Config:
    """Write a project of schema and service files, and return its configuration."""
    (folder / "wirelock.toml").write_text(settings, "utf-8")
    for name, value in files.items():
        path = folder / "schemas" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), "utf-8")
    return load_config(folder)


GOOD: dict[str, dict[str, object]] = {
    "no message at all": {"note/x.schema.json": TEXT},
    "nothing at all": {"note/x.schema.json": False},
    "a message called as Python's None": {"note/none.schema.json": make_object(a=TEXT)},
    "types called as what their module imports": {"n/codec.schema.json": make_object(a=TEXT), "n/final.schema.json": make_object()},
    "a folder that Python has a word for": {"class/x.schema.json": make_object(a=TEXT)},
    "a property called as the presence field": {"a/x.schema.json": make_object(explicitFields={"type": "array", "items": TEXT})},
    "a property called as the field of the rest": {
        "a/x.schema.json": {**make_object(additionalProperties=TEXT), "additionalProperties": {"type": "integer"}}
    },
    "a service called as a message": {"a/X.schema.json": make_object(a=TEXT), "a/x.schema.json": make_object(a=TEXT), "a/x.service.json": make_service("Get")},
    "names of every kind": {
        "a/x.schema.json": make_object(**dict.fromkeys(["\0", "[a]", "", "$schema", "_tag", "tag", "class", "größe", "名", "a.b"], TEXT))
    },
    "rules about the whole object": {
        "a/x.schema.json": {**make_object(a=TEXT, b=TEXT), "minProperties": 1, "dependentRequired": {"a": ["b"]}, "not": {"required": ["c"]}}
    },
    "properties by pattern": {
        "a/x.schema.json": {**make_object(a=TEXT), "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}
    },
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("name", GOOD)
def test_it_is_generated_imported_and_proved(name: str, tmp_path: Path) -> None:
    config = write_config(tmp_path, GOOD[name])
    generated = wirelock.generate(Project(config))
    assert [d.message for d in generated.diagnostics if d.is_failure] == []
    subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=tmp_path / "generated", check=True)
    assert [d.message for d in wirelock.prove(Project(config), examples=40).diagnostics if d.is_failure] == []


def test_the_field_of_undeclared_properties_makes_way(tmp_path: Path) -> None:
    config = write_config(
        tmp_path, {"a/x.schema.json": make_object(undeclared=TEXT)}, 'package = "m"\nunknown-fields = "keep"\n'
    )
    assert wirelock.generate(Project(config)).exit_code == 0
    assert wirelock.prove(Project(config), examples=40).exit_code == 0


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "a reference to itself": ({"a/x.schema.json": {"$ref": "#"}}, "REFERENCE_CYCLE"),
    "a property that is itself": ({"a/x.schema.json": make_object(a={"$ref": "#/properties/a"})}, "REFERENCE_CYCLE"),
    "a union of itself": (
        {"a/x.schema.json": make_object(a={"anyOf": [{"$ref": "#/properties/a"}, TEXT]})},
        "REFERENCE_CYCLE",
    ),
    "two methods of one route": (
        {"a/x.schema.json": make_object(a=TEXT), "a/x.service.json": make_service("Get", "Fetch")},
        "SERVICE_CONFLICT",
    ),
    "a method that Python cannot say": (
        {"a/x.schema.json": make_object(a=TEXT), "a/x.service.json": make_service("None")},
        "SERVICE_CONFLICT",
    ),
    "a negative length": ({"a/x.schema.json": {"type": "string", "minLength": -1}}, "SCHEMA_INVALID"),
    "a limit that is no number": ({"a/x.schema.json": {"type": "integer", "maximum": "9"}}, "SCHEMA_INVALID"),
    "required that is no list": ({"a/x.schema.json": {"type": "object", "required": "id"}}, "SCHEMA_INVALID"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_by_name(name: str, tmp_path: Path) -> None:
    files, code = REFUSED[name]
    report = wirelock.generate(Project(write_config(tmp_path, files)))
    assert [d.code.id for d in report.diagnostics if d.is_failure] == [code]
    assert report.exit_code == 2
    assert not (tmp_path / "generated").exists()


@pytest.mark.parametrize("package", ["class", "json", "docs", "google", "My_Api"])
def test_a_package_name_that_is_taken_is_refused(package: str, tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text(f'package = "{package}"\n', "utf-8")
    found = read_config(tmp_path)
    assert isinstance(found, tuple)
    assert [diagnostic.code.id for diagnostic in found] == ["CONFIG_VALUE_INVALID"]


@pytest.mark.long
def test_many_faults_take_time_in_their_number(tmp_path: Path) -> None:
    """Twenty thousand faults in one body; quadratic time would take hours."""
    config = write_config(tmp_path, {"a/x.schema.json": {"type": "array", "items": TEXT}})
    recording = tmp_path / "x.ndjson"
    recording.write_text(json.dumps([None] * 20_000) + "\n", "utf-8")
    report = wirelock.verify(Project(config), [str(recording)], "a/x")
    assert len([d for d in report.diagnostics if d.is_failure]) == 20_000
