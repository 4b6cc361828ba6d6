"""Processes of the commands `wirelock proxy` and `wirelock record`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from checkout import ROOT


@dataclass
class RunningCommand:
    """A process that listens, and its address."""

    process: subprocess.Popen[bytes]
    address: str

    def get(self, target: str) -> bytes:
        """Send a GET request; return the body of the response."""
        with urllib.request.urlopen(self.address + target, timeout=10) as response:
            body: bytes = response.read()
            return body

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal; return the exit code, the output and the errors."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out.decode(), err.decode()


@contextlib.contextmanager
def run_command(*arguments: str, folder: Path = ROOT, prefix: Sequence[str] = ()) -> Iterator[RunningCommand]:
    """Run a command on a free port; `prefix` is put before the command line, for example to set limits."""
    command = [*prefix, sys.executable, "-m", "wirelock", *arguments, "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        line = process.stderr.readline().decode()
        assert line.startswith("listening on http://127.0.0.1:"), line
        yield RunningCommand(process, line.split()[2].rstrip(",;"))
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        process.stderr.close()


def run_to_end(*arguments: str, folder: Path = ROOT, **environment: str) -> tuple[int, str]:
    """Run a command until it ends; return the exit code and the output."""
    command = [sys.executable, "-m", "wirelock", *arguments]
    result = subprocess.run(
        command, cwd=folder, capture_output=True, timeout=60, check=False, env={**os.environ, **environment}
    )
    return result.returncode, result.stdout.decode()
