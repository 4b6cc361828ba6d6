"""OpenCode servers with separate home folders; `.ci/peers` installs the servers."""

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
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class OpenCodeServer:
    """A running server; `directory` is its project folder."""

    url: str
    directory: Path
    version: str


def find_binary(version: str) -> Path:
    """Return the path of the server of a version, which may not be installed."""
    return PEERS / f"node_modules/opencode-{version}/bin/opencode"


def skip_without(version: str) -> pytest.MarkDecorator:
    """Skip a test if the server of a version is not installed."""
    return pytest.mark.skipif(
        not find_binary(version).is_file(),
        reason=f"OpenCode {version} is not installed in the folder of WIRELOCK_PEERS",
    )


@contextlib.contextmanager
def run_server(
    version: str, folder: Path, password: str = "", files: Mapping[str, str] | None = None
) -> Iterator[OpenCodeServer]:
    """Run a server of a version in a folder; `files` are written into its project first."""
    project = folder / "project"
    project.mkdir(parents=True)
    for name, text in (files or {}).items():
        (project / name).write_text(text, "utf-8")
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **build_environment(folder)}
    environment |= {"OPENCODE_SERVER_PASSWORD": password} if password else {}
    port = find_free_port()
    command = [str(find_binary(version)), "serve", "--hostname", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=project, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, folder / "server.log")
        yield OpenCodeServer(url, project, version)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # some versions ignore other signals
        process.wait()


def build_environment(folder: Path) -> dict[str, str]:
    """Return environment variables that restrict a server to a folder and disable downloads."""
    homes = {name: str(folder / name.lower()) for name in _HOMES}
    return homes | {f"OPENCODE_DISABLE_{name}": "1" for name in _DISABLED}


def find_free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server responds; it may never respond to a request that arrives while the port opens."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        try:
            with urllib.request.urlopen(f"{url}/session", timeout=1):
                return
        except urllib.error.HTTPError:
            return  # the server runs and requires a password
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not respond\n{log.read_text('utf-8', 'replace')}")
