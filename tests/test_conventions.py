"""Conventions of the code base that a program can check."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest
from plain_names import find_functions_without_verb, find_repeated_classes, find_vague_docstrings

import wirelock
from wirelock.compat.json import RULES as JSON_RULES
from wirelock.compat.registry import build_pages
from wirelock.compat.wire.rules import RULES as WIRE_RULES
from wirelock.diagnostics import Code
from wirelock.emit import EMITTERS
from wirelock.parse.keywords import KEYWORDS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "generator/wirelock"
TEMPLATES = ROOT / "templates"
PLAIN_SINCE = "2026-12-01T00:00:00Z"
"""Older commit subjects have another form."""


def list_codes() -> list[tuple[str, Code]]:
    """List every code that a module defines, with the name of its variable."""
    names = [module.name for module in walk_packages(wirelock.__path__, "wirelock.") if "__main__" not in module.name]
    members = [member for name in names for member in vars(import_module(name)).items()]
    found = {id(value): (name, value) for name, value in members if isinstance(value, Code)}
    return sorted(found.values(), key=lambda pair: pair[0])


def test_codes_are_unique_and_named_as_their_variables() -> None:
    ids = [code.id for _, code in list_codes()]
    assert len(ids) == len(set(ids)) > 50
    assert ids == [name for name, _ in list_codes()]


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    pages = {page.stem for page in (PACKAGE / "explanations").glob("*/*.md")}
    assert pages == {code.id for _, code in list_codes()}


def test_every_rule_of_the_breaking_check_has_a_page_made_of_its_docstring_and_a_name_of_its_own() -> None:
    found = build_pages()
    assert len(found) == len(WIRE_RULES) + len(JSON_RULES) > 70
    assert found.keys().isdisjoint(code.id for _, code in list_codes())


@pytest.mark.parametrize("id", sorted(build_pages()))
def test_the_page_of_a_rule_is_as_short_as_any(id: str) -> None:
    lines = build_pages()[id].splitlines()
    assert lines[0] == f"# {id}"
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", id)
    assert 5 < len(lines) < 20
    assert max(map(len, lines)) <= 130
    assert lines[-1].startswith("It protects ")


@pytest.mark.parametrize("page", sorted((PACKAGE / "explanations").glob("*/*.md")), ids=lambda page: page.stem)
def test_a_page_begins_with_its_code_and_is_short(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert lines[0] == f"# {page.stem}"
    assert 3 < len(lines) < 20
    assert max(map(len, lines)) <= 130


def test_every_module_of_emit_is_listed_or_used_by_one_that_is() -> None:
    listed = {emitter.name for emitter in EMITTERS}
    shared = {"__init__", "contract", "render", "exported_types"}
    assert {module.stem for module in (PACKAGE / "emit").glob("*.py")} == listed | shared


def test_every_template_is_used() -> None:
    code = "".join(path.read_text("utf-8") for folder in ("emit", "api") for path in (PACKAGE / folder).glob("*.py"))
    for template in TEMPLATES.rglob("*.j2"):
        name = template.relative_to(TEMPLATES).as_posix()
        assert f'"{name}"' in code or f'"{name.removeprefix("init/").removesuffix(".j2")}"' in code, name


def test_every_folder_of_templates_belongs_to_an_emitter_or_to_init() -> None:
    assert {folder.name for folder in TEMPLATES.iterdir()} <= {emitter.name for emitter in EMITTERS} | {"init"}


def test_the_runtime_is_copied_byte_for_byte() -> None:
    folders = PACKAGE / "runtime", ROOT / "generated/opencode_api/_runtime"
    ours, copied = ({path.relative_to(f): path.read_bytes() for path in f.rglob("*.py")} for f in folders)
    assert copied == ours


def test_the_runtime_imports_nothing_of_ours() -> None:
    for path in (PACKAGE / "runtime").rglob("*.py"):
        assert not re.search(r"^\s*(from|import) wirelock", path.read_text("utf-8"), re.MULTILINE), path.name


def test_only_cli_prints() -> None:
    for path in PACKAGE.rglob("*.py"):
        if "cli" not in path.relative_to(PACKAGE).parts:
            assert not re.search(r"\bprint\(", path.read_text("utf-8")), path.name


def test_no_module_is_called_after_nothing() -> None:
    names = {path.stem for path in PACKAGE.rglob("*.py")}
    assert not names & {"utils", "helpers", "manager", "misc", "common"}


def test_modules_of_tests_have_names_of_their_own() -> None:
    """pytest imports them by their bare names; of two that share one, the second is never run."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []


def test_keywords_are_a_table() -> None:
    assert {"type", "properties", "required", "$ref", "anyOf"} <= set(KEYWORDS)


@pytest.mark.parametrize("folder", [PACKAGE, ROOT / "tests"], ids=["generator", "tests"])
def test_functions_are_verbs(folder: Path) -> None:
    names = {path.name: [*find_functions_without_verb(parse_module(path))] for path in list_modules(folder)}
    assert {name: functions for name, functions in names.items() if functions} == {}


@pytest.mark.parametrize("folder", [PACKAGE, ROOT / "tests"], ids=["generator", "tests"])
def test_docstrings_begin_with_a_verb_or_a_noun(folder: Path) -> None:
    lines = {path.name: [*find_vague_docstrings(parse_module(path))] for path in list_modules(folder)}
    assert {name: docstrings for name, docstrings in lines.items() if docstrings} == {}


@pytest.mark.parametrize("folder", [PACKAGE, ROOT / "tests"], ids=["generator", "tests"])
def test_no_class_name_is_used_twice(folder: Path) -> None:
    assert find_repeated_classes(list_modules(folder)) == {}


def list_modules(folder: Path) -> list[Path]:
    """List the modules of a folder that people write; fixtures of hostile files are left out."""
    return sorted(path for path in folder.rglob("*.py") if "scenarios" not in path.parts)


def parse_module(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text("utf-8"))


def test_commit_subjects_are_short_imperatives() -> None:
    command = ["git", "log", f"--since={PLAIN_SINCE}", "--no-merges", "--format=%s"]
    log = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if log.returncode:
        pytest.skip("this is not a git checkout")
    for subject in log.stdout.splitlines():
        assert len(subject) <= 72, subject
        first = subject.split()[0]
        assert first[0].isupper() and not first.endswith(("ed", "ing", ".")), subject
