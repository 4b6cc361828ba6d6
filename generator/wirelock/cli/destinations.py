"""Report targets: one format on standard output, others in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class OutputTarget:
    """A format and its file; "" is standard output."""

    format: str
    file: str = ""


def resolve_targets(requested: Sequence[OutputTarget]) -> tuple[OutputTarget, ...]:
    """Return the requested targets, plus text on standard output if nothing else goes there.

    Raises ValueError if two reports have the same target.
    """
    printed = [output for output in requested if not output.file]
    if len(printed) > 1:
        other = printed[1].format
        raise ValueError(f"only one report can be printed; write the other to a file: --format {other}=FILE")
    files = [output.file for output in requested if output.file]
    if len({Path(file).resolve() for file in files}) < len(files):
        raise ValueError(f"two reports have the same file: {', '.join(files)}")
    return tuple(requested) if printed else (OutputTarget("text"), *requested)
