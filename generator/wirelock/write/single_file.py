"""Writes one file that the user named, such as a report: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from wirelock.diagnostics import Diagnostic
from wirelock.write.disk import discard, sync, unwritable, write


def write_file(place: Path, content: bytes) -> Diagnostic | None:
    """Write a file in place of what stands there, with the folders above it; gives why not.

    A link is followed. What is neither file nor folder (a pipe, a terminal) is written to as it is.
    """
    try:
        target = place.resolve()
        if target.exists() and not target.is_file() and not target.is_dir():
            with target.open("wb") as stream:
                stream.write(content)
            return None
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, content)
    except OSError as error:
        return unwritable(str(place), error)
    return None


def _replace(target: Path, content: bytes) -> None:
    aside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        write(aside, content)
        aside.replace(target)
    except BaseException:
        discard(aside)
        raise
    sync([target.parent])
