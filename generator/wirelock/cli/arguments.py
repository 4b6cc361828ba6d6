"""Command-line arguments; a misspelt argument gets a suggestion."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import NoReturn, TypedDict

from wirelock.cli.destinations import OutputTarget, resolve_targets
from wirelock.cli.help import (
    OVERVIEW,
    PAGES,
    SUMMARY,
    HelpFormatterFactory,
    HelpPage,
    format_description,
    format_epilog,
    make_formatter,
)
from wirelock.report import FORMATS
from wirelock.version import VERSION

_FORMAT = "FORMAT[=FILE]"
_UNKNOWN_ARGUMENT = re.compile(r"unrecognized arguments: (\S+)|invalid choice: '([^']*)'")


_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
MAX_SECONDS = 3600.0


class UsageError(ValueError):
    """Raised for wrong arguments; the text names the error and the remedy."""


class _Layout(TypedDict):
    """The arguments of a parser that concern its help."""

    description: str
    epilog: str
    formatter_class: HelpFormatterFactory
    allow_abbrev: bool


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and a suggestion."""

    def error(self, message: str) -> NoReturn:
        match = _UNKNOWN_ARGUMENT.search(message)
        unknown = str(match[1] or match[2]) if match else ""
        near = difflib.get_close_matches(unknown.partition("=")[0], self._known_words(), 1) if unknown else []
        hint = f"did you mean {near[0]}?" if near else f"see: {self.prog} --help"
        message = f"{self.prog} does not know {unknown}" if unknown else f"{self.prog}: {message}"
        raise UsageError(f"{message}\n{hint}")

    def _known_words(self) -> list[str]:
        """List every option and value of this parser."""
        choices = [str(choice) for action in self._actions for choice in action.choices or ()]
        options = [option for action in self._actions for option in action.option_strings]
        formats = FORMATS if any(action.metavar == _FORMAT for action in self._actions) else ()
        return [*options, *choices, *formats]


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the arguments of a command line (None: this process's); raises UsageError."""
    parser, commands = build_parsers()
    namespace, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands.get(namespace.command, parser).error(f"unrecognized arguments: {unknown[0]}")
    if "live" in namespace:
        _check_combination(namespace, commands[namespace.command])
    if "format" in namespace:
        namespace.format = _parse_destinations(namespace.format, commands[namespace.command])
    if namespace.command == "numbers" and namespace.action and namespace.type:
        commands[namespace.command].error("--type limits the list; resolve works on the whole ledger")
    return namespace


def _check_combination(namespace: argparse.Namespace, command: _Parser) -> None:
    """Check that the arguments of verify fit together; raises UsageError."""
    if namespace.live and (namespace.recordings or namespace.type):
        command.error("--live checks a server: remove the recordings and --type")
    options = {"--lifecycle": namespace.lifecycle, "--events": namespace.events, "--for": namespace.seconds}
    for kind in ("certificate", "key", "authority"):
        options[f"--upstream-{kind}"] = getattr(namespace, f"upstream_{kind}")
    for option, value in options.items():
        if value and not namespace.live:
            command.error(f"{option} needs a running server: add --live URL")


def _parse_destinations(requested: Sequence[OutputTarget], command: _Parser) -> tuple[OutputTarget, ...]:
    """Resolve the report formats and files; raises UsageError."""
    try:
        return resolve_targets(requested)
    except ValueError as error:
        command.error(str(error))


def build_parsers() -> tuple[_Parser, dict[str, _Parser]]:
    """Build the parser of the whole command line and the parsers of the commands."""
    parser = _Parser(
        **_build_layout(SUMMARY, OVERVIEW),
        prog="wirelock",
    )
    parser.add_argument("--version", action="version", version=f"wirelock {VERSION}")
    parser.set_defaults(project="")
    sub = parser.add_subparsers(dest="command", metavar="COMMAND")
    makers = (
        _import,
        _generate,
        _breaking,
        _verify,
        _prove,
        _check,
        _proxy,
        _record,
        _serve,
        _numbers,
        _init,
        _explain,
        _completion,
    )
    commands: dict[str, _Parser] = {}
    for make in makers:
        name, summary = make.__name__[1:], make.__doc__ or ""
        commands[name] = sub.add_parser(name, **_build_layout(summary, PAGES.get(name)), help=summary)
        make(commands[name])
        if make not in (_init, _explain, _completion):
            _add_project(commands[name])
    return parser, commands


def _build_layout(summary: str, page: HelpPage | None) -> _Layout:
    """Build the settings that all parsers share: no abbreviations, and help in the form of a manual page."""
    return {
        "description": format_description(summary, page),
        "epilog": format_epilog(page),
        "formatter_class": make_formatter,
        "allow_abbrev": False,
    }


def _import(command: _Parser) -> None:
    """create schemas and services from an OpenAPI 3.0 or 3.1 document, or update them"""
    command.add_argument("source", metavar="FILE|URL", help="the OpenAPI document, in JSON or YAML")
    command.add_argument(
        "--packages",
        choices=["tag", "path"],
        default="tag",
        help="one package per tag, or per first path segment (default: tag)",
    )
    _add_format(command)


def _generate(command: _Parser) -> None:
    """write protos, models, validators, codecs and documents"""
    mode = command.add_mutually_exclusive_group()
    mode.add_argument(
        "--check",
        action="store_const",
        const="check",
        default="write",
        dest="mode",
        help="write nothing; print a diff and exit 1 if a file is out of date",
    )
    mode.add_argument(
        "--dry-run", action="store_const", const="dry-run", dest="mode", help="write nothing; print the changes"
    )
    _add_format(command)


def _breaking(command: _Parser) -> None:
    """report what changed since a baseline and which clients break, on the wire and in JSON"""
    _add_against(command)
    command.add_argument("--advise", action="store_true", help="also print the next version and a changelog section")
    _add_format(command)


def _add_against(command: _Parser) -> None:
    command.add_argument(
        "--against",
        default="",
        metavar="REF",
        help="the baseline: a git ref, folder, archive or descriptor set (default: from the configuration)",
    )


def _verify(command: _Parser) -> None:
    """check recordings or a running server against validator, model and codec"""
    command.add_argument(
        "recordings",
        nargs="*",
        metavar="RECORDING",
        help="HAR, NDJSON or VCR files (default: from the configuration)",
    )
    command.add_argument(
        "--type", default="", metavar="TYPE", help="each line is one document of this type: session/sessionInfo"
    )
    command.add_argument(
        "--live", default="", metavar="URL", help="check a running server instead; only GET requests are sent"
    )
    command.add_argument(
        "--lifecycle",
        action="store_true",
        help="with --live: also create, list, read, change and delete test resources",
    )
    command.add_argument(
        "--events",
        type=_parse_count,
        metavar="N",
        help="with --live: also follow event streams for N events each (default: 10,000 with --for)",
    )
    command.add_argument(
        "--for",
        type=_parse_duration,
        dest="seconds",
        metavar="TIME",
        help="with --live: also follow event streams for this time: 10s, 2m (default: 10s with --events)",
    )
    _add_upstream_tls(command)
    _add_format(command)


def _prove(command: _Parser) -> None:
    """check random documents against schema, validator, model and codec"""
    command.add_argument(
        "--examples", type=_parse_count, default=None, metavar="N", help="documents per type (default: 100)"
    )
    command.add_argument(
        "--seed", type=int, default=0, metavar="N", help="equal seeds draw equal documents (default: 0)"
    )
    _add_format(command)


def _check(command: _Parser) -> None:
    """run all checks: generated files, lint, breaking changes, recordings, random documents"""
    _add_against(command)
    _add_format(command)


def _numbers(command: _Parser) -> None:
    """list field and enum numbers, or resolve a merge conflict in the ledger"""
    command.add_argument(
        "action",
        nargs="?",
        choices=["resolve"],
        metavar="resolve",
        help="resolve conflict markers in the ledger: our numbers stay, entries of theirs move if they collide",
    )
    command.add_argument(
        "--type",
        default="",
        metavar="TYPE",
        help="list one message or enum, or one schema file: session/sessionInfo",
    )
    command.add_argument(
        "--format",
        choices=["text", "json"],
        default="text",
        dest="listing",
        help="format of the list (default: text)",
    )


def _proxy(command: _Parser) -> None:
    """forward traffic to a server and check it against the schemas"""
    _add_endpoints(command)
    command.add_argument(
        "--mode",
        choices=["report", "enforce"],
        default="report",
        help="report: forward everything; enforce: block violations with 400 or 502 (default: report)",
    )
    command.add_argument(
        "--record", default="", metavar="FILE", help="record the traffic without secrets into a .har or .ndjson file"
    )
    _add_format(command)


def _record(command: _Parser) -> None:
    """forward traffic to a server and record it without secrets"""
    _add_endpoints(command)
    command.add_argument("--output", required=True, metavar="FILE", help="the recording: a .har or .ndjson file")
    _add_format(command)


def _add_endpoints(command: _Parser) -> None:
    command.add_argument(
        "--upstream", required=True, metavar="URL", help="the server; no other server is ever contacted"
    )
    command.add_argument(
        "--listen",
        default="127.0.0.1:4097",
        metavar="HOST:PORT",
        help="listen address; port 0 picks a free port (default: 127.0.0.1:4097)",
    )
    _add_listener_tls(command)
    _add_upstream_tls(command)


def _serve(command: _Parser) -> None:
    """serve the services over gRPC in front of the HTTP server"""
    command.add_argument("--upstream", required=True, metavar="URL", help="the server: http://127.0.0.1:4096")
    command.add_argument(
        "--listen",
        default="127.0.0.1:50051",
        metavar="HOST:PORT",
        help="listen address; port 0 picks a free port (default: 127.0.0.1:50051)",
    )
    command.add_argument(
        "--on-violation",
        choices=["refuse", "warn"],
        default="refuse",
        help="if a response violates its schema: fail with INTERNAL, or pass it with a warning (default: refuse)",
    )
    command.add_argument(
        "--log",
        choices=["text", "json"],
        default="text",
        help="format of the log on standard error (default: text)",
    )
    command.add_argument(
        "--metrics",
        nargs="?",
        default="",
        const="127.0.0.1:9464",
        metavar="HOST:PORT",
        help="serve Prometheus metrics at /metrics (default address: 127.0.0.1:9464)",
    )
    command.add_argument(
        "--traces", action="store_true", help="send OpenTelemetry traces, configured by the OTEL_* variables"
    )
    _add_listener_tls(command)
    _add_upstream_tls(command)


def _add_listener_tls(command: _Parser) -> None:
    _add_tls(
        command,
        "tls",
        "TLS for clients (PEM files)",
        "the server certificate",
        "require client certificates that this CA signed",
    )


def _add_upstream_tls(command: _Parser) -> None:
    _add_tls(
        command,
        "upstream",
        "TLS to the server (PEM files)",
        "the client certificate",
        "CA for the server certificate, instead of the system's",
    )


def _add_tls(command: _Parser, name: str, title: str, certificate: str, authority: str) -> None:
    group = command.add_argument_group(title)
    group.add_argument(f"--{name}-certificate", default="", metavar="FILE", help=certificate)
    group.add_argument(f"--{name}-key", default="", metavar="FILE", help="its private key")
    group.add_argument(f"--{name}-authority", default="", metavar="FILE", help=authority)


def _init(command: _Parser) -> None:
    """create a new project that passes its own check"""
    command.add_argument(
        "folder", nargs="?", default=".", metavar="FOLDER", help="project folder (default: current directory)"
    )
    _add_format(command)


def _explain(command: _Parser) -> None:
    """explain a code and what to do"""
    command.add_argument("code", nargs="?", default="", metavar="CODE", help="a code (default: list all codes)")


def _completion(command: _Parser) -> None:
    """print a shell completion script"""
    command.add_argument("shell", choices=["bash", "zsh", "fish"], metavar="SHELL", help="bash, zsh or fish")


def _add_project(command: _Parser) -> None:
    command.add_argument("--project", default="", metavar="FOLDER", help="project folder (default: current directory)")


def _parse_count(text: str) -> int:
    """Parse a whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)


def _parse_duration(text: str) -> float:
    """Parse a duration (`10s`, `2m`, `0.5s`) into seconds."""
    match = _DURATION.fullmatch(text)
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is not a duration up to an hour, such as 10s or 2m")
    return seconds


def _add_format(command: _Parser) -> None:
    command.add_argument(
        "--format",
        action="append",
        type=_parse_output,
        default=[],
        metavar=_FORMAT,
        help=f"report format: {', '.join(FORMATS)}; with =FILE into a file; repeatable (default: text)",
    )


def _parse_output(text: str) -> OutputTarget:
    """Parse a format and an optional file."""
    format, _, file = text.partition("=")
    if format not in FORMATS:
        raise argparse.ArgumentTypeError(f"invalid choice: '{format}'")
    if "=" in text and not file:
        raise argparse.ArgumentTypeError(f"{format}= needs a file name")
    return OutputTarget(format, file)
