"""What the documents show is what happens: commands, output, code, links."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from checkout import ROOT, configuration

import wirelock
from wirelock.cli.arguments import parsed
from wirelock.report.text import render

README = ROOT / "README.md"
PATTERNS = ("*.md", "docs/**/*.md", "generator/wirelock/explanations/*.md", "tests/recordings/README.md")
DOCUMENTS = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_two_commands() -> None:
    """CI runs them as they stand there."""
    lines = [line.split("  #")[0] for block in blocks("console") for line in block.splitlines()]
    assert [line.strip() for line in lines] == [
        "$ python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/wirelock check",
        '$ .venv/bin/pip install -e ".[test]" && .venv/bin/pytest',
    ]


def test_the_first_look_is_what_check_prints() -> None:
    printed = render(wirelock.check(configuration(ROOT)))
    (shown,) = blocks("text")
    if os.environ.get("RECORD"):
        README.write_text(README.read_text("utf-8").replace(shown, printed), "utf-8")
        (shown,) = blocks("text")
    assert without_luck(shown) == without_luck(printed)


def without_luck(text: str) -> str:
    """The report without how many of the drawn documents were valid, which the version of hypothesis decides."""
    return re.sub(r"\d+ valid", "some valid", text)


def test_the_python_does_what_its_comments_say() -> None:
    (code,) = blocks("python")
    values: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), values)
    told = [line.split("  # ") for line in code.splitlines() if "  # " in line]
    assert len(told) >= 4
    for expression, value in told:
        name, _, right = expression.strip().partition(" = ")
        assert repr(eval(right or name, values)) == value.strip(), expression


def commands(document: Path) -> list[str]:
    """The command lines of wirelock in a document's code."""
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
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    for command in commands(document):
        words = [word for word in command.split()[1:] if word not in ("RECORDINGS", "CODE", "FILE...,", "FILE...")]
        parsed(words)


def test_documents_name_commands() -> None:
    assert len(commands(README)) >= 5


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text("utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), target
