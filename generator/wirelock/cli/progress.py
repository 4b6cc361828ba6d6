"""Progress of long work: shown on a terminal after a second, and removed at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

from wirelock.progress import ProgressCallback, noop_progress

_PATIENCE = 1.0


@contextmanager
def show_progress() -> Generator[ProgressCallback]:
    """Show a progress bar on standard error if it is a terminal."""
    if not sys.stderr.isatty():
        yield noop_progress
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    begun = time.monotonic()
    with Bar(console=Console(stderr=True), transient=True, disable=False) as bar:
        task = bar.add_task("", total=None, visible=False)

        def show(doing: str, done: int, total: int) -> None:
            late = time.monotonic() - begun > _PATIENCE
            bar.update(task, description=doing, completed=done, total=total, visible=late)

        yield show
