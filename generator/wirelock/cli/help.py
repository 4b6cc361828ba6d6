"""The text of `--help`, in the form of a manual page."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

MAX_WIDTH = 100
"""Maximum width of a help page in columns."""
_TEXT = 78
_GAP = 2

Rows = tuple[tuple[str, str], ...]


class HelpFormatterFactory(Protocol):
    """The type of argparse's `formatter_class`."""

    def __call__(self, *, prog: str) -> argparse.HelpFormatter: ...


@dataclass(frozen=True, slots=True)
class HelpPage:
    """The help page of a command: purpose, examples, files and environment variables."""

    about: str
    examples: Rows
    files: Rows = ()
    environment: Rows = ()


_CONFIGURATION = ("wirelock.toml", "the configuration; or [tool.wirelock] in pyproject.toml")
_SCHEMAS = ("schemas/", "your *.schema.json and *.service.json files, one folder per package")
_NUMBERS = ("proto/numbers.json", "the ledger of field numbers; commit it, never edit it")
_GENERATED = ("proto/, generated/", "generated files; commit them, never edit them")
_EXIT_CODES: Rows = (
    ("0", "passed"),
    ("1", "findings: at least one error that the configuration does not expect"),
    ("2", "could not run"),
)
_ENVIRONMENT: Rows = (("NO_COLOR", "disables colors if set"),)

_CREDENTIALS: Rows = (
    ("WIRELOCK_UPSTREAM_TOKEN", "bearer token for the server"),
    ("WIRELOCK_UPSTREAM_USER", "user name for basic authentication"),
    ("WIRELOCK_UPSTREAM_PASSWORD", "password for basic authentication"),
)
_RECORDED: Rows = (("*.har", "HAR 1.2"), ("*.ndjson", "one exchange per line"))

