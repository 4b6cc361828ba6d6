"""Single steps on the disk: read, write and keep, sync, discard."""

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
NEW_FILE_MODE = 0o644  # less the umask


def unwritable(path: str, error: OSError) -> Diagnostic:
    """The operating system's refusal as a diagnostic."""
    hint = "nothing was changed; move away what stands there, or see to permissions and disk space, then run it again"
    return Diagnostic(OUTPUT_UNWRITABLE, Location(path), f"cannot be written: {error.strerror or error}", hint)


def read(root: Path, path: str) -> bytes | None:
    """The bytes of a file below the root; None where no file stands (nothing, a folder, or below a file).

    Raises OSError when it cannot be read; what is neither file nor folder counts as such, and is not opened.
    """
    place = root / path
    try:
        mode = place.lstat().st_mode
        if stat.S_ISDIR(mode):
            return None
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "not a regular file", str(place))
        return place.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(place: Path, content: bytes, mode: int | None = None) -> None:
    """Write a new file and wait until the disk has it; `mode` are its permissions, or those of any new file."""
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), NEW_FILE_MODE)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if mode is not None:
        place.chmod(mode)


def sync(folders: Iterable[Path]) -> None:
    """Wait until the disk has the names in these folders; one that is gone is passed over."""
    if sys.platform == "win32":  # folders cannot be opened there, and renames need no such help
        return
    for folder in sorted(set(folders)):
        if folder.is_dir():
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def discard(place: Path) -> None:
    """Remove a file or folder of wirelock's own; what resists twice is left for the next run to remove."""
    for _ in range(2):  # virus scanners and network drives let go a moment later
        with suppress(OSError):
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)
            return
