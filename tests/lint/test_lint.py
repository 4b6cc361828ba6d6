"""Advice on schemas and services: each rule on a project that it is about, and how a project weighs it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from checkout import ROOT, configuration

import wirelock
from wirelock.api.lint import linted
from wirelock.build import build
from wirelock.config import LINT_RULES, read_config
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


def record(**properties: Any) -> dict[str, Any]:
    """A described object with these properties."""
    return {"type": "object", "description": "a thing", "properties": properties}


CLEAN: dict[str, Any] = {"ask.schema": record(id=TEXT), "note.schema": record(text=TEXT), "note.service": SERVICE}


def project(folder: Path, files: dict[str, Any], settings: str = "") -> Path:
    """A project of files in one package; the clean ones unless they are given otherwise."""
    (folder / "wirelock.toml").write_text(f'package = "shop_api"\n{settings}', "utf-8")
    for name, value in {**CLEAN, **files}.items():
        path = folder / f"schemas/note/{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=1), "utf-8")
    return folder


def advice(folder: Path) -> tuple[Diagnostic, ...]:
    """What lint says with nothing configured."""
    built = build(configuration(folder))
    assert built.sound, built.diagnostics
    return lint(built.graph, built.documents, {})


def methods(**methods: Any) -> dict[str, Any]:
    """The service with these methods."""
    return {**SERVICE, "methods": methods}


NOTE = {"$ref": "note.schema.json"}
COLOUR = {"description": "a colour", "enum": ["red", "blue"]}
CASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a type without words": ("LINT_DESCRIPTION", {"note.schema": {"type": "object"}}, "the type note"),
    "a property without words": ("LINT_DESCRIPTION", {"note.schema": record(a={"type": "string"})}, "the property a"),
    "a property inside": (
        "LINT_DESCRIPTION",
        {"note.schema": record(list={"type": "array", "description": "x", "items": record(b={"type": "string"})})},
        "the property b",
    ),
    "a method without words": (
        "LINT_DESCRIPTION",
        {"note.service": methods(GetNote={key: METHOD[key] for key in METHOD if key != "description"})},
        "the method NoteService.GetNote",
    ),
    "a service without words": (
        "LINT_DESCRIPTION",
        {"note.service": {key: SERVICE[key] for key in SERVICE if key != "description"}},
        "the service NoteService",
    ),
    "an enum": ("LINT_ENUM_CLOSED", {"note.schema": record(colour=COLOUR)}, "no room to grow"),
    "a method in camel case": ("LINT_METHOD_NAME", {"note.service": methods(getNote=METHOD)}, "call it GetNote"),
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
    "a property that is no word": ("LINT_PROPERTY_NAME", {"note.schema": record(**{"a b": TEXT})}, "'a b'"),
    "such a property inside": ("LINT_PROPERTY_NAME", {"note.schema": record(a=record(**{"1": TEXT}))}, "'1'"),
    "a file with dashes": (
        "LINT_TYPE_NAME",
        {"a-note.schema": record(), "note.schema": record(a={"$ref": "a-note.schema.json"})},
        "aNote.schema.json",
    ),
    "a schema that nothing uses": ("LINT_UNUSED", {"other.schema": record()}, "nothing uses note/other.schema.json"),
    "what only such a schema uses": (
        "LINT_UNREACHABLE",
        {"other.schema": record(a={"$ref": "inner.schema.json"}), "inner.schema": record()},
        "no call carries note/inner.schema.json",
    ),
    "two that use each other": (
        "LINT_UNREACHABLE",
        {"a.schema": record(b={"$ref": "b.schema.json"}), "b.schema": record(a={"$ref": "a.schema.json"})},
        "no call carries note/a.schema.json",
    ),
}


def test_a_clean_project_gets_no_advice(tmp_path: Path) -> None:
    assert advice(project(tmp_path, {})) == ()


@pytest.mark.parametrize("case", CASES)
def test_a_rule_names_the_place_and_what_to_do(case: str, tmp_path: Path) -> None:
    rule, files, words = CASES[case]
    found = [one for one in advice(project(tmp_path, files)) if one.code.id == rule]
    assert any(words in f"{one.message}; {one.hint}" for one in found), found
    assert all(one.where.line and one.hint for one in found)


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, _, _ in CASES.values()} == {code.id for code in RULES}


@pytest.mark.parametrize(
    "files",
    [
        {"note.schema": record(colour={**COLOUR, "x-extensible-enum": True})},
        {"note.schema": record(kind={"description": "its kind", "const": "note"})},
        {"note.schema": record(inner=NOTE)},
        {"note.schema": record(_id=TEXT, **{"$type": TEXT, "@context": TEXT, "parent_id": TEXT, "parentID": TEXT})},
    ],
    ids=["an enum with room", "a constant", "a reference has the words of its type", "names as APIs have them"],
)
def test_what_no_rule_is_about(files: dict[str, Any], tmp_path: Path) -> None:
    assert advice(project(tmp_path, files)) == ()


def test_without_services_nothing_is_unused(tmp_path: Path) -> None:
    folder = project(tmp_path, {"other.schema": record()})
    (folder / "schemas/note/note.service.json").unlink()
    assert advice(folder) == ()


def test_the_names_of_an_imported_description_are_not_ours_to_change(tmp_path: Path) -> None:
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
    assert wirelock.import_document(configuration(tmp_path), str(tmp_path / "api.json")).exit_code == 0
    built = build(configuration(tmp_path))
    assert "LINT_TYPE_NAME" in {one.code.id for one in lint(built.graph, built.documents, {})}
    assert "LINT_TYPE_NAME" not in {one.code.id for one in linted(built).diagnostics}


# how much it weighs


@pytest.mark.parametrize(
    ("word", "code", "level"),
    [("error", 1, Severity.ERROR), ("warning", 0, Severity.WARNING), ("note", 0, Severity.NOTE), ("off", 0, None)],
)
def test_a_project_says_how_much_a_rule_weighs(word: str, code: int, level: Severity | None, tmp_path: Path) -> None:
    folder = project(tmp_path, {"other.schema": record()}, f'[lint]\nLINT_UNUSED = "{word}"\n')
    assert wirelock.generate(configuration(folder)).exit_code == 0
    report = wirelock.check(configuration(folder))
    assert report.exit_code == code
    assert [one.level for one in report.diagnostics if one.code.id == "LINT_UNUSED"] == ([level] if level else [])
    rules = len(RULES) - (level is None)
    counted = {f"{one}s": int(one is level) for one in Severity}
    assert report.summary["lint"] == {"rules": rules, **counted}


@pytest.mark.parametrize(
    ("settings", "code", "line", "words"),
    [
        ('[lint]\nLINT_UNUSED = "loud"\n', "CONFIG_VALUE_INVALID", 3, "it must be one of error, warning, note, off"),
        ("[lint]\nLINT_UNUSED = false\n", "CONFIG_VALUE_INVALID", 3, "it must be one of error, warning, note, off"),
        ("[lint]\nLINT_UNUSED = []\n", "CONFIG_VALUE_INVALID", 3, "it must be one of error, warning, note, off"),
        ('[lint]\nLINT_UNUSD = "off"\n', "CONFIG_KEY_UNKNOWN", 3, "did you mean LINT_UNUSED?"),
        ('lint = "off"\n', "CONFIG_VALUE_INVALID", 2, "a table of rules, each with one of error, warning, note, off"),
    ],
)
def test_what_it_cannot_say(settings: str, code: str, line: int, words: str, tmp_path: Path) -> None:
    found = read_config(project(tmp_path, {}, settings))
    assert isinstance(found, tuple)
    assert [(one.code.id, one.where.line) for one in found] == [(code, line)]
    assert words in found[0].hint


def test_the_configuration_knows_every_rule() -> None:
    assert sorted(LINT_RULES) == sorted(code.id for code in RULES)


def test_this_project_is_clean_and_says_why_rules_are_off() -> None:
    report = wirelock.check(configuration(ROOT))
    assert [one for one in report.diagnostics if one.code.id.startswith("LINT_")] == []
    lines = (ROOT / "pyproject.toml").read_text("utf-8").splitlines()
    off = [line for line in lines if line.startswith("LINT_")]
    assert off
    assert all("  # " in line for line in off)


def test_annotations_name_real_lines(tmp_path: Path) -> None:
    files = {"note.schema": record(first={"type": "string"}, colour=COLOUR), "note.service": methods(getNote=METHOD)}
    loud = 'LINT_DESCRIPTION = "error"\nLINT_ENUM_CLOSED = "warning"\n'
    folder = project(tmp_path, files, f"[lint]\n{loud}")
    lines = {}
    for command in FORMATS["github"](linted(build(configuration(folder)))).splitlines()[:-1]:
        place = re.match(r"::(?:error|warning) file=([^,]+),line=(\d+),col=\d+,title=wirelock (\w+)::", command)
        assert place, command
        text = (folder / place[1]).read_text("utf-8").splitlines()
        lines[place[3]] = text[int(place[2]) - 1].strip()
    assert lines == {
        "LINT_DESCRIPTION": '"first": {',
        "LINT_ENUM_CLOSED": '"colour": {',
        "LINT_METHOD_NAME": '"getNote": {',
    }
