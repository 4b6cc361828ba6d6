"""The tutorial, command by command as it stands there, in one shell and a folder of its own.

What the reader's machine has is this environment's: `opencode` is the server that `.ci/peers` installed, kept to a home
of its own, and pip's index is a folder with the wheel of this checkout, and for each dependency one that stands for what
is installed here. Nothing of a command is changed but the two ports, and these only where something else has them.
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

PAGE = ROOT / "docs/tutorial.md"
VERSION = "1.18.33"
SERVER, BRIDGE = 4096, 50051
"""The ports of the page."""
FINDINGS = "wirelock verify --live"
"""The command that says what the server does not keep, and so ends with 1."""
_MARK = "__status__"


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


# the reader's machine


def index(folder: Path) -> None:
    """A folder that pip installs from."""
    folder.mkdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    for distribution in distributions():
        if distribution.name != "wirelock":
            stand_in(distribution, folder)


def stand_in(distribution: Distribution, folder: Path) -> None:
    """A wheel with the name, the requirements and the commands of what is installed, and the way to it."""
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


def programs(folder: Path, home: Path) -> None:
    """A folder for PATH that has the server, and the Python that environments are made with."""
    folder.mkdir()
    (folder / "python3").symlink_to(os.path.realpath(sys.executable))
    kept = " ".join(f"{name}={shlex.quote(value)}" for name, value in opencode.settings(home).items())
    server = folder / "opencode"
    server.write_text(
        f'#!/bin/sh\nexec env -i PATH="$PATH" LANG=C.UTF-8 {kept} {shlex.quote(str(opencode.binary(VERSION)))} "$@"\n',
        "utf-8",
    )
    server.chmod(0o755)


def port(wanted: int) -> int:
    """The port of the page, or another where something else has it."""
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            return opencode.free_port()
    return wanted


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who types into a shell."""

    shell: subprocess.Popen[str]
    log: Path
    server: int
    bridge: int

    def here(self, text: str) -> str:
        """A text of the page with this reader's ports."""
        if self.bridge != BRIDGE:
            text = re.sub("(wirelock serve .*) &", rf"\1 --listen 127.0.0.1:{self.bridge} &", text)
        return text.replace(str(SERVER), str(self.server)).replace(str(BRIDGE), str(self.bridge))

    def type(self, line: str) -> tuple[int, str]:
        """Type a line; gives its exit code, and what was printed on standard output."""
        assert self.shell.stdin is not None and self.shell.stdout is not None
        self.shell.stdin.write(f"{self.here(line)}\necho {_MARK} $?\n")
        self.shell.stdin.flush()
        printed = ""
        for got in self.shell.stdout:
            before, mark, code = got.partition(_MARK)
            printed += before
            if mark:
                return int(code), printed
        raise AssertionError(f"the shell has ended: {printed}{self.log.read_text('utf-8', 'replace')}")


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[Reader]:
    """A shell in a folder, on a machine that has what the page starts from; what it leaves running is ended."""
    index(folder / "index")
    programs(folder / "programs", folder / "home")
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
        yield Reader(shell, log, port(SERVER), port(BRIDGE))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)  # some versions of the server do not end otherwise
        shell.communicate()


def until(answers: str, patience: float = 120.0) -> None:
    """Until a page answers, or a port is listened on."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if answers.startswith("http"):
                urllib.request.urlopen(answers, timeout=1).close()
            else:
                socket.create_connection(("127.0.0.1", int(answers)), 1).close()
            return
        time.sleep(0.2)
    raise AssertionError(f"{answers} does not answer")


@pytest.mark.xdist_group("tutorial")  # which is long, and so begins early
@opencode.needs(VERSION)
def test_every_command_of_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the test extra has hatchling; the lowest environment does without")
    typed = commands()
    assert len(typed) == 9
    with reading(tmp_path) as reader:
        (tmp_path / "client/sessions.py").write_text(reader.here(script()), "utf-8")
        for command in typed:
            code, printed = reader.type(command.line)
            assert code == (1 if command.line.startswith(FINDINGS) else 0), (
                command,
                printed,
                reader.log.read_text("utf-8", "replace"),
            )
            assert command.output in printed
            if command.line.startswith("opencode"):
                until(f"http://127.0.0.1:{reader.server}/session")
            elif command.line.endswith("&"):
                until(str(reader.bridge))
        where = reader.type("command -v wirelock")[1].strip()
        assert where == str(tmp_path / "client/.venv/bin/wirelock")
        assert reader.type("kill %2; wait %2")[0] == 0
