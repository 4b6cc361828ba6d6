"""Long work shows progress on a terminal, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = """
import time
from wirelock.cli import progress
progress._PATIENCE = {patience}
with progress.show_progress() as show:
    show("emitting models", 1, 2)
    time.sleep(0.3)
"""


def show_on_terminal(patience: float, folder: Path) -> str:
    """Return the output of half a second of work with a terminal as standard error."""
    ours, theirs = pty.openpty()
    code = SLOW.format(patience=patience)
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen([sys.executable, "-c", code], cwd=folder, stderr=theirs, env=environment) as process:
        os.close(theirs)
        process.wait(timeout=30)
        try:
            return os.read(ours, 65536).decode()
        finally:
            os.close(ours)


def test_work_past_our_patience_is_shown(tmp_path: Path) -> None:
    assert "emitting models" in show_on_terminal(-1, tmp_path)


@pytest.mark.parametrize("patience", [60])
def test_short_work_is_not(patience: float, tmp_path: Path) -> None:
    assert "emitting models" not in show_on_terminal(patience, tmp_path)


def test_nothing_in_a_pipe(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SLOW.format(patience=-1)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")
