"""The commands of the tutorial, run unchanged in one shell and a separate folder.

`opencode` is the server that `.ci/peers` installs, with a separate home folder. The index of pip is a folder with the
wheel of this checkout, and with a stand-in for each installed dependency. Only the two ports are replaced, and only if
they are in use.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

import opencode
import pytest
from checkout import ROOT

pytestmark = pytest.mark.long

PAGE = ROOT / "docs/tutorial.md"
VERSION = "1.18.33"
SERVER, BRIDGE = 4096, 50051
"""The ports of the page."""
FINDINGS = "wirelock verify --live"
"""The command that reports deviations of the server, and so exits with 1."""
_MARK = "__status__"


@dataclass(frozen=True, slots=True)
class PageCommand:
    """A command line of the page, and its output on the page, or ""."""

    line: str
    output: str


def parse_commands() -> list[PageCommand]:
    """Return the commands of the page in order."""
    commands: list[PageCommand] = []
    for block in re.findall(r"^```console\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            commands.append(PageCommand(line, output))
    return commands


def read_client() -> str:
    """Return the Python client of the page."""
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return code


# the reader's machine


def build_index(folder: Path) -> None:
    """Create a folder that pip installs from."""
    folder.mkdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    for distribution in distributions():
        if distribution.name != "wirelock":
            write_stand_in(distribution, folder)


def write_stand_in(distribution: Distribution, folder: Path) -> None:
    """Write a wheel with the metadata of an installed distribution and a path to its files."""
    name = f"{re.sub('[-_.]+', '_', distribution.name)}-{distribution.version}"
    files = {
        f"{name}.pth": sysconfig.get_paths()["purelib"] + "\n",
        f"{name}.dist-info/METADATA": distribution.read_text("METADATA") or "",
        f"{name}.dist-info/entry_points.txt": distribution.read_text("entry_points.txt") or "",
        f"{name}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{name}.dist-info/RECORD"
    files[record] = "".join(f"{path},,\n" for path in (*files, record))
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def write_programs(folder: Path, home: Path) -> None:
    """Create a folder for PATH with the server and with Python."""
    folder.mkdir()
    (folder / "python3").symlink_to(os.path.realpath(sys.executable))
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in opencode.build_environment(home).items())
    server = folder / "opencode"
    server.write_text(
        f'#!/bin/sh\nexec env -i PATH="$PATH" LANG=C.UTF-8 {variables} {shlex.quote(str(opencode.find_binary(VERSION)))} "$@"\n',
        "utf-8",
    )
    server.chmod(0o755)


def choose_port(preferred: int) -> int:
    """Return the port of the page, or a free one if it is in use."""
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", preferred))
        except OSError:
            return opencode.find_free_port()
    return preferred


@dataclass(frozen=True, slots=True)
class ReaderShell:
    """A shell that runs the commands of the page."""

    shell: subprocess.Popen[str]
    log: Path
    server: int
    bridge: int

    def use_ports(self, text: str) -> str:
        """Replace the ports of the page in a text."""
        if self.bridge != BRIDGE:
            text = re.sub("(wirelock serve .*) &", rf"\1 --listen 127.0.0.1:{self.bridge} &", text)
        return text.replace(str(SERVER), str(self.server)).replace(str(BRIDGE), str(self.bridge))

    def type(self, line: str) -> tuple[int, str]:
        """Run a command line; return its exit code and its standard output."""
        assert self.shell.stdin is not None and self.shell.stdout is not None
        self.shell.stdin.write(f"{self.use_ports(line)}\necho {_MARK} $?\n")
        self.shell.stdin.flush()
        output = ""
        for line in self.shell.stdout:
            before, mark, code = line.partition(_MARK)
            output += before
            if mark:
                return int(code), output
        raise AssertionError(f"the shell has ended: {output}{self.log.read_text('utf-8', 'replace')}")


@contextlib.contextmanager
def run_shell(folder: Path) -> Iterator[ReaderShell]:
    """Run a shell in a folder with the programs of the page; kill its background processes at the end."""
    build_index(folder / "index")
    write_programs(folder / "programs", folder / "home")
    (folder / "client").mkdir()
    environment = {**os.environ, "PATH": f"{folder / 'programs'}{os.pathsep}{os.environ['PATH']}"}
    environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder / "index"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    log, pipe = folder / "log", subprocess.PIPE
    with log.open("wb") as errors:
        shell = subprocess.Popen(
            ["bash"],
            cwd=folder / "client",
            env=environment,
            stdin=pipe,
            stdout=pipe,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        yield ReaderShell(shell, log, choose_port(SERVER), choose_port(BRIDGE))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)  # some versions of the server ignore other signals
        shell.communicate()


def wait_until_ready(target: str, seconds: float = 120.0) -> None:
    """Wait until a URL responds, or a port accepts connections."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if target.startswith("http"):
                urllib.request.urlopen(target, timeout=1).close()
            else:
                socket.create_connection(("127.0.0.1", int(target)), 1).close()
            return
        time.sleep(0.2)
    raise AssertionError(f"{target} does not respond")


@pytest.mark.xdist_group("tutorial")  # grouped tests start early, and this one is long
@opencode.skip_without(VERSION)
def test_every_command_of_the_tutorial_works(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the test extra has hatchling; the lowest environment does without")
    commands = parse_commands()
    assert len(commands) == 9
    with run_shell(tmp_path) as reader:
        (tmp_path / "client/sessions.py").write_text(reader.use_ports(read_client()), "utf-8")
        for command in commands:
            code, output = reader.type(command.line)
            assert code == (1 if command.line.startswith(FINDINGS) else 0), (
                command,
                output,
                reader.log.read_text("utf-8", "replace"),
            )
            assert command.output in output
            if command.line.startswith("opencode"):
                wait_until_ready(f"http://127.0.0.1:{reader.server}/session")
            elif command.line.endswith("&"):
                wait_until_ready(str(reader.bridge))
        location = reader.type("command -v wirelock")[1].strip()
        assert location == str(tmp_path / "client/.venv/bin/wirelock")
        assert reader.type("kill %2; wait %2")[0] == 0
