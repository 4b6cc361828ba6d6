"""What would change on disk, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Literal

_MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One file: its bytes before (None: there is none) and after (None: it goes)."""

    path: str
    kind: Literal["add", "change", "delete"]
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Every change of one run, by path; they happen together or not at all."""

    changes: tuple[Change, ...] = ()


def change(path: str, before: bytes | None, after: bytes | None) -> Change | None:
    """The change that leads from one content to the other, if there is one."""
    if before == after:
        return None
    return Change(path, "add" if before is None else "delete" if after is None else "change", before, after)


def diff(changes: ChangeSet) -> str:
    """The changes as a unified diff; of each file at most 200 lines, of binary files that they differ."""
    return "".join(line for item in changes.changes for line in _diff(item))


def _diff(item: Change) -> Iterator[str]:
    before, after = _lines(item.before), _lines(item.after)
    if before is None or after is None:
        yield f"binary file {item.path} differs\n"
        return
    old = "/dev/null" if item.before is None else f"a/{item.path}"
    new = "/dev/null" if item.after is None else f"b/{item.path}"
    lines = list(unified_diff(before, after, old, new)) or [f"--- {old}\n", f"+++ {new}\n"]  # an empty file
    for line in lines[:_MAX_LINES]:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
    if len(lines) > _MAX_LINES:
        yield f"... {len(lines) - _MAX_LINES} more lines of {item.path}\n"


def _lines(content: bytes | None) -> list[str] | None:
    """Lines with their line feeds, which alone end a line; None for what is not text."""
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError:
        return None
    *whole, rest = text.split("\n")
    return [*(line + "\n" for line in whole), *([rest] if rest else [])]
