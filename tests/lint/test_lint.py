"""Lint rules: each rule on a project that violates it, and configured severities."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT, load_config, load_project

import wirelock
from wirelock.api.lint import run_lint
from wirelock.build import build
from wirelock.config import read_config
from wirelock.diagnostics import Diagnostic, Severity
from wirelock.lint import RULES, lint
from wirelock.report import FORMATS

TEXT = {"type": "string", "description": "words"}
METHOD = {
    "description": "Read one.",
    "request": "ask.schema.json",
    "response": "note.schema.json",
    "http": {"get": "/note"},
}
SERVICE = {"service": "NoteService", "description": "Notes.", "methods": {"GetNote": METHOD}}


def build_object(**properties: Any) -> dict[str, Any]:
    """Build an object schema with a description and these properties."""
    return {"type": "object", "description": "a thing", "properties": properties}


CLEAN: dict[str, Any] = {
    "ask.schema": build_object(id=TEXT),
    "note.schema": build_object(text=TEXT),
    "note.service": SERVICE,
}


def write_project(folder: Path, files: dict[str, Any], settings: str = "") -> Path:
    """Write a project with one package: the clean files, updated by the given ones."""
    (folder / "wirelock.toml").write_text(f'package = "shop_api"\n{settings}', "utf-8")
    for name, value in {**CLEAN, **files}.items():
        path = folder / f"schemas/note/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=1), "utf-8")
    return folder


def run_rules(folder: Path) -> tuple[Diagnostic, ...]:
    """Return the lint messages of the default configuration."""
    built = build(load_config(folder))
    assert built.is_sound, built.diagnostics
    return lint(built.graph, built.documents, {})


def build_service(**methods: Any) -> dict[str, Any]:
    """Build the service with these methods."""
    return {**SERVICE, "methods": methods}


NOTE = {"$ref": "note.schema.json"}
COLOR = {"description": "a color", "enum": ["red", "blue"]}
CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a type without words": ("LINT_DESCRIPTION", {"note.schema": {"type": "object"}}, "the type note"),
    "a property without words": (
        "LINT_DESCRIPTION",
        {"note.schema": build_object(a={"type": "string"})},
        "the property a",
    ),
    "a property inside": (
        "LINT_DESCRIPTION",
        {
            "note.schema": build_object(
                list={"type": "array", "description": "x", "items": build_object(b={"type": "string"})}
            )
        },
        "the property b",
    ),
    "a method without words": (
        "LINT_DESCRIPTION",
        {"note.service": build_service(GetNote={key: METHOD[key] for key in METHOD if key != "description"})},
        "the method NoteService.GetNote",
    ),
    "a service without words": (
        "LINT_DESCRIPTION",
        {"note.service": {key: SERVICE[key] for key in SERVICE if key != "description"}},
        "the service NoteService",
    ),
    "an enum": ("LINT_ENUM_CLOSED", {"note.schema": build_object(color=COLOR)}, "the enum is closed"),
    "a method in camel case": ("LINT_METHOD_NAME", {"note.service": build_service(getNote=METHOD)}, "call it GetNote"),
    "a service in snake case": (
        "LINT_SERVICE_NAME",
        {"note.service": {**SERVICE, "service": "note_service"}},
        "call it NoteService",
    ),
    "a service without its suffix": (
        "LINT_SERVICE_NAME",
        {"note.service": {**SERVICE, "service": "Note"}},
        "call it NoteService",
    ),
    "a property that is no word": ("LINT_PROPERTY_NAME", {"note.schema": build_object(**{"a b": TEXT})}, "'a b'"),
    "such a property inside": (
        "LINT_PROPERTY_NAME",
        {"note.schema": build_object(a=build_object(**{"1": TEXT}))},
        "'1'",
    ),
    "a file with dashes": (
        "LINT_TYPE_NAME",
        {"a-note.schema": build_object(), "note.schema": build_object(a={"$ref": "a-note.schema.json"})},
        "aNote.schema.json",
    ),
    "a schema that nothing uses": (
        "LINT_UNUSED",
        {"other.schema": build_object()},
        "nothing uses note/other.schema.json",
    ),
    "what only such a schema uses": (
        "LINT_UNREACHABLE",
        {"other.schema": build_object(a={"$ref": "inner.schema.json"}), "inner.schema": build_object()},
        "no call contains note/inner.schema.json",
    ),
    "two that use each other": (
        "LINT_UNREACHABLE",
        {"a.schema": build_object(b={"$ref": "b.schema.json"}), "b.schema": build_object(a={"$ref": "a.schema.json"})},
        "no call contains note/a.schema.json",
    ),
}


def test_a_clean_project_gets_no_advice(tmp_path: Path) -> None:
    assert run_rules(write_project(tmp_path, {})) == ()


@pytest.mark.parametrize("case", CASES)
def test_a_rule_reports_location_and_hint(case: str, tmp_path: Path) -> None:
    rule, files, text = CASES[case]
    diagnostics = [d for d in run_rules(write_project(tmp_path, files)) if d.code.id == rule]
    assert any(text in f"{d.message}; {d.hint}" for d in diagnostics), diagnostics
    assert all(d.location.line and d.hint for d in diagnostics)


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, _, _ in CASES.values()} == {code.id for code in RULES}


@pytest.mark.parametrize(
    "files",
    [
        {"note.schema": build_object(color={**COLOR, "x-extensible-enum": True})},
        {"note.schema": build_object(kind={"description": "its kind", "const": "note"})},
        {"note.schema": build_object(inner=NOTE)},
        {
            "note.schema": build_object(
                _id=TEXT, **{"$type": TEXT, "@context": TEXT, "parent_id": TEXT, "parentID": TEXT}
            )
        },
    ],
    ids=["an enum with room", "a constant", "a reference has the words of its type", "names as APIs have them"],
)
def test_these_schemas_get_no_advice(files: dict[str, Any], tmp_path: Path) -> None:
    assert run_rules(write_project(tmp_path, files)) == ()


def test_without_services_nothing_is_unused(tmp_path: Path) -> None:
    folder = write_project(tmp_path, {"other.schema": build_object()})
    (folder / "schemas/note/note.service.json").unlink()
    assert run_rules(folder) == ()


def test_names_in_imported_files_get_no_advice(tmp_path: Path) -> None:
    (tmp_path / "wirelock.toml").write_text('package = "shop_api"\n', "utf-8")
    schemas = {"note.created-at": {"type": "string", "description": "when"}}
    answer = {
        "description": "x",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/note.created-at"}}},
    }
    paths = {"/note": {"get": {"operationId": "read", "summary": "Read.", "responses": {"200": answer}}}}
    facts = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "components": {"schemas": schemas},
        "paths": paths,
    }
    (tmp_path / "api.json").write_text(json.dumps(facts), "utf-8")
    assert wirelock.import_document(load_project(tmp_path), str(tmp_path / "api.json")).exit_code == 0
    built = build(load_config(tmp_path))
    assert "LINT_TYPE_NAME" in {d.code.id for d in lint(built.graph, built.documents, {})}
    assert "LINT_TYPE_NAME" not in {d.code.id for d in run_lint(built).diagnostics}


# severities


@pytest.mark.parametrize(
    ("word", "code", "level"),
    [("error", 1, Severity.ERROR), ("warning", 0, Severity.WARNING), ("note", 0, Severity.NOTE), ("off", 0, None)],
)
def test_the_configuration_sets_the_severity_of_a_rule(
    word: str, code: int, level: Severity | None, tmp_path: Path
) -> None:
    folder = write_project(tmp_path, {"other.schema": build_object()}, f'[lint]\nLINT_UNUSED = "{word}"\n')
    assert wirelock.generate(load_project(folder)).exit_code == 0
    report = wirelock.check(load_project(folder))
    assert report.exit_code == code
    assert [d.level for d in report.diagnostics if d.code.id == "LINT_UNUSED"] == ([level] if level else [])
    rules = len(RULES) - (level is None)
    counts = {f"{severity}s": int(severity is level) for severity in Severity}
    assert report.summary["lint"] == {"rules": rules, **counts}


@pytest.mark.parametrize(
    ("settings", "code", "line", "text"),
    [
        ('[lint]\nLINT_UNUSED = "loud"\n', "CONFIG_VALUE_INVALID", 3, "use one of error, warning, note, off"),
        ("[lint]\nLINT_UNUSED = false\n", "CONFIG_VALUE_INVALID", 3, "use one of error, warning, note, off"),
        ("[lint]\nLINT_UNUSED = []\n", "CONFIG_VALUE_INVALID", 3, "use one of error, warning, note, off"),
        ('[lint]\nLINT_UNUSD = "off"\n', "CONFIG_KEY_UNKNOWN", 3, "did you mean LINT_UNUSED?"),
        (
            'lint = "off"\n',
            "CONFIG_VALUE_INVALID",
            2,
            "use a table of rules, each with one of error, warning, note, off",
        ),
    ],
)
def test_invalid_severities_are_reported(settings: str, code: str, line: int, text: str, tmp_path: Path) -> None:
    diagnostics = read_config(write_project(tmp_path, {}, settings))
    assert isinstance(diagnostics, tuple)
    assert [(d.code.id, d.location.line) for d in diagnostics] == [(code, line)]
    assert text in diagnostics[0].hint


def test_the_configuration_knows_every_rule() -> None:
    schema = json.loads(files("wirelock").joinpath("meta/configuration.schema.json").read_text("utf-8"))
    assert sorted(schema["properties"]["lint"]["properties"]) == sorted(code.id for code in RULES)


def test_this_project_is_clean_and_explains_disabled_rules() -> None:
    report = wirelock.check(load_project(ROOT))
    assert [d for d in report.diagnostics if d.code.id.startswith("LINT_")] == []
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    off = [line for line in lines if line.startswith("LINT_")]
    assert off
    assert all("  # " in line for line in off)


def test_annotations_name_real_lines(tmp_path: Path) -> None:
    files = {
        "note.schema": build_object(first={"type": "string"}, color=COLOR),
        "note.service": build_service(getNote=METHOD),
    }
    severities = 'LINT_DESCRIPTION = "error"\nLINT_ENUM_CLOSED = "warning"\n'
    folder = write_project(tmp_path, files, f"[lint]\n{severities}")
    lines = {}
    for command in FORMATS["github"](run_lint(build(load_config(folder)))).splitlines()[:-1]:
        match = re.match(r"::(?:error|warning) file=([^,]+),line=(\d+),col=\d+,title=wirelock (\w+)::", command)
        assert match, command
        source = (folder / match[1]).read_text("utf-8").splitlines()
        lines[match[3]] = source[int(match[2]) - 1].strip()
    assert lines == {
        "LINT_DESCRIPTION": '"first": {',
        "LINT_ENUM_CLOSED": '"color": {',
        "LINT_METHOD_NAME": '"getNote": {',
    }
