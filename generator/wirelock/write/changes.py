"""Changes to files, and their diff."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Literal

_MAX_DIFF_LINES = 200


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one file; `before` is None for a new file, `after` for a deleted one."""

    path: str
    kind: Literal["add", "change", "delete"]
    before: bytes | None
    after: bytes | None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """All changes of one run, by path; they are applied together or not at all."""

    changes: tuple[Change, ...] = ()


def make_change(path: str, before: bytes | None, after: bytes | None) -> Change | None:
    """Return the change from one content to another; None if they are equal."""
    if before == after:
        return None
    return Change(path, "add" if before is None else "delete" if after is None else "change", before, after)


def format_diff(changes: ChangeSet) -> str:
    """Return a unified diff: at most 200 lines per file, and one line per binary file."""
    return "".join(line for item in changes.changes for line in _format_file_diff(item))


def _format_file_diff(item: Change) -> Iterator[str]:
    before, after = _split_lines(item.before), _split_lines(item.after)
    if before is None or after is None:
        yield f"binary file {item.path} differs\n"
        return
    old = "/dev/null" if item.before is None else f"a/{item.path}"
    new = "/dev/null" if item.after is None else f"b/{item.path}"
    lines = list(unified_diff(before, after, old, new)) or [f"--- {old}\n", f"+++ {new}\n"]  # an empty file
    for line in lines[:_MAX_DIFF_LINES]:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
    if len(lines) > _MAX_DIFF_LINES:
        yield f"... {len(lines) - _MAX_DIFF_LINES} more lines of {item.path}\n"


def _split_lines(content: bytes | None) -> list[str] | None:
    """Return the lines with their line feeds; None if the content is not UTF-8. Only a line feed ends a line."""
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError:
        return None
    *complete, rest = text.split("\n")
    return [*(line + "\n" for line in complete), *([rest] if rest else [])]
