"""What may stand on the command line; a mistake gets a suggestion."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import NoReturn, TypedDict

from wirelock.cli.destinations import Output, destinations
from wirelock.cli.help import PAGES, WHOLE, Formatter, Page, description, epilog, formatter
from wirelock.report import FORMATS
from wirelock.version import VERSION

_FORMAT = "FORMAT[=FILE]"
_WRONG = re.compile(r"unrecognized arguments: (\S+)|invalid choice: '([^']*)'")


_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m|h)")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_LONGEST = 3600.0


class UsageError(ValueError):
    """The arguments are not what the command takes; the text says what is wrong and what to do."""


class _Layout(TypedDict):
    """The arguments of a parser that are about its help."""

    description: str
    epilog: str
    formatter_class: Formatter
    allow_abbrev: bool


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
        options = [option for action in self._actions for option in action.option_strings]
        formats = FORMATS if any(action.metavar == _FORMAT for action in self._actions) else ()
        return [*options, *choices, *formats]


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments of a command line (None: this process's); raises UsageError."""
    whole, commands = parsers()
    found, left = whole.parse_known_args(arguments)
    if left:
        commands.get(found.command, whole).error(f"unrecognized arguments: {left[0]}")
    if "live" in found:
        _fitting(found, commands[found.command])
    if "format" in found:
        found.format = _destinations(found.format, commands[found.command])
    if found.command == "numbers" and found.action and found.type:
        commands[found.command].error("--type limits the list; resolve mends the whole ledger")
    return found


def _fitting(found: argparse.Namespace, command: _Parser) -> None:
    """Whether the arguments of verify go together; raises UsageError."""
    if found.live and (found.recordings or found.type):
        command.error("--live takes no recordings and no --type: it asks the server")
    wanted = {"--lifecycle": found.lifecycle, "--events": found.events, "--for": found.seconds}
    for kind in ("certificate", "key", "authority"):
        wanted[f"--upstream-{kind}"] = getattr(found, f"upstream_{kind}")
    for option, value in wanted.items():
        if value and not found.live:
            command.error(f"{option} is for a running server: add --live URL")


def _destinations(stated: Sequence[Output], command: _Parser) -> tuple[Output, ...]:
    """Where the report goes; raises UsageError."""
    try:
        return destinations(stated)
    except ValueError as error:
        command.error(str(error))


def parsers() -> tuple[_Parser, dict[str, _Parser]]:
    """The parser of the whole command line, and those of the commands."""
    whole = _Parser(**_page("JSON Schema is the truth; the wire format is locked to it", WHOLE), prog="wirelock")
    whole.add_argument("--version", action="version", version=f"wirelock {VERSION}")
    whole.set_defaults(project="")
    sub = whole.add_subparsers(dest="command", metavar="COMMAND")
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
        name, words = make.__name__[1:], make.__doc__ or ""
        commands[name] = sub.add_parser(name, **_page(words, PAGES.get(name)), help=words)
        make(commands[name])
        if make not in (_init, _explain, _completion):
            _add_project(commands[name])
    return whole, commands


def _page(words: str, page: Page | None) -> _Layout:
    """What the parsers have in common: nothing is abbreviated, and the help reads like a page of a manual."""
    return {
        "description": description(words, page),
        "epilog": epilog(page),
        "formatter_class": formatter,
        "allow_abbrev": False,
    }


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


def _breaking(command: _Parser) -> None:
    """say what changed since an earlier state, and whom it breaks: on the wire and in JSON"""
    _add_against(command)
    words = "say which release the changes ask for, with a piece of Markdown for the changelog"
    command.add_argument("--advise", action="store_true", help=words)
    _add_format(command)


def _add_against(command: _Parser) -> None:
    words = "a git ref, a folder, an archive or a descriptor set; without it, that of the configuration"
    command.add_argument("--against", default="", metavar="REF", help=words)


def _verify(command: _Parser) -> None:
    """hold recordings against validator, model and codec"""
    words = "HAR, NDJSON or VCR files; without any, those of the configuration"
    command.add_argument("recordings", nargs="*", metavar="RECORDING", help=words)
    words = "each line is one document of this type, such as session/sessionInfo"
    command.add_argument("--type", default="", metavar="TYPE", help=words)
    words = "a running server instead: every GET that can be asked, and nothing else"
    command.add_argument("--live", default="", metavar="URL", help=words)
    words = "with --live: create, list, read, change and delete things of its own as well; nothing is left behind"
    command.add_argument("--lifecycle", action="store_true", help=words)
    words = "with --live: follow event streams as well, for N events each, 10 seconds if --for does not say otherwise"
    command.add_argument("--events", type=_count, metavar="N", help=words)
    words = "with --live: follow event streams as well, for so long (10s, 2m), 10,000 events each at most"
    command.add_argument("--for", type=_duration, dest="seconds", metavar="TIME", help=words)
    _add_tls_there(command)
    _add_format(command)


def _prove(command: _Parser) -> None:
    """draw documents from the schemas, and hold schema, validator, model and codec against each other"""
    command.add_argument(
        "--examples", type=_count, default=None, metavar="N", help="documents of each type, 100 if nothing is said"
    )
    command.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed draws the same documents")
    _add_format(command)


def _check(command: _Parser) -> None:
    """what CI runs: compare the generated files, advise, verify the recordings, prove a little, print one summary"""
    _add_against(command)
    _add_format(command)


