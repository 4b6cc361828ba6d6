"""`--help` prints manual pages; `help/` has them, and RECORD=1 rewrites them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from wirelock.cli import main
from wirelock.cli.arguments import build_parsers, parse_arguments
from wirelock.cli.help import OVERVIEW, PAGES, HelpPage
from wirelock.report.labels import list_codes

GOLDEN = Path(__file__).with_name("help")
WHOLE_PARSER, COMMANDS = build_parsers()
PARSERS = {"wirelock": WHOLE_PARSER, **COMMANDS}


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="argparse lays usage out differently since Python 3.13")
@pytest.mark.parametrize("name", PARSERS)
def test_the_page_is_as_shown(name: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    text = PARSERS[name].format_help()
    if os.environ.get("RECORD"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_page_is_never_too_wide(name: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert max(map(len, PARSERS[name].format_help().splitlines())) <= 100


@pytest.mark.parametrize("name", PARSERS)
def test_a_page_has_examples_exit_codes_and_environment(name: str) -> None:
    text = PARSERS[name].format_help()
    for section in ("examples", "exit codes", "environment"):
        assert f"\n{section}:\n  " in text


def test_every_command_has_a_page_and_every_page_a_command() -> None:
    assert set(PAGES) == set(COMMANDS)


@pytest.mark.parametrize("page", [OVERVIEW, *PAGES.values()], ids=["wirelock", *PAGES])
def test_the_examples_are_commands_of_ours(page: HelpPage) -> None:
    assert page.examples
    for command, words in page.examples:
        name, *arguments = command.split()
        assert name == "wirelock"
        parse_arguments(arguments)
        assert words


def test_explain_lists_every_code_with_one_line_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    codes = [line.split()[0] for line in lines if line.startswith("  ")]
    assert sorted(codes) == sorted(list_codes())
    assert {line for line in lines if line and not line.startswith(" ")} >= {
        "configuration",
        "verification",
        "breaking rules",
    }
    assert all(len(line.split(maxsplit=1)) == 2 and len(line) <= 240 for line in lines if line.startswith("  "))
