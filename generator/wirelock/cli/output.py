"""Printing: plain in a pipe, coloured on a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from wirelock.api.repository_paths import annotated
from wirelock.cli.destinations import Output
from wirelock.diagnostics import Report
from wirelock.report import FORMATS
from wirelock.runtime.json.formatting import visible
from wirelock.write import write_file

_STYLES = {
    "error": "bold red",
    "findings": "bold red",
    "could not run": "bold red",
    "warning": "yellow",
    "expected": "cyan",
    "note": "dim",
    "clean": "bold green",
    "+": "green",
    "-": "red",
    "@@": "cyan",
}
_OF_FORGES = ("github", "sarif")
"""Formats in which a forge looks for the files, from the top of the repository."""
_HEAD = re.compile("|".join(re.escape(word) for word in _STYLES))


def printed(report: Report, outputs: Sequence[Output], root: Path | None = None) -> int:
    """Print a report, and write it to the files that are named; gives its exit code, 2 if a file cannot be written.

    `root` is the folder that the report names files from, the working folder if nothing is said.
    """
    code = report.exit_code
    for output in outputs:
        text = _rendered(report, output.format, root or Path.cwd())
        if not output.file:
            _out(text)
            continue
        trouble = write_file(Path(output.file), text.encode())
        if trouble is not None:
            code = failed(f"{output.file}: {trouble.message}\n{trouble.hint}")
    return code


def _rendered(report: Report, format: str, root: Path) -> str:
    """A report in a format; as text it has its diff before it, and forges are told names that are theirs."""
    text = FORMATS[format](annotated(root, report) if format in _OF_FORGES else report)
    return _shown(report.diff) + text if format == "text" else text


def _shown(diff: str) -> str:
    """A diff with an empty line behind it; what a schema says must not reach the terminal as a command."""
    return "".join(f"{visible(line)}\n" for line in diff.split("\n")) if diff else ""


def told(text: str) -> int:
    """Print an answer that is no report; gives 0."""
    _out(text + "\n")
    return 0


def noted(text: str) -> None:
    """Tell people something while work goes on; it does not mix with what is read from standard output."""
    print(text, file=sys.stderr, flush=True)


def failed(text: str) -> int:
    """Print why a question has no answer; gives 2."""
    print(text, file=sys.stderr)
    return 2


def _out(text: str) -> None:
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    from rich.console import Console  # wanted on a terminal only
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in text.splitlines():
        head = _HEAD.match(line)
        styled = Text(line)
        if head:
            whole = head[0] in ("+", "-", "@@", "note")
            styled.stylize(_STYLES[head[0]], 0, None if whole else head.end())
        console.print(styled)