SUMMARY = "generate protobuf, gRPC, models and validators from JSON Schema, and check real traffic"
OVERVIEW = HelpPage(
    "wirelock reads schemas/<package>/*.schema.json and writes protobuf, gRPC services, Pydantic models, validators "
    "and a codec between JSON and protobuf. Field numbers stay stable in a ledger. Recorded and live API traffic is "
    "checked against all of them.",
    (
        ("wirelock init my-api", "create a new project that passes its own check"),
        ("wirelock generate", "run after every change to the schemas"),
        ("wirelock check", "run all checks, as CI does"),
        ("wirelock explain VIOLATION", "explain a code"),
    ),
    (_CONFIGURATION, _SCHEMAS, _NUMBERS, _GENERATED),
)
PAGES: Mapping[str, HelpPage] = {
    "import": HelpPage(
        "The first import writes the schemas. Later imports update what changed in the document, keep your edits, and "
        "report conflicts. Field numbers stay.",
        (
            ("wirelock import openapi.json", "import a file"),
            ("wirelock import https://api.example/doc --packages path", "import from a URL, one package per path"),
        ),
        (_CONFIGURATION, _SCHEMAS, ("schemas/import.json", "record of the last import; commit it")),
    ),
    "generate": HelpPage(
        "All files are written or none. Equal schemas give equal bytes. Files that wirelock did not write are never "
        "overwritten.",
        (
            ("wirelock generate", "write the files"),
            ("wirelock generate --check", "in CI: print a diff of outdated files"),
            ("wirelock generate --dry-run", "list the changes first"),
        ),
        (_CONFIGURATION, _SCHEMAS, _NUMBERS, _GENERATED),
    ),
    "breaking": HelpPage(
        "Each change has two verdicts: on the wire, by rules named as in buf, and in JSON. The JSON verdict tells "
        "whether old documents stay valid and whether new documents were valid before, with an example document if "
        "not. A branch name means the merge base with HEAD. Nothing is fetched.",
        (
            ("wirelock breaking --against origin/main", "check the changes of your branch"),
            ("wirelock breaking --against v1.4.0 --advise", "check the changes since a release, with the next version"),
            ("wirelock breaking --against old.binpb", "compare protos with a descriptor set of buf or protoc"),
            ("wirelock breaking", "use the baseline of [tool.wirelock.breaking]"),
        ),
        (_CONFIGURATION, _SCHEMAS, _NUMBERS),
    ),
    "verify": HelpPage(
        "Each request and response is matched with a service method and checked against its types. The report ends "
        "with the elements that the recordings never exercised. Nothing checked is not success. Credentials for a "
        "running server come from the environment.",
        (
            ("wirelock verify", "verify the recordings of the configuration"),
            ("wirelock verify capture.har", "verify one recording of a browser or a proxy"),
            ("wirelock verify sessions.ndjson --type session/sessionInfo", "verify documents, one per line"),
            ("wirelock verify --live http://127.0.0.1:4096", "check a running server with GET requests"),
            (
                "wirelock verify --live http://127.0.0.1:4096 --lifecycle --for 10s",
                "also create and delete test resources, and follow event streams",
            ),
            ("wirelock verify --format text --format html=report.html", "also write an HTML report"),
        ),
        (
            _CONFIGURATION,
            ("*.har", "HAR 1.2"),
            ("*.ndjson, *.jsonl", "one exchange or document per line"),
            ("*.yaml, *.yml", "cassettes of vcrpy or Ruby's VCR; JSON cassettes are detected by content"),
        ),
        _CREDENTIALS,
    ),
    "prove": HelpPage(
        "A document with different verdicts, or one that changes on its way through protobuf, is a bug of wirelock; "
        "the report shows the smallest such document.",
        (
            ("wirelock prove", "check 100 documents of each type"),
            ("wirelock prove --examples 1000 --seed 7", "check more and other documents"),
        ),
        (_CONFIGURATION, _SCHEMAS),
    ),
    "check": HelpPage(
        "Nothing is written into the project. The report names steps that are not configured. Slow steps reuse earlier "
        "results while their input is unchanged; results are in the user's cache folder or in WIRELOCK_CACHE.",
        (
            ("wirelock check", "run before you push"),
            (
                "wirelock check --format github --format sarif=wirelock.sarif",
                "in CI: print annotations and write a SARIF file",
            ),
        ),
        (_CONFIGURATION, _SCHEMAS, _GENERATED),
        (("WIRELOCK_CACHE", "cache folder; empty disables the cache"),),
    ),
    "numbers": HelpPage(
        "A number is assigned once and never reused; numbers of deleted fields are reserved. After a merge with a "
        "conflict in the ledger, resolve keeps the additions of both branches.",
        (
            ("wirelock numbers", "list all numbers"),
            ("wirelock numbers --type session/sessionInfo", "list the numbers of one schema, message or enum"),
            ("wirelock numbers resolve", "resolve a merge conflict in the ledger; then run: wirelock generate"),
        ),
        (_CONFIGURATION, _NUMBERS),
    ),
    "proxy": HelpPage(
        "The proxy forwards all bytes unchanged and checks a copy of each exchange, event streams event by event. The "
        "page /__wirelock/ shows the results live. Ctrl-C stops the proxy and prints the report. Nothing checked is "
        "not success.",
        (
            ("wirelock proxy --upstream http://127.0.0.1:4096", "then point your client to http://127.0.0.1:4097"),
            ("wirelock proxy --upstream http://127.0.0.1:4096 --mode enforce", "block violating traffic"),
            ("wirelock proxy --upstream http://127.0.0.1:4096 --record capture.har", "also record the traffic"),
        ),
        (_CONFIGURATION, _SCHEMAS, *_RECORDED),
        _CREDENTIALS,
    ),
    "record": HelpPage(
        "The file is a complete recording after every exchange. A new file starts at 64 MiB; an existing file is "
        "renamed: capture-0001.har. Secrets in headers, queries, forms and documents become [redacted]; "
        "[tool.wirelock.record] redact adds more.",
        (
            ("wirelock record --upstream http://127.0.0.1:4096 --output capture.har", "record a HAR"),
            ("wirelock record --upstream http://127.0.0.1:4096 --output capture.ndjson", "record NDJSON"),
            ("wirelock verify capture.har", "verify the recording"),
        ),
        (_CONFIGURATION, *_RECORDED),
        _CREDENTIALS,
    ),
    "serve": HelpPage(
        "Requests and responses are checked against their schemas; findings appear in the status details and in the "
        "log. Server-sent events become server-streaming calls. Reflection and health services are included.",
        (
            ("wirelock serve --upstream http://127.0.0.1:4096", "serve local clients on port 50051"),
            ("wirelock serve --upstream https://api.example/v1 --listen 127.0.0.1:0 --log json", "pick a free port"),
            (
                "wirelock serve --upstream http://api --listen [::]:443 --tls-certificate a.pem --tls-key b.pem",
                "serve remote clients with TLS",
            ),
        ),
        (_CONFIGURATION, _SCHEMAS),
        (
            *_CREDENTIALS,
            ("OTEL_*", "OpenTelemetry settings, such as the collector's address"),
        ),
    ),
    "init": HelpPage(
        "The project has one type, one service and one recording to replace with yours. Nothing is overwritten.",
        (
            ("wirelock init my-api", "create a new folder"),
            ("wirelock init", "use the current folder"),
        ),
        (_CONFIGURATION, _SCHEMAS),
    ),
    "explain": HelpPage(
        "Every finding shows its code after the severity.",
        (
            ("wirelock explain", "list all codes"),
            ("wirelock explain LEDGER_MISSING", "explain one code"),
        ),
    ),
    "completion": HelpPage(
        "Completes commands, options, their values and codes. Print the script again after an update of wirelock.",
        (
            ("wirelock completion bash", "append to ~/.local/share/bash-completion/completions/wirelock"),
            ("wirelock completion zsh", "write to _wirelock in a folder of $fpath"),
            ("wirelock completion fish", "write to ~/.config/fish/completions/wirelock.fish"),
        ),
    ),
}


def format_description(summary: str, page: HelpPage | None) -> str:
    """Format the text above the arguments; `summary` is a sentence without capital and full stop."""
    sentence = f"{summary[:1].upper()}{summary[1:]}"
    paragraphs = [sentence if sentence.endswith(".") else f"{sentence}.", *([page.about] if page else [])]
    return "\n\n".join(textwrap.fill(paragraph, _TEXT) for paragraph in paragraphs)


def format_epilog(page: HelpPage | None) -> str:
    """Format the sections below the arguments."""
    sections = [
        *([_format_section("examples", _format_commands(page.examples))] if page else []),
        _format_section("exit codes", _format_table(_EXIT_CODES)),
        *([_format_section("files", _format_table(page.files))] if page and page.files else []),
        _format_section("environment", _format_table((*(page.environment if page else ()), *_ENVIRONMENT))),
    ]
    return "\n\n".join(sections)


def make_formatter(*, prog: str) -> argparse.HelpFormatter:
    """Make a help formatter as wide as the terminal, up to MAX_WIDTH."""
    width = min(shutil.get_terminal_size().columns, MAX_WIDTH) - _GAP
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=width)


def _format_section(name: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{name}:", *(f"  {line}" for line in lines)])


def _format_commands(rows: Rows) -> Iterator[str]:
    for command, purpose in rows:
        yield command
        yield f"    {purpose}"


def _format_table(rows: Rows) -> Iterator[str]:
    width = max(len(name) for name, _ in rows)
    return (f"{name:<{width}}  {meaning}" for name, meaning in rows)
