"""What `--help` says beside the arguments: it reads like a page of a manual."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

WIDEST = 100
"""How many columns a page has at most."""
_TEXT = 78
_GAP = 2

Rows = tuple[tuple[str, str], ...]


class Formatter(Protocol):
    """What argparse takes as the class of a formatter."""

    def __call__(self, *, prog: str) -> argparse.HelpFormatter: ...


@dataclass(frozen=True, slots=True)
class Page:
    """The page of a command: what it does, command lines with what they do, the files and variables it is about."""

    about: str
    examples: Rows
    files: Rows = ()
    environment: Rows = ()


_CONFIGURATION = ("wirelock.toml", "the configuration; or [tool.wirelock] in pyproject.toml")
_SCHEMAS = ("schemas/", "what you write: a folder a package, *.schema.json and *.service.json")
_NUMBERS = ("proto/numbers.json", "every field number that was given; commit it, never edit it")
_GENERATED = ("proto/, generated/", "what wirelock writes; commit it, never edit it")
_EXIT_CODES: Rows = (
    ("0", "clean"),
    ("1", "findings: at least one error that the configuration does not expect"),
    ("2", "could not run: nothing was judged"),
)
_ENVIRONMENT: Rows = (("NO_COLOR", "when it is set to anything, no colours on a terminal"),)

_CREDENTIALS: Rows = (
    ("WIRELOCK_UPSTREAM_TOKEN", "a bearer token for the server"),
    ("WIRELOCK_UPSTREAM_USER", "or a user, with"),
    ("WIRELOCK_UPSTREAM_PASSWORD", "a password"),
)
_RECORDED: Rows = (("*.har", "HAR 1.2"), ("*.ndjson", "an exchange a line"))

WHOLE = Page(
    "From schemas/<package>/*.schema.json it writes protobuf, Pydantic models, validators and a codec between JSON "
    "and protobuf, keeps the field numbers, and holds recorded API traffic against all of them.",
    (
        ("wirelock init my-api", "a new project that passes its own check"),
        ("wirelock generate", "after every change to the schemas"),
        ("wirelock check", "what CI runs"),
        ("wirelock explain VIOLATION", "what a finding means and what to do"),
    ),
    (_CONFIGURATION, _SCHEMAS, _NUMBERS, _GENERATED),
)
PAGES: Mapping[str, Page] = {
    "import": Page(
        "The first time it writes the schemas; later it changes what the description changed, keeps what you changed, "
        "and says where both did. Field numbers stay.",
        (
            ("wirelock import openapi.json", "split a description that is a file"),
            (
                "wirelock import https://api.example/doc --packages path",
                "fetch it; a package for each first part of a path",
            ),
        ),
        (_CONFIGURATION, _SCHEMAS, ("schemas/import.json", "what the last import wrote; commit it")),
    ),
    "generate": Page(
        "All files are written or none. The same schemas give the same bytes. Files that wirelock did not write are "
        "never overwritten.",
        (
            ("wirelock generate", "write"),
            ("wirelock generate --check", "in CI: print a diff of what is not up to date"),
            ("wirelock generate --dry-run", "look before you write"),
        ),
        (_CONFIGURATION, _SCHEMAS, _NUMBERS, _GENERATED),
    ),
    "breaking": Page(
        "Each change has two verdicts side by side: what it breaks on the wire, by rules named as buf names them, and "
        "whether old JSON documents stay valid and new ones were valid before, with a document that shows it where "
        "not. A branch stands for the commit at which yours left it. Nothing is fetched.",
        (
            ("wirelock breaking --against origin/main", "what your branch changed"),
            ("wirelock breaking --against v1.4.0 --advise", "since a release; and what to call the next one"),
            ("wirelock breaking --against old.binpb", "protos alone: a descriptor set, of buf or protoc"),
            ("wirelock breaking", "against what [tool.wirelock.breaking] names"),
        ),
        (_CONFIGURATION, _SCHEMAS, _NUMBERS),
    ),
    "verify": Page(
        "Each request and response is matched with a method of a service and held against its types. It ends with what "
        "the recordings never exercised. Zero documents checked is not success. Credentials for a running server come "
        "from the environment: WIRELOCK_UPSTREAM_TOKEN, or WIRELOCK_UPSTREAM_USER and WIRELOCK_UPSTREAM_PASSWORD.",
        (
            ("wirelock verify", "the recordings of the configuration"),
            ("wirelock verify capture.har", "one recording, of a browser or a proxy"),
            ("wirelock verify sessions.ndjson --type session/sessionInfo", "bare documents, one a line"),
            ("wirelock verify --live http://127.0.0.1:4096", "a running server, with GET alone"),
            (
                "wirelock verify --live http://127.0.0.1:4096 --lifecycle --for 10s",
                "with things of its own, deleted again, and the events meanwhile",
            ),
            ("wirelock verify --format text --format html=report.html", "a report to open beside the one to read"),
        ),
        (
            _CONFIGURATION,
            ("*.har", "HAR 1.2"),
            ("*.ndjson, *.jsonl", "an exchange or a document a line"),
            ("*.yaml, *.yml", "cassettes of vcrpy or Ruby's VCR; those in JSON are known by their first bytes"),
        ),
    ),
    "prove": Page(
        "A document on which they differ, or that does not come back equal from protobuf, is a fault of wirelock, and "
        "is printed as small as it can be made.",
        (
            ("wirelock prove", "100 documents of each type"),
            ("wirelock prove --examples 1000 --seed 7", "more of them, and others"),
        ),
        (_CONFIGURATION, _SCHEMAS),
    ),
    "check": Page(
        "Nothing is written into the project. What is not configured is named as such. What is slow is done again only "
        "where something that it depends on changed: results are in your cache folder, or in that of WIRELOCK_CACHE.",
        (
            ("wirelock check", "on your machine, before you push"),
            (
                "wirelock check --format github --format sarif=wirelock.sarif",
                "in CI: annotations, and a file to upload",
            ),
        ),
        (_CONFIGURATION, _SCHEMAS, _GENERATED),
    ),
    "numbers": Page(
        "A number is given once and never again; what is reserved was in use before. After a merge, generate or check "
        "says that the ledger holds a conflict: resolve keeps what both branches added.",
        (
            ("wirelock numbers", "all of them"),
            ("wirelock numbers --type session/sessionInfo", "those of one schema, message or enum"),
            ("wirelock numbers resolve", "after a merge with a conflict in the ledger; then: wirelock generate"),
        ),
        (_CONFIGURATION, _NUMBERS),
    ),
    "proxy": Page(
        "Bytes pass through untouched, as they come. Each exchange is held against its method like a recording, event "
        "streams event by event; the page /__wirelock/ shows it as it happens. Ctrl-C ends it, and prints the report. "
        "Zero bodies checked is not success.",
        (
            ("wirelock proxy --upstream http://127.0.0.1:4096", "then send your client to http://127.0.0.1:4097"),
            ("wirelock proxy --upstream http://127.0.0.1:4096 --mode enforce", "let nothing pass that is wrong"),
            ("wirelock proxy --upstream http://127.0.0.1:4096 --record capture.har", "and keep what passed"),
        ),
        (_CONFIGURATION, _SCHEMAS, *_RECORDED),
        _CREDENTIALS,
    ),
    "record": Page(
        "A recording is whole after every exchange, whatever happens to the process. At 64 MiB the next file is begun, "
        "and what bears the name already is moved aside: capture-0001.har. Secrets in header fields, queries, forms "
        "and documents are written as [redacted]; [tool.wirelock.record] redact names more of them.",
        (
            ("wirelock record --upstream http://127.0.0.1:4096 --output capture.har", "a HAR"),
            ("wirelock record --upstream http://127.0.0.1:4096 --output capture.ndjson", "an exchange a line"),
            ("wirelock verify capture.har", "what comes next"),
        ),
        (_CONFIGURATION, *_RECORDED),
        _CREDENTIALS,
    ),
    "serve": Page(
        "Requests and responses are held against their schemas; what is wrong is in the details of the status and in "
        "the log. Server-sent events are server streaming. Reflection and health services are there for grpcurl and "
        "probes.",
        (
            ("wirelock serve --upstream http://127.0.0.1:4096", "on this machine only, port 50051"),
            ("wirelock serve --upstream https://api.example/v1 --listen 127.0.0.1:0 --log json", "any free port"),
            (
                "wirelock serve --upstream http://api --listen [::]:443 --tls-certificate a.pem --tls-key b.pem",
                "for others, with TLS",
            ),
        ),
        (_CONFIGURATION, _SCHEMAS),
        (
            *_CREDENTIALS,
            ("OTEL_*", "OpenTelemetry's: where traces go, and the like"),
        ),
    ),
    "init": Page(
        "It holds one type, one service and one recording; replace them with yours. Nothing is overwritten.",
        (
            ("wirelock init my-api", "in a new folder"),
            ("wirelock init", "in this one"),
        ),
        (_CONFIGURATION, _SCHEMAS),
    ),
    "explain": Page(
        "The code stands in every finding behind its severity.",
        (
            ("wirelock explain", "list all codes"),
            ("wirelock explain LEDGER_MISSING", "the page of one"),
        ),
    ),
    "completion": Page(
        "Commands, options, their values and the codes of findings are completed. A new version of wirelock may know "
        "more: print the script again then.",
        (
            ("wirelock completion bash", "append to ~/.local/share/bash-completion/completions/wirelock"),
            ("wirelock completion zsh", "write to _wirelock in a folder of $fpath"),
            ("wirelock completion fish", "write to ~/.config/fish/completions/wirelock.fish"),
        ),
    ),
}


def description(words: str, page: Page | None) -> str:
    """What stands above the arguments; `words` are a sentence without its capital and its full stop."""
    sentence = f"{words[:1].upper()}{words[1:]}"
    paragraphs = [sentence if sentence.endswith(".") else f"{sentence}.", *([page.about] if page else [])]
    return "\n\n".join(textwrap.fill(paragraph, _TEXT) for paragraph in paragraphs)


def epilog(page: Page | None) -> str:
    """What stands below the arguments."""
    sections = [
        *([_section("examples", _commands(page.examples))] if page else []),
        _section("exit codes", _table(_EXIT_CODES)),
        *([_section("files", _table(page.files))] if page and page.files else []),
        _section("environment", _table((*(page.environment if page else ()), *_ENVIRONMENT))),
    ]
    return "\n\n".join(sections)


def formatter(*, prog: str) -> argparse.HelpFormatter:
    """Lays a page out: as wide as the terminal, and no wider than can be read."""
    width = min(shutil.get_terminal_size().columns, WIDEST) - _GAP
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=28, width=width)


def _section(name: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{name}:", *(f"  {line}" for line in lines)])


def _commands(rows: Rows) -> Iterator[str]:
    for command, words in rows:
        yield command
        yield f"    {words}"


def _table(rows: Rows) -> Iterator[str]:
    widest = max(len(name) for name, _ in rows)
    return (f"{name:<{widest}}  {words}" for name, words in rows)
