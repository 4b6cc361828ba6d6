"""Diagnostics and reports, the result type of every stage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """The severity of a diagnostic; by default only unexpected errors make a run fail."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic.

    `id` is unique and documented in `explanations/<subject>/<id>.md`. `severity` is the default severity.
    `fatal` codes mean that the command could not do its work (exit code 2).
    """

    id: str
    severity: Severity
    fatal: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A location in a file: path for display, JSON Pointer, and 1-based line and column (0 if unknown)."""

    file: str = ""
    line: int = 0
    column: int = 0
    pointer: str = ""

    def __str__(self) -> str:
        text = self.file or "<memory>"
        if self.line:
            text += f":{self.line}:{self.column}"
        return f"{text}#{self.pointer}" if self.pointer else text


@dataclass(frozen=True, slots=True)
class ExchangeRef:
    """A reference to a recorded exchange; `part` is request, response, event or document.

    `index` and `event` are 0-based; `event` is the position in the stream if the part is an event.
    """

    recording: str
    index: int
    method: str
    url: str
    status: int
    part: str
    event: int | None = None


class ChangeVerdict(StrEnum):
    """The verdict on a change in one direction: UNPROVED if neither answer has a proof."""

    HOLDS = "holds"
    BROKEN = "broken"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True)
class ChangeImpact:
    """The compatibility impact of a change between two states of a project.

    `element` is the proto name ("" for none). `wire_rules` are the violated rules about protos. `backward` (old
    documents stay valid) and `forward` (new documents were valid before) are None if the change does not affect JSON.
    A witness is a JSON text that proves the break. `usage` names the senders of the type. `deciding_rules` are the
    wire and JSON rules that raise the severity above a note.
    """

    element: str = ""
    wire_rules: tuple[str, ...] = ()
    backward: ChangeVerdict | None = None
    forward: ChangeVerdict | None = None
    backward_witness: str = ""
    forward_witness: str = ""
    usage: str = ""
    deciding_rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem at one location.

    `raised_by` names the artifacts that report it (validator, model, codec). For traffic, `schema_location` is the
    violated schema rule. `expected_reason` is the reason in the configuration if the finding is expected. `impact`
    describes a change between two states. `occurrences` is the count if only the first of its kind is kept.
    """

    code: Code
    location: Location
    message: str
    hint: str = ""
    severity: Severity | None = None
    exchange: ExchangeRef | None = None
    schema_location: str = ""
    rpc: str = ""
    raised_by: tuple[str, ...] = ()
    expected_reason: str = ""
    impact: ChangeImpact | None = None
    occurrences: int = 1

    @property
    def level(self) -> Severity:
        """The severity of this diagnostic, by default that of its code."""
        return self.severity or self.code.severity

    @property
    def is_failure(self) -> bool:
        """True for an unexpected error, which makes a run fail."""
        return self.level is Severity.ERROR and not self.expected_reason


def sort_unique(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics sorted by location without duplicates; output never depends on discovery order."""
    return tuple(sorted(set(diagnostics), key=_get_sort_key))


def _get_sort_key(diagnostic: Diagnostic) -> tuple[object, ...]:
    exchange = diagnostic.exchange
    exchange_key = ("", -1, "", 0) if exchange is None else _get_exchange_key(exchange)
    return (
        exchange_key,
        diagnostic.location,
        diagnostic.code.id,
        diagnostic.message,
        diagnostic.schema_location,
        diagnostic.raised_by,
    )


def _get_exchange_key(exchange: ExchangeRef) -> tuple[object, ...]:
    return exchange.recording, exchange.index, exchange.part, exchange.event or 0


def generalize_pointer(pointer: str) -> str:
    """Return a pointer with `*` for each array index and without leading indices (decision 0003)."""
    names = ["*" if name.isdecimal() else name for name in pointer.split("/")[1:]]
    while names and names[0] == "*":
        names.pop(0)
    return "".join(f"/{name}" for name in names)


