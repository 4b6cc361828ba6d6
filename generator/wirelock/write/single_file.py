"""Atomic write of one file at a path that the user chose, such as a report."""

from __future__ import annotations

import os
from pathlib import Path

from wirelock.diagnostics import Diagnostic
from wirelock.write.disk import build_unwritable, discard, sync_folders, write_new_file


def write_file(path: Path, content: bytes) -> Diagnostic | None:
    """Write or replace a file and create its folders; return a diagnostic on failure.

    A symbolic link is followed. A pipe, terminal or device is written to directly.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as stream:
                stream.write(content)
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace_file(target, content)
    except OSError as error:
        return build_unwritable(str(path), error)
    return None


def _replace_file(target: Path, content: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        write_new_file(temporary, content)
        temporary.replace(target)
    except BaseException:
        discard(temporary)
        raise
    sync_folders([target.parent])
