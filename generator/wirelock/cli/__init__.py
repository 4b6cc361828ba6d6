"""The command line: arguments to calls of `api`, and reports to text."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from wirelock.cli.arguments import UsageError, parse_arguments
from wirelock.cli.commands import run
from wirelock.version import VERSION

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 passed, 1 findings, 2 could not run."""
    try:
        return run(parse_arguments(arguments))
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader closed the pipe
        return 2
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"cannot continue: {error}", file=sys.stderr)
        return 2
    except Exception as error:  # an internal error is neither a finding nor a pass
        print(_format_internal_error(error), file=sys.stderr)
        return 2


def _format_internal_error(error: Exception) -> str:
    """Describe an internal error and its source line; a traceback would not help users."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}, line {frame.lineno}, {frame.name}"
    message = f"wirelock {VERSION} failed: {type(error).__name__}: {error} ({place})"
    return f"{message}\nthis is a bug in wirelock: please report this line with the schema"
