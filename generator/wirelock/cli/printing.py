"""Printing: plain in a pipe, coloured on a terminal."""

from __future__ import annotations

import re
import sys

from wirelock.diagnostics import Report
from wirelock.report import FORMATS
from wirelock.runtime.words import visible

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
_HEAD = re.compile("|".join(re.escape(word) for word in _STYLES))


def printed(report: Report, format: str) -> int:
    """Print a report, with its diff before it; gives its exit code."""
    text = FORMATS[format](report)
    _out(_shown(report.diff) + text if format == "text" else text)
    return report.exit_code


def _shown(diff: str) -> str:
    """A diff with an empty line behind it; what a schema says must not reach the terminal as a command."""
    return "".join(f"{visible(line)}\n" for line in diff.split("\n")) if diff else ""


def told(text: str) -> int:
    """Print an answer that is no report; gives 0."""
    _out(text + "\n")
    return 0


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
