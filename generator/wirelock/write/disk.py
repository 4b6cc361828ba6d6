"""File system operations: read, write, sync, discard."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity

OUTPUT_UNWRITABLE = Code("OUTPUT_UNWRITABLE", Severity.ERROR, fatal=True)
NEW_FILE_MODE = 0o644  # before the umask is applied


def build_unwritable(path: str, error: OSError) -> Diagnostic:
    """Return the diagnostic for an error of the operating system."""
    hint = "nothing was changed; check the path, its permissions and the free space, then run the command again"
    return Diagnostic(OUTPUT_UNWRITABLE, Location(path), f"cannot be written: {error.strerror or error}", hint)


def read_file(root: Path, path: str) -> bytes | None:
    """Return the bytes of a file below the root; None if it does not exist or is a folder.

    Raises OSError if the file cannot be read. Devices and pipes are not opened and raise OSError.
    """
    target = root / path
    try:
        mode = target.lstat().st_mode
        if stat.S_ISDIR(mode):
            return None
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a regular file", str(target))
        return target.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_new_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """Create a file and wait until it is on the disk; `mode` are its permissions, by default those of a new file."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), NEW_FILE_MODE)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if mode is not None:
        path.chmod(mode)


def sync_folders(folders: Iterable[Path]) -> None:
    """Wait until the entries of these folders are on the disk; folders that no longer exist are skipped."""
    if sys.platform == "win32":  # folders cannot be opened there, and renames do not need it
        return
    for folder in sorted(set(folders)):
        if folder.is_dir():
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def discard(path: Path) -> None:
    """Remove a temporary file or folder; after two failed attempts it is left to the next run."""
    for _ in range(2):  # virus scanners and network drives may hold a file for a moment
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            return