def get_group_key(diagnostic: Diagnostic) -> object:
    """Return the key by which reports group diagnostics: in traffic by schema location instead of message."""
    shared = (diagnostic.code.id, diagnostic.level, diagnostic.expected_reason)
    if diagnostic.exchange is None:
        return (*shared, diagnostic.message, diagnostic.hint, diagnostic.impact)
    message = "" if diagnostic.schema_location else diagnostic.message
    return (
        *shared,
        diagnostic.schema_location,
        generalize_pointer(diagnostic.location.pointer),
        message,
        diagnostic.raised_by,
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage by recordings of one kind of element (methods, fields, enum values, union branches)."""

    kind: str
    covered: tuple[str, ...]
    missed: tuple[str, ...]


class Outcome(StrEnum):
    """The outcome of checking an exchange or a document, in the order of the summary."""

    CONFORMING = "conforming"
    VIOLATING = "violating"
    UNDOCUMENTED_STATUS = "undocumented_status"
    UNDOCUMENTED_MEDIA_TYPE = "undocumented_media_type"
    UNMATCHED = "unmatched"
    NO_BODY = "no_body"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Case:
    """A checked exchange or document with its outcome.

    `outcome` is one of the outcomes in the summary. `ref.part` is "document" or "". `occurrences` is the number of
    exchanges that this case represents if only the first is kept.
    """

    ref: ExchangeRef
    rpc: str
    outcome: Outcome
    occurrences: int = 1


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a text; `marked_lines` are 0-based indices of the lines with the problem.

    `first_line` is the 1-based number of the first line. `file` is "" and `first_line` is 0 if the text is not a file.
    """

    lines: tuple[str, ...]
    marked_lines: tuple[int, ...] = ()
    file: str = ""
    first_line: int = 0

    @property
    def first_marked_line(self) -> int:
        """The 1-based number of the first marked line in the file; 0 if there is none."""
        return self.first_line + self.marked_lines[0] if self.first_line and self.marked_lines else 0


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a finding: excerpts of the violated schema and of the recorded document.

    The document is reduced to the surroundings of the problem, with secrets redacted.
    """

    diagnostic: Diagnostic
    schema: Excerpt | None = None
    document: Excerpt | None = None


Release = Literal["major", "minor", "patch"]


@dataclass(frozen=True, slots=True, order=True)
class Addition:
    """A proto element that is new since the baseline; `kind` is service, method, message, field, and so on.

    A newly deprecated element has a kind such as "deprecated field".
    """

    kind: str
    name: str

    @property
    def is_deprecation(self) -> bool:
        """True for an existing element that is newly deprecated."""
        return self.kind.startswith("deprecated ")


@dataclass(frozen=True, slots=True)
class ReleaseAdvice:
    """The release type that Semantic Versioning 2.0.0 requires for the changes since the baseline.

    `current_version` and `next_version` are "" if the project has no version. `added` are new elements.
    """

    release: Release
    reason: str
    current_version: str
    next_version: str
    added: tuple[Addition, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The result of one command.

    `summary` maps a section (generate, exchanges, ...) to counts by name, in print order. `diff` is a unified diff of
    the changes on disk. `cases` are the checked exchanges behind the counts. `examples` illustrate some of the
    diagnostics. `advice` is None unless requested.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    summary: dict[str, dict[str, int | str]] = field(default_factory=dict[str, dict[str, int | str]])
    coverage: tuple[Coverage, ...] = ()
    diff: str = ""
    cases: tuple[Case, ...] = ()
    examples: tuple[Example, ...] = ()
    advice: ReleaseAdvice | None = None

    @property
    def exit_code(self) -> int:
        """0 for success, 1 for an unexpected error, 2 for a fatal diagnostic."""
        if any(d.code.fatal for d in self.diagnostics):
            return 2
        return 1 if any(d.is_failure for d in self.diagnostics) else 0

    def __add__(self, other: Report) -> Report:
        """Merge two reports; sections keep their order."""
        return Report(
            sort_unique((*self.diagnostics, *other.diagnostics)),
            {**self.summary, **other.summary},
            (*self.coverage, *other.coverage),
            self.diff + other.diff,
            (*self.cases, *other.cases),
            (*self.examples, *other.examples),
            self.advice or other.advice,
        )
