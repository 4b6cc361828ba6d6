"""One writer a project: a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.write.disk import discard

if sys.platform != "win32":
    import fcntl

WRITE_LOCKED = Code("WRITE_LOCKED", Severity.ERROR, fatal=True)
LOCK = ".wirelock-lock"


@contextmanager
def locked(root: Path) -> Generator[Diagnostic | None]:
    """Hold the lock of a project, or yield that another has it; OSError when there can be none."""
    try:
        handle = _take(root / LOCK)
    except (BlockingIOError, FileExistsError):
        hint = "wait until it is done, then run it again"
        yield Diagnostic(WRITE_LOCKED, Location(LOCK), "another wirelock is writing here", hint)
        return
    try:  # the holder alone may remove the file, and only before it lets go
        yield None
    finally:
        discard(root / LOCK)
        os.close(handle)


def _take(file: Path) -> int:
    if sys.platform == "win32":  # the file goes with its last handle
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_TEMPORARY)
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), file.stat()):
                    return handle
        except BaseException as error:
            if not isinstance(error, BlockingIOError):  # then it is the holder's
                discard(file)
            os.close(handle)
            raise
        os.close(handle)  # the holder before removed the file after it was opened here
