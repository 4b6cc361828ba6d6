"""Where a report goes: one format to standard output, others to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Output:
    """A format and the file that it is written to; "" is standard output."""

    format: str
    file: str = ""


def destinations(stated: Sequence[Output]) -> tuple[Output, ...]:
    """What is stated, with text on standard output if nothing else goes there.

    Raises ValueError when two go to one place.
    """
    printed = [output for output in stated if not output.file]
    if len(printed) > 1:
        other = printed[1].format
        raise ValueError(f"only one report is printed; give the other a file: --format {other}=FILE")
    files = [output.file for output in stated if output.file]
    if len({Path(file).resolve() for file in files}) < len(files):
        raise ValueError(f"two reports go to one file: {', '.join(files)}")
    return tuple(stated) if printed else (Output("text"), *stated)
