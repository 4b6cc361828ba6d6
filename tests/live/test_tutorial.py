"""The tutorial, command by command, in a folder of its own, against the real server."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import opencode
import pytest
from checkout import ROOT

PAGE = ROOT / "docs/tutorial.md"
VERSION = "1.18.33"
INSTALLING = ("python3 -m venv", "export PATH", "opencode serve")
"""Commands that the test has done already: it runs in an environment of its own, with a server on a port of its own."""
FINDINGS = "wirelock verify --live"
"""The command that says what the server does not keep, and so ends with 1."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command line of the page, and what it is said to print ("" for nothing that is told)."""

    line: str
    output: str


def commands() -> list[Command]:
    """What a reader types, in order."""
    found: list[Command] = []
    for block in re.findall(r"^```console\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            found.append(Command(line, output))
    return found


def script() -> str:
    """The client of the page."""
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return code


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who follows the page, with other ports where these may be taken."""

    folder: Path
    server: str
    bridge: int

    def here(self, text: str) -> str:
        """A text of the page, with this reader's addresses."""
        return text.replace("http://127.0.0.1:4096", self.server).replace("127.0.0.1:50051", f"127.0.0.1:{self.bridge}")

    def run(self, command: Command) -> subprocess.CompletedProcess[str]:
        """Type a command and wait."""
        return subprocess.run(
            ["bash", "-c", self.here(command.line)], cwd=self.folder, env=environment(), capture_output=True, text=True
        )

    @contextlib.contextmanager
    def left_running(self, command: Command) -> Iterator[subprocess.Popen[bytes]]:
        """Type a command that goes on in the background; its port is this reader's."""
        line = f"exec {self.here(command.line).removesuffix(' &')} --listen 127.0.0.1:{self.bridge}"
        process = subprocess.Popen(["bash", "-c", line], cwd=self.folder, env=environment())
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def environment() -> dict[str, str]:
    """This test's own, with the commands of its interpreter first."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def answers(port: int, patience: float = 120.0) -> bool:
    """Whether something listens on a port, after a while."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.2)
    return False


@pytest.mark.xdist_group("tutorial")  # which is long, and so begins early
@opencode.needs(VERSION)
def test_every_command_of_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    with opencode.running(VERSION, tmp_path / "server") as server, contextlib.ExitStack() as background:
        reader = Reader(folder, server.url, opencode.free_port())
        (folder / "sessions.py").write_text(reader.here(script()), "utf-8")
        typed = [command for command in commands() if not command.line.startswith(INSTALLING)]
        assert len(typed) == 6
        for command in typed:
            if command.line.endswith("&"):
                background.enter_context(reader.left_running(command))
                assert answers(reader.bridge)
                continue
            done = reader.run(command)
            assert done.returncode == (1 if command.line.startswith(FINDINGS) else 0), (command, done)
            assert command.output in done.stdout
