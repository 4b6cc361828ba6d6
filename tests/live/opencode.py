"""A real OpenCode server with a home of its own, so that nothing of anybody's is read; `.ci/peers` installs it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

PEERS = Path(os.environ.get("WIRELOCK_PEERS", "/nonexistent"))
VERSIONS = ("1.18.33", "1.1.11")
_DISABLED = ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "DEFAULT_PLUGINS", "CLAUDE_CODE")
_HOMES = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A running server; `directory` is the project that it was started in."""

    url: str
    directory: Path
    version: str


def binary(version: str) -> Path:
    """Where the server of a version is installed."""
    return PEERS / f"node_modules/opencode-{version}/bin/opencode"


def needs(version: str) -> pytest.MarkDecorator:
    """Skips a test, by name, where the server of a version is not installed."""
    return pytest.mark.skipif(
        not binary(version).is_file(),
        reason=f"OpenCode {version} is not installed: WIRELOCK_PEERS names no folder of it",
    )


@contextlib.contextmanager
def running(
    version: str, folder: Path, password: str = "", files: Mapping[str, str] | None = None
) -> Iterator[OpenCode]:
    """A server of that version in a folder; `files` are written into its project before it starts."""
    project = folder / "project"
    project.mkdir(parents=True)
    for name, text in (files or {}).items():
        (project / name).write_text(text, "utf-8")
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **settings(folder)}
    environment |= {"OPENCODE_SERVER_PASSWORD": password} if password else {}
    port = free_port()
    command = [str(binary(version)), "serve", "--hostname", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=project, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, folder / "server.log")
        yield OpenCode(url, project, version)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # some versions do not end otherwise
        process.wait()


def settings(folder: Path) -> dict[str, str]:
    """The variables with which a server keeps to a folder, and to itself."""
    homes = {name: str(folder / name.lower()) for name in _HOMES}
    return homes | {f"OPENCODE_DISABLE_{name}": "1" for name in _DISABLED}


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers; a request in the moment in which the port opens may never be answered."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        try:
            with urllib.request.urlopen(f"{url}/session", timeout=1):
                return
        except urllib.error.HTTPError:
            return  # it wants a password, but it is there
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer\n{log.read_text('utf-8', 'replace')}")
