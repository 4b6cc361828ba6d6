"""The lock of a project, which allows one writer at a time; the operating system drops it when the holder dies."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.write.disk import discard

WRITE_LOCKED = Code("WRITE_LOCKED", Severity.ERROR, fatal=True)
LOCK_NAME = ".wirelock-lock"
_TIMEOUT_SECONDS = 0.1  # long enough to retry when the previous holder removes the file during the attempt
_POLL_SECONDS = 0.01


@contextmanager
def acquire_lock(root: Path) -> Generator[Diagnostic | None]:
    """Hold the lock of a project and yield None, or yield a diagnostic if another process holds it.

    Raises OSError if the lock file cannot be created.
    """
    from filelock import FileLock, Timeout  # imported late, because most runs write nothing

    path = root / LOCK_NAME
    if not root.is_dir():  # FileLock would create the folder
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    existed = path.exists()
    lock = FileLock(path, timeout=_TIMEOUT_SECONDS, mode=0o600, poll_interval=_POLL_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        hint = "wait until it has finished, then run the command again"
        yield Diagnostic(WRITE_LOCKED, Location(LOCK_NAME), "another wirelock process is writing to the project", hint)
        return
    except BaseException:
        if not existed:
            discard(path)
        raise
    try:
        yield None
    finally:
        discard(path)  # before the release, because the next holder may use the same file
        lock.release()
