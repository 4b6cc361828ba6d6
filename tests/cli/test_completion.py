"""`wirelock completion`: bash completes with the script; other shells, where installed, can read theirs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from wirelock.cli import main

BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
complete -p wirelock > /dev/null
_shtab_wirelock
printf '%s\\n' "${COMPREPLY[@]}"
"""


def print_script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Return the script of a shell."""
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


OFFERED = {
    "ver": {"verify"},
    "generate --": {"--check", "--dry-run", "--format", "--help", "--project"},
    "check --format s": {"sarif"},
    "import --packages ": {"tag", "path"},
    "explain LEDGER_M": {"LEDGER_MISSING"},
    "verify traf": {"traffic.har"},
    "init here": {"here-too"},
    "numbers ": {"resolve"},
    "numbers --format ": {"text", "json"},
    "completion ": {"bash", "zsh", "fish"},
}


@pytest.mark.parametrize("typed", OFFERED)
def test_bash(typed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "completion").write_text(print_script("bash", capsys), "utf-8")
    (tmp_path / "traffic.har").touch()
    (tmp_path / "here-too").mkdir()
    command = ["bash", "-c", BASH, "bash", "completion", "wirelock", *typed.split(" ")]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (set(ran.stdout.split()), ran.stderr) == (OFFERED[typed], "")


@pytest.mark.parametrize(("shell", "check"), [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")])
def test_the_shell_can_read_it(shell: str, check: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = print_script(shell, capsys)
    assert "verify" in text
    (tmp_path / "completion").write_text(text, "utf-8")
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    ran = subprocess.run([shell, check, "completion"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_another_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "fsh"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "did you mean fish?"
