"""The command line: arguments to calls of the api, reports to text; the only one that prints."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from wirelock.cli.arguments import UsageError, parsed
from wirelock.cli.commands import run
from wirelock.version import VERSION

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code: 0 clean, 1 findings, 2 could not run."""
    try:
        return run(parsed(arguments))
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has gone
        return 2
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"cannot go on: {error}", file=sys.stderr)
        return 2
    except Exception as error:  # no findings, no verdict: it must not look like either
        print(_internal(error), file=sys.stderr)
        return 2


def _internal(error: Exception) -> str:
    """An error that is ours, with where it happened; not a traceback, which says little to those who meet it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}, line {frame.lineno}, {frame.name}"
    words = f"wirelock {VERSION} failed: {type(error).__name__}: {error} ({place})"
    return f"{words}\nthis is a fault of wirelock: please report this line, with the schema"
