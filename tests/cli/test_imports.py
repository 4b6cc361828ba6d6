"""Imports of a command before it runs, which decide how fast the command line starts."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = {"aiohttp", "google", "grpc", "hypothesis", "jinja2", "jsonschema", "jsonschema_rs", "pydantic", "yaml"}
"""Packages that only some commands need."""


@pytest.mark.parametrize("arguments", [["--help"], ["verify", "--help"], ["explain", "OUT_OF_DATE"]])
def test_a_command_that_reads_no_project_imports_no_slow_package(arguments: list[str]) -> None:
    script = f"""
import contextlib, sys
from wirelock.cli import main
with contextlib.suppress(SystemExit):
    main({arguments!r})
print(*{{name.partition(".")[0] for name in sys.modules}}, file=sys.stderr)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout
    assert SLOW.isdisjoint(result.stderr.split())
