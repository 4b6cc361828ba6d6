"""completion: what a shell needs to complete the command line, from the parsers themselves."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import cast

import shtab

from wirelock.cli.arguments import parsers
from wirelock.report import FORMATS
from wirelock.report.labels import codes

_FILES = ("FILE|URL", "RECORDING", "FILE")
_FOLDERS = ("FOLDER",)


def script(shell: str) -> str:
    """The completion script for bash, zsh or fish."""
    whole, _ = parsers()
    for action in _arguments(whole):
        _say_values(action)
    return shtab.complete(whole, shell).rstrip()


def _arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        for command in _commands(action.choices):
            yield from _arguments(command)


def _commands(choices: object) -> Iterable[argparse.ArgumentParser]:
    """The parsers of commands, which argparse keeps by name among the choices of an argument."""
    return cast("dict[str, argparse.ArgumentParser]", choices).values() if isinstance(choices, dict) else ()


def _say_values(action: argparse.Action) -> None:
    """Add to an argument of the completed parser what it takes where that is no fixed choice."""
    match action.metavar:
        case "CODE":
            action.choices = list(codes())
        case "FORMAT[=FILE]":
            action.choices = list(FORMATS)
        case str() as name if name in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        case str() as name if name in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        case _:
            pass
