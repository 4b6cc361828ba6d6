"""What may stand on the command line; a mistake gets a suggestion."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import NoReturn

from wirelock.report import FORMATS
from wirelock.version import VERSION

_WRONG = re.compile(r"unrecognized arguments: (\S+)|invalid choice: '([^']*)'")


class UsageError(ValueError):
    """The arguments are not what the command takes; the text says what is wrong and what to do."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and a suggestion."""

    def error(self, message: str) -> NoReturn:
        found = _WRONG.search(message)
        wrong = str(found[1] or found[2]) if found else ""
        near = difflib.get_close_matches(wrong.partition("=")[0], self._known(), 1) if wrong else []
        hint = f"did you mean {near[0]}?" if near else f"see: {self.prog} --help"
        words = f"{self.prog} does not know {wrong}" if wrong else f"{self.prog}: {message}"
        raise UsageError(f"{words}\n{hint}")

    def _known(self) -> list[str]:
        """Every option and value that this parser takes."""
        choices = [str(choice) for action in self._actions for choice in action.choices or ()]
        return [*(option for action in self._actions for option in action.option_strings), *choices]


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments of a command line (None: this process's); raises UsageError."""
    whole, commands = _parsers()
    found, left = whole.parse_known_args(arguments)
    if left:
        commands.get(found.command, whole).error(f"unrecognized arguments: {left[0]}")
    return found


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    """The parser of the whole command line, and those of the commands."""
    words = "JSON Schema is the truth; the wire format is locked to it."
    whole = _Parser(prog="wirelock", description=words, allow_abbrev=False)
    whole.add_argument("--version", action="version", version=f"wirelock {VERSION}")
    sub = whole.add_subparsers(dest="command", metavar="COMMAND")
    makers = (_import, _generate, _verify, _prove, _check, _init, _explain)
    commands: dict[str, _Parser] = {}
    for make in makers:
        name, words = make.__name__[1:], make.__doc__ or ""
        commands[name] = sub.add_parser(name, help=words, description=words, allow_abbrev=False)
        make(commands[name])
    return whole, commands


def _import(command: _Parser) -> None:
    """split an OpenAPI 3.0 or 3.1 description into schemas and services; again later: update them"""
    command.add_argument("source", metavar="FILE|URL", help="the description, in JSON or YAML")
    words = "a package for each tag, or for the first part of each path"
    command.add_argument("--packages", choices=["tag", "path"], default="tag", help=words)
    _add_format(command)


def _generate(command: _Parser) -> None:
    """write protos, models, validators, codecs and documents"""
    mode = command.add_mutually_exclusive_group()
    words = "write nothing; print a diff, and exit 1 if there is any"
    mode.add_argument("--check", action="store_const", const="check", default="write", dest="mode", help=words)
    words = "write nothing; print what would change"
    mode.add_argument("--dry-run", action="store_const", const="dry-run", dest="mode", help=words)
    _add_format(command)


def _verify(command: _Parser) -> None:
    """hold recordings against validator, model and codec"""
    words = "HAR or NDJSON files; without any, those of the configuration"
    command.add_argument("recordings", nargs="*", metavar="RECORDING", help=words)
    words = "each line is one document of this type, such as session/sessionInfo"
    command.add_argument("--type", default="", metavar="TYPE", help=words)
    _add_format(command)


def _prove(command: _Parser) -> None:
    """draw documents from the schemas, and hold schema, validator, model and codec against each other"""
    command.add_argument(
        "--examples", type=_count, default=None, metavar="N", help="documents of each type, 100 if nothing is said"
    )
    command.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed draws the same documents")
    _add_format(command)


def _check(command: _Parser) -> None:
    """what CI runs: compare the generated files, verify the recordings, prove a little, print one summary"""
    _add_format(command)


def _init(command: _Parser) -> None:
    """write a new project that passes its own check"""
    command.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="where; it is made if need be")
    _add_format(command)


def _explain(command: _Parser) -> None:
    """what a finding means and what to do"""
    command.add_argument("code", nargs="?", default="", metavar="CODE", help="without one, all codes are listed")


def _count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1")
    return int(text)


def _add_format(command: _Parser) -> None:
    command.add_argument("--format", choices=[*FORMATS], default="text", help="how the report is printed")
