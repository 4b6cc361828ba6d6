"""What may stand on the command line; a mistake gets a suggestion."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import NoReturn

from wirelock.report import FORMATS
from wirelock.version import VERSION

_WORDS = re.compile(r"unrecognized arguments: (\S+)|invalid choice: '([^']*)'")


class UsageError(ValueError):
    """The arguments are not what the command takes; the text says what is wrong and what to do."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and a suggestion."""

    def error(self, message: str) -> NoReturn:
        found = _WORDS.search(message)
        wrong = (found[1] or found[2]) if found else ""
        near = difflib.get_close_matches(wrong.partition("=")[0], self._known(), 1) if wrong else []
        hint = f"did you mean {near[0]}?" if near else f"see: {self.prog} --help"
        words = f"{self.prog} does not know {wrong}" if wrong else f"{self.prog}: {message}"
        raise UsageError(f"{words}\n{hint}")

    def _known(self) -> list[str]:
        """Every option and value that this parser takes."""
        choices = [str(choice) for action in self._actions for choice in action.choices or ()]
        return [*(option for action in self._actions for option in action.option_strings), *choices]

    def parse_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def,override]
        """As usual, but left-over arguments are an error of the command that they were given to."""
        found, left = self.parse_known_args(args, namespace)
        if left:
            _command(self, found).error(f"unrecognized arguments: {' '.join(left)}")
        return found


def _command(whole: _Parser, found: argparse.Namespace) -> _Parser:
    for action in whole._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices.get(found.command, whole)
    return whole


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    whole = _Parser(
        prog="wirelock", description="JSON Schema is the truth; the wire format is locked to it.", allow_abbrev=False
    )
    whole.add_argument("--version", action="version", version=f"wirelock {VERSION}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    generate = _command_parser(commands, "generate", "write protos, models, validators, codecs and documents")
    mode = generate.add_mutually_exclusive_group()
    mode.add_argument(
        "--check",
        action="store_const",
        const="check",
        dest="mode",
        help="write nothing; print a diff, exit 1 if there is any",
    )
    mode.add_argument(
        "--dry-run", action="store_const", const="dry-run", dest="mode", help="write nothing; list what would change"
    )
    verify = _command_parser(commands, "verify", "hold recordings against validator, model and codec")
    verify.add_argument(
        "recordings", nargs="*", metavar="RECORDING", help="HAR or NDJSON files; without any, the configured ones"
    )
    verify.add_argument(
        "--type", default="", metavar="TYPE", help="each line is one document of this type, such as session/sessionInfo"
    )
    _command_parser(commands, "check", "what CI runs: generate --check and verify, one summary")
    init = _command_parser(commands, "init", "write a new project that passes its own check")
    init.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="where; made if need be")
    explain = commands.add_parser("explain", help="what a finding means and what to do", allow_abbrev=False)
    explain.add_argument("code", nargs="?", default="", metavar="CODE", help="without one, all codes are listed")
    return whole


def _command_parser(commands: argparse._SubParsersAction[_Parser], name: str, words: str) -> _Parser:
    command = commands.add_parser(name, help=words, description=words, allow_abbrev=False)
    command.add_argument("--format", choices=[*FORMATS], default="text", help="how the report is printed")
    return command
