"""Output is the same bytes for every hash seed, locale, time zone, optimization level and file order."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import ROOT

pytestmark = pytest.mark.long

SCENARIO = ROOT / "tests/scenarios/unions/input"
PLAIN = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
ODD = {"PYTHONHASHSEED": "4242", "LC_ALL": "C", "LANG": "C", "TZ": "Pacific/Kiritimati", "PYTHONOPTIMIZE": "2"}


def generate_in_process(root: Path, environment: dict[str, str], *, backwards: bool) -> dict[str, bytes]:
    """Generate a project in a process with an environment; the order of creating files differs."""
    paths = sorted((path for path in SCENARIO.rglob("*") if path.is_file()), reverse=backwards)
    for path in paths:
        target = root / path.relative_to(SCENARIO)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    command = [sys.executable, "-c", "import sys; from wirelock.cli import main; sys.exit(main(['generate']))"]
    subprocess.run(command, cwd=root, env={**os.environ, **environment}, check=True, capture_output=True, timeout=300)
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_the_surroundings_change_no_byte(tmp_path: Path) -> None:
    plain = generate_in_process(tmp_path / "plain", PLAIN, backwards=False)
    odd = generate_in_process(tmp_path / "odd", ODD, backwards=True)
    assert plain.keys() == odd.keys() and len(plain) > 30
    assert [path for path in plain if plain[path] != odd[path]] == []
