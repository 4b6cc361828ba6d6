"""The command line: arguments to calls of the api, reports to text; the only one that prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from wirelock.cli.arguments import UsageError, parsed
from wirelock.cli.commands import run

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
