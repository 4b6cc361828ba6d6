"""The documents show what happens: commands, output, code, and links."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from checkout import RECORDINGS, ROOT, load_project

import wirelock
from wirelock.cli import main
from wirelock.cli.arguments import parse_arguments
from wirelock.report.text import render

README = ROOT / "README.md"
PATTERNS = ("*.md", "docs/**/*.md", "generator/wirelock/explanations/**/*.md", "tests/recordings/README.md")
DOCUMENTS = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))


def find_blocks(language: str) -> list[str]:
    """Return the fenced blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_two_commands() -> None:
    """CI runs the lines of the console block."""
    lines = [line.split("  #")[0] for block in find_blocks("console") for line in block.splitlines()]
    assert [line.strip() for line in lines] == [
        "$ python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/wirelock check",
        '$ .venv/bin/pip install -e ".[test]" && .venv/bin/pytest',
    ]


def test_the_first_result_is_the_output_of_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("schemas", "proto", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "wirelock.toml").write_text('package = "opencode_api"\nproto-package = "opencode"\n', "utf-8")
    shutil.copy(RECORDINGS / "lifecycle-0.5.29.har", tmp_path / "capture.har")
    monkeypatch.chdir(tmp_path)
    block = find_blocks("text")[0]
    command, _, output = block.partition("\n")
    assert command == "$ wirelock verify capture.har"
    assert main(command.split()[2:]) == 1
    assert capsys.readouterr().out.startswith(output)


def test_the_output_of_check() -> None:
    printed = render(wirelock.check(load_project(ROOT)))
    shown = find_blocks("text")[1]
    if os.environ.get("RECORD"):
        README.write_text(README.read_text("utf-8").replace(shown, printed), "utf-8")
        shown = find_blocks("text")[1]
    assert remove_random_count(shown) == remove_random_count(printed)


def remove_random_count(text: str) -> str:
    """Remove the number of valid random documents, which depends on the version of hypothesis."""
    return re.sub(r"\d+ valid", "some valid", text)


def test_the_schema_becomes_the_proto_and_a_deleted_field_is_reserved(tmp_path: Path) -> None:
    schema: dict[str, Any] = json.loads(find_blocks("json")[0])
    before, after = find_blocks("proto")
    (tmp_path / "wirelock.toml").write_text('package = "shop_api"\n', "utf-8")
    file = tmp_path / "schemas/shop/order.schema.json"
    file.parent.mkdir(parents=True)
    assert generate_proto(tmp_path, file, schema).endswith(f"package shop_api.shop;\n\n{before}")
    del schema["properties"]["note"]
    assert f"\n{after}" in generate_proto(tmp_path, file, schema)


def generate_proto(folder: Path, file: Path, schema: dict[str, Any]) -> str:
    """Write a schema, generate the project, and return its proto."""
    file.write_text(json.dumps(schema), "utf-8")
    assert wirelock.generate(load_project(folder)).exit_code == 0
    return (folder / "proto/shop.proto").read_text("utf-8")


def test_an_existing_api_in_two_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    match = re.search(r"^    echo '(.*)' > (\S+)\n    (.*)$", README.read_text("utf-8"), re.MULTILINE)
    assert match is not None
    monkeypatch.chdir(tmp_path)
    Path(match[2]).write_text(f"{match[1]}\n", "utf-8")
    operation = {"operationId": "getItem", "responses": {"200": {"description": "An item."}}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/item": {"get": operation}}}
    Path("openapi.json").write_text(json.dumps(document), "utf-8")
    for command in match[3].split(" && "):
        assert main(command.split()[1:]) == 0
    assert Path("proto").is_dir()


def test_the_python_does_what_its_comments_say() -> None:
    (code,) = find_blocks("python")
    values: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), values)
    stated = [line.split("  # ") for line in code.splitlines() if "  # " in line]
    assert len(stated) >= 4
    for expression, value in stated:
        name, _, right = expression.strip().partition(" = ")
        assert repr(eval(right or name, values)) == value.strip(), expression


def find_commands(document: Path) -> list[str]:
    """Return the wirelock command lines in a document's code."""
    text = document.read_text("utf-8")
    quoted = re.findall(r"`(wirelock [a-z][^`]*)`", text)
    lines = re.findall(r"^(?:    |\$ )(.*\bwirelock .*)$", text, re.MULTILINE)
    parts = [part for line in lines for part in re.split(r" && ", line.split("  #")[0])]
    return [
        *quoted,
        *(
            part.strip().removeprefix(".venv/bin/").removesuffix(" &")
            for part in parts
            if re.match(r"\S*wirelock [a-z]", part)
        ),
    ]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_in_a_document_exists(document: Path) -> None:
    for command in find_commands(document):
        words = [word for word in command.split()[1:] if word not in ("RECORDINGS", "CODE", "FILE...,", "FILE...")]
        parse_arguments(words)


def test_documents_name_commands() -> None:
    assert len(find_commands(README)) >= 5


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_has_a_target(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), target
