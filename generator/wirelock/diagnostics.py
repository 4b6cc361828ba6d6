"""What is wrong, where, and what to do about it: the one value every stage reports with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Severity(StrEnum):
    """How much a diagnostic weighs; only an unexpected error makes a run fail by default."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic.

    `id` is unique and has a page in `explanations/<id>.md`; `severity` is the default one.
    `fatal` marks the codes after which the tool could not do its work (exit code 2).
    """

    id: str
    severity: Severity
    fatal: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file: the path as the user knows it, a JSON Pointer, and a 1-based line and column (0: unknown)."""

    file: str = ""
    line: int = 0
    column: int = 0
    pointer: str = ""

    def __str__(self) -> str:
        place = self.file or "<memory>"
        if self.line:
            place += f":{self.line}:{self.column}"
        return f"{place}#{self.pointer}" if self.pointer else place


@dataclass(frozen=True, slots=True)
class ExchangeRef:
    """The recorded exchange a diagnostic is about; `part` is request, response, event or document.

    `index` is 0-based, and so is `event`: which event of the stream, for a part that is one.
    """

    recording: str
    index: int
    method: str
    url: str
    status: int
    part: str
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What a change between two states of a project breaks.

    `element` is its name in the protos ("" for none); `wire` are the rules in force that it violates. `backward` (what
    was valid is valid) and `forward` (what is valid was valid) are "holds", "broken", "unproved" or "" for no JSON; a
    witness is a JSON text. `use` says who sends documents of the type. `deciding` are the rules, of the wire and of
    JSON, that make it more than a note.
    """

    element: str = ""
    wire: tuple[str, ...] = ()
    backward: str = ""
    forward: str = ""
    backward_witness: str = ""
    forward_witness: str = ""
    use: str = ""
    deciding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault at one place.

    `raised_by` names the artefacts that found it (validator, model, codec); `schema` is the place in the schema
    that decided, for traffic; `expected` is the reason given in the configuration, when the finding is expected;
    `change` is what it breaks, for a change between two states. `times` is how often it was found, where only the first
    of its kind is kept.
    """

    code: Code
    where: Location
    message: str
    hint: str = ""
    severity: Severity | None = None
    exchange: ExchangeRef | None = None
    schema: str = ""
    rpc: str = ""
    raised_by: tuple[str, ...] = ()
    expected: str = ""
    change: Verdicts | None = None
    times: int = 1

    @property
    def level(self) -> Severity:
        """The severity in force: the diagnostic's own, or its code's."""
        return self.severity or self.code.severity

    @property
    def fails(self) -> bool:
        """Whether this diagnostic alone makes a run fail: an error that nobody expected."""
        return self.level is Severity.ERROR and not self.expected


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort by place and drop exact repetitions, so that output never depends on the order of discovery."""
    return tuple(sorted(set(diagnostics), key=_sort_key))


def _sort_key(diagnostic: Diagnostic) -> tuple[object, ...]:
    exchange = diagnostic.exchange
    traffic = ("", -1, "", 0) if exchange is None else _exchange_key(exchange)
    return (traffic, diagnostic.where, diagnostic.code.id, diagnostic.message, diagnostic.schema, diagnostic.raised_by)


def _exchange_key(exchange: ExchangeRef) -> tuple[object, ...]:
    return exchange.recording, exchange.index, exchange.part, exchange.event or 0


def grouped_pointer(pointer: str) -> str:
    """A pointer as a group of findings has it: indices as `*`, leading ones dropped (decision 0003)."""
    names = ["*" if name.isdecimal() else name for name in pointer.split("/")[1:]]
    while names and names[0] == "*":
        names.pop(0)
    return "".join(f"/{name}" for name in names)


def group_key(diagnostic: Diagnostic) -> object:
    """What the diagnostics of one group have in common; for traffic the schema place decides, not the words."""
    base = (diagnostic.code.id, diagnostic.level, diagnostic.expected)
    if diagnostic.exchange is None:
        return (*base, diagnostic.message, diagnostic.hint, diagnostic.change)
    words = "" if diagnostic.schema else diagnostic.message
    return (*base, diagnostic.schema, grouped_pointer(diagnostic.where.pointer), words, diagnostic.raised_by)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the recordings exercised of one kind of thing (methods, fields, enum values, union branches)."""

    kind: str
    covered: tuple[str, ...]
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded exchange or document that was checked, whatever came of it.

    `outcome` is one of those that the summary counts; the reference's `part` is "document" or "". `times` is how many
    exchanges it stands for, where only the first is kept.
    """

    ref: ExchangeRef
    rpc: str
    outcome: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some lines of a text, those in `marked` (0-based, among these) at fault.

    `file` and `first`, the 1-based number of the first line, are "" and 0 where the text is not that of a file.
    """

    lines: tuple[str, ...]
    marked: tuple[int, ...] = ()
    file: str = ""
    first: int = 0

    @property
    def line(self) -> int:
        """The number in the file of the first marked line; 0 where there is none."""
        return self.first + self.marked[0] if self.first and self.marked else 0


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What the first occurrence of a fault looks like: the schema that decided, and the recorded document.

    The document is cut to what is near the fault, and holds no secrets.
    """

    about: Diagnostic
    schema: Excerpt | None = None
    document: Excerpt | None = None


Release = Literal["major", "minor", "patch"]


@dataclass(frozen=True, slots=True, order=True)
class Addition:
    """An element of the protos that an earlier state did not have; `kind` is service, method, message, field ...

    One that was there, and is deprecated now, is of a kind such as "deprecated field".
    """

    kind: str
    name: str

    @property
    def is_deprecation(self) -> bool:
        """Whether it was there, and is deprecated now."""
        return self.kind.startswith("deprecated ")


@dataclass(frozen=True, slots=True)
class Advice:
    """Which release the changes since an earlier state ask for, by Semantic Versioning 2.0.0.

    `since` and `next` are versions of the project, "" where it has none; `added` is what breaks nobody and is new.
    """

    release: Release
    reason: str
    since: str
    next: str
    added: tuple[Addition, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What one command found: diagnostics, what was counted, what was covered.

    `summary` maps a section (generate, exchanges ...) to counts by name; its order is the order of printing.
    `diff` is what would change on disk, as a unified diff. `cases` are the exchanges behind the counts, and `exhibits`
    show some of the diagnostics. `advice` is there when it was asked for.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    summary: dict[str, dict[str, int | str]] = field(default_factory=dict[str, dict[str, int | str]])
    coverage: tuple[Coverage, ...] = ()
    diff: str = ""
    cases: tuple[Case, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    advice: Advice | None = None

    @property
    def exit_code(self) -> int:
        """0 clean, 1 at least one unexpected error, 2 something could not be done at all."""
        if any(d.code.fatal for d in self.diagnostics):
            return 2
        return 1 if any(d.fails for d in self.diagnostics) else 0

    def __add__(self, other: Report) -> Report:
        """Both reports as one; sections keep their order."""
        return Report(
            in_order((*self.diagnostics, *other.diagnostics)),
            {**self.summary, **other.summary},
            (*self.coverage, *other.coverage),
            self.diff + other.diff,
            (*self.cases, *other.cases),
            (*self.exhibits, *other.exhibits),
            self.advice or other.advice,
        )
