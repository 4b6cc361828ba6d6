"""Printing: plain text in a pipe, colors on a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from wirelock.api.repository_paths import use_repository_paths
from wirelock.cli.destinations import OutputTarget
from wirelock.diagnostics import Report
from wirelock.report import FORMATS
from wirelock.runtime.json.formatting import escape_unprintable
from wirelock.write import write_file

_STYLES = {
    "error": "bold red",
    "failed": "bold red",
    "could not run": "bold red",
    "warning": "yellow",
    "expected": "cyan",
    "note": "dim",
    "passed": "bold green",
    "+": "green",
    "-": "red",
    "@@": "cyan",
}
_REPOSITORY_FORMATS = ("github", "sarif")
"""Formats whose file names are relative to the top of the repository."""
_HEAD = re.compile("|".join(re.escape(word) for word in _STYLES))


def print_report(report: Report, outputs: Sequence[OutputTarget], root: Path | None = None) -> int:
    """Print a report and write it to the requested files; return its exit code, or 2 if a file cannot be written.

    `root` is the folder that the report's file names are relative to (default: the working folder).
    """
    code = report.exit_code
    for output in outputs:
        text = _render(report, output.format, root or Path.cwd())
        if not output.file:
            _write(text)
            continue
        trouble = write_file(Path(output.file), text.encode())
        if trouble is not None:
            code = print_failure(f"{output.file}: {trouble.message}\n{trouble.hint}")
    return code


def _render(report: Report, format: str, root: Path) -> str:
    """Render a report in a format; text shows its diff first, and forge formats use repository paths."""
    text = FORMATS[format](use_repository_paths(root, report) if format in _REPOSITORY_FORMATS else report)
    return _format_diff(report.diff) + text if format == "text" else text


def _format_diff(diff: str) -> str:
    """Format a diff and an empty line, without terminal control characters."""
    return "".join(f"{escape_unprintable(line)}\n" for line in diff.split("\n")) if diff else ""


def print_text(text: str) -> int:
    """Print a result that is not a report; return 0."""
    _write(text + "\n")
    return 0


def print_notice(text: str) -> None:
    """Print a notice on standard error while work goes on."""
    print(text, file=sys.stderr, flush=True)


def print_failure(text: str) -> int:
    """Print an error on standard error; return 2."""
    print(text, file=sys.stderr)
    return 2


def _write(text: str) -> None:
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    from rich.console import Console  # only terminals need it
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in text.splitlines():
        head = _HEAD.match(line)
        styled = Text(line)
        if head:
            color_line = head[0] in ("+", "-", "@@", "note")
            styled.stylize(_STYLES[head[0]], 0, None if color_line else head.end())
        console.print(styled)