def _numbers(command: _Parser) -> None:
    """list the numbers of fields and enum values, or mend the ledger after a merge that git left in conflict"""
    words = "mend a ledger with conflict markers: our numbers stay, what theirs gave twice takes the next free one"
    command.add_argument("action", nargs="?", choices=["resolve"], metavar="resolve", help=words)
    words = "one message or enum, or those of one schema file, such as session/sessionInfo"
    command.add_argument("--type", default="", metavar="TYPE", help=words)
    words = "how the list is printed"
    command.add_argument("--format", choices=["text", "json"], default="text", dest="listing", help=words)


def _proxy(command: _Parser) -> None:
    """pass traffic on to a server, and hold what passes against the schemas"""
    _add_ends(command)
    words = "report: pass everything; enforce: pass nothing that is not as described (502 and 400 instead)"
    command.add_argument("--mode", choices=["report", "enforce"], default="report", help=words)
    words = "record what passes, without its secrets, into a .har or .ndjson"
    command.add_argument("--record", default="", metavar="FILE", help=words)
    _add_format(command)


def _record(command: _Parser) -> None:
    """pass traffic on to a server, and record it without its secrets"""
    _add_ends(command)
    command.add_argument("--output", required=True, metavar="FILE", help="a .har or .ndjson")
    _add_format(command)


def _add_ends(command: _Parser) -> None:
    words = "the server; no other is ever called"
    command.add_argument("--upstream", required=True, metavar="URL", help=words)
    words = "where to listen, 127.0.0.1:4097 if nothing is said; port 0 takes any that is free"
    command.add_argument("--listen", default="127.0.0.1:4097", metavar="HOST:PORT", help=words)
    _add_tls_here(command)
    _add_tls_there(command)


def _serve(command: _Parser) -> None:
    """answer the services over gRPC, in front of the HTTP server that they describe, until ended"""
    command.add_argument("--upstream", required=True, metavar="URL", help="the server: http://127.0.0.1:4096")
    words = "where to listen; port 0 is any that is free (default: 127.0.0.1:50051)"
    command.add_argument("--listen", default="127.0.0.1:50051", metavar="HOST:PORT", help=words)
    words = "an answer that breaks its schema: INTERNAL, or passed on with a warning (default: refuse)"
    command.add_argument("--on-violation", choices=["refuse", "warn"], default="refuse", help=words)
    words = "one line an event on standard error, as text or as JSON (default: text)"
    command.add_argument("--log", choices=["text", "json"], default="text", help=words)
    words = "serve metrics for Prometheus there, at /metrics (without an address: 127.0.0.1:9464)"
    command.add_argument("--metrics", nargs="?", default="", const="127.0.0.1:9464", metavar="HOST:PORT", help=words)
    words = "send traces where OpenTelemetry's variables OTEL_* say, which ask for them by themselves too"
    command.add_argument("--traces", action="store_true", help=words)
    _add_tls_here(command)
    _add_tls_there(command)


def _add_tls_here(command: _Parser) -> None:
    words = "who may have signed the certificate that clients must show"
    _add_tls(command, "tls", "TLS, where it listens; PEM files", "what clients are shown", words)


def _add_tls_there(command: _Parser) -> None:
    words = "who may have signed the server's, instead of the system's"
    _add_tls(command, "upstream", "TLS to the server; PEM files", "what the server is shown", words)


def _add_tls(command: _Parser, name: str, title: str, shown: str, authority: str) -> None:
    group = command.add_argument_group(title)
    group.add_argument(f"--{name}-certificate", default="", metavar="FILE", help=shown)
    group.add_argument(f"--{name}-key", default="", metavar="FILE", help="its key")
    group.add_argument(f"--{name}-authority", default="", metavar="FILE", help=authority)


def _init(command: _Parser) -> None:
    """write a new project that passes its own check"""
    command.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="where; it is made if need be")
    _add_format(command)


def _explain(command: _Parser) -> None:
    """what a finding means and what to do"""
    command.add_argument("code", nargs="?", default="", metavar="CODE", help="without one, all codes are listed")


def _completion(command: _Parser) -> None:
    """print the script with which a shell completes commands, options and their values"""
    command.add_argument("shell", choices=["bash", "zsh", "fish"], metavar="SHELL", help="bash, zsh or fish")


def _add_project(command: _Parser) -> None:
    words = "run there, as if it were the working folder: where the project is, for a caller that is elsewhere"
    command.add_argument("--project", default="", metavar="FOLDER", help=words)


def _count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1")
    return int(text)


def _duration(text: str) -> float:
    """Seconds, from `10s`, `2m`, `0.5s`."""
    found = _DURATION.fullmatch(text)
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= _LONGEST:
        raise argparse.ArgumentTypeError(f"{text} is no time up to an hour, such as 10s or 2m")
    return seconds


def _add_format(command: _Parser) -> None:
    words = f"how the report is printed ({', '.join(FORMATS)}), or written to a file; may be given several times"
    command.add_argument("--format", action="append", type=_output, default=[], metavar=_FORMAT, help=words)


def _output(text: str) -> Output:
    """A format, and the file it goes to."""
    format, _, file = text.partition("=")
    if format not in FORMATS:
        raise argparse.ArgumentTypeError(f"invalid choice: '{format}'")
    if "=" in text and not file:
        raise argparse.ArgumentTypeError(f"{format}= names no file")
    return Output(format, file)
