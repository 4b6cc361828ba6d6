"""completion: shell completion scripts, made from the parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import cast

import shtab

from wirelock.cli.arguments import build_parsers
from wirelock.report import FORMATS
from wirelock.report.labels import list_codes

_FILES = ("FILE|URL", "RECORDING", "FILE")
_FOLDERS = ("FOLDER",)


def build_script(shell: str) -> str:
    """Build the completion script for bash, zsh or fish."""
    parser, _ = build_parsers()
    for action in _iter_arguments(parser):
        _add_values(action)
    return shtab.complete(parser, shell).rstrip()


def _iter_arguments(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Iterate over the arguments of a parser and its commands."""
    for action in parser._actions:
        yield action
        for command in _iter_subparsers(action.choices):
            yield from _iter_arguments(command)


def _iter_subparsers(choices: object) -> Iterable[argparse.ArgumentParser]:
    """Iterate over the parsers of commands, which argparse stores as choices of an argument."""
    return cast("dict[str, argparse.ArgumentParser]", choices).values() if isinstance(choices, dict) else ()


def _add_values(action: argparse.Action) -> None:
    """Add completion values to an argument without fixed choices."""
    match action.metavar:
        case "CODE":
            action.choices = list(list_codes())
        case "FORMAT[=FILE]":
            action.choices = list(FORMATS)
        case str() as name if name in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        case str() as name if name in _FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
        case _:
            pass
