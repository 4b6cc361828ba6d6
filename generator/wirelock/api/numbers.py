"""numbers: list the ledger, and repair it after a merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wirelock.api.project import Project
from wirelock.api.verify import TYPE_UNKNOWN
from wirelock.build import SCHEMA_SUFFIX
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, sort_unique
from wirelock.lower.ledger.ledger import FILE_NAME, LEDGER_UNREADABLE, Ledger, Scope, print_ledger, read_ledger
from wirelock.lower.ledger.merge import MergeChange as Changed
from wirelock.lower.ledger.merge import merge_ledgers
from wirelock.runtime.json.formatting import format_suggestion
from wirelock.source.conflict_markers import CONFLICT_MARKER, split_sides
from wirelock.write import Change, ChangeSet, apply_changes

LEDGER_EMPTY = Code("LEDGER_EMPTY", Severity.ERROR, fatal=True)
LEDGER_RENUMBERED = Code("LEDGER_RENUMBERED", Severity.WARNING)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The numbers of one message or enum (`kind`)."""

    kind: str
    name: str
    scope: Scope


def list_numbers(project: Project, type: str = "") -> tuple[LedgerEntry, ...] | Report:
    """List the messages and enums of a project with their numbers, in ledger order.

    `type` selects a message, an enum or a schema file by name; a report explains an empty result.
    """
    config = project.config
    ledger = _load_ledger(config)
    if isinstance(ledger, Diagnostic):
        return Report((ledger,))
    entries = tuple(_iter_entries(ledger))
    selected = tuple(entry for entry in entries if _has_name(entry, type)) if type else entries
    return selected or Report((_report_unknown(type, entries),))


def _load_ledger(config: Config) -> Ledger | Diagnostic:
    file = _ledger_path(config)
    content = _read_content(config)
    if isinstance(content, Diagnostic):
        return content
    return read_ledger(content, Location(file))


def _ledger_path(config: Config) -> str:
    return f"{config.proto}/{FILE_NAME}"


def _read_content(config: Config) -> bytes | Diagnostic:
    file = _ledger_path(config)
    try:
        return (config.root / file).read_bytes()
    except FileNotFoundError:
        hint = f"run: wirelock generate; to restore a lost ledger, run: git checkout HEAD -- {file}"
        return Diagnostic(LEDGER_EMPTY, Location(file), "the number ledger is missing", hint)
    except OSError as error:
        message = f"the number ledger cannot be read: {error.strerror}"
        return Diagnostic(LEDGER_UNREADABLE, Location(file), message, "make the ledger a readable file")


def _iter_entries(ledger: Ledger) -> Iterator[LedgerEntry]:
    kinds: tuple[tuple[str, Mapping[str, Scope]], ...] = (("message", ledger.messages), ("enum", ledger.enums))
    yield from (LedgerEntry(kind, name, scope) for kind, scopes in kinds for name, scope in sorted(scopes.items()))


def _has_name(entry: LedgerEntry, type: str) -> bool:
    return type in (entry.name, entry.name.rpartition(".")[2], *_source_names(entry))


def _source_names(entry: LedgerEntry) -> tuple[str, ...]:
    """Return the schema location of an entry, its file, and the file as `--type` names it."""
    file = entry.scope.origin.partition("#")[0].partition("@")[0]
    return entry.scope.origin, file, file.removesuffix(SCHEMA_SUFFIX)


def _report_unknown(type: str, entries: tuple[LedgerEntry, ...]) -> Diagnostic:
    if not type:
        hint = "add a schema, then run: wirelock generate"
        return Diagnostic(LEDGER_EMPTY, Location(), "the number ledger is empty", hint)
    names = [name for entry in entries for name in (entry.name, entry.name.rpartition(".")[2], _source_names(entry)[2])]
    hint = format_suggestion(type, names).removeprefix("; ")
    hint = hint or "name a message or enum, with or without its package, or a schema file: session/sessionInfo"
    return Diagnostic(TYPE_UNKNOWN, Location(), f"the number ledger has no {type}", hint)


def resolve_conflict(project: Project) -> Report:
    """Resolve a ledger with git conflict markers: keep the additions of both sides and all of our numbers.

    If both sides assigned a number, ours keeps it; the entry of the other side takes the next free number, with a
    warning.
    """
    config = project.config
    file = _ledger_path(config)
    content = _read_content(config)
    if isinstance(content, Diagnostic):
        return Report((content,))
    conflicts = len(CONFLICT_MARKER.findall(content)) // 2
    if not conflicts:
        read = read_ledger(content, Location(file))
        return Report((read,)) if isinstance(read, Diagnostic) else Report(summary={"numbers": {"conflicts": 0}})
    both = split_sides(content)
    if both is None:
        hint = "merge again, or restore the file from version control"
        return Report((Diagnostic(LEDGER_UNREADABLE, Location(file), "a conflict marker has no counterpart", hint),))
    read_both = [read_ledger(text, Location(file)) for text in both]
    match read_both:
        case [Ledger() as ours, Ledger() as theirs]:
            return _write_merged(config, content, ours, theirs, conflicts)
        case _:
            faults = [_report_unmergeable(read) for read in read_both if isinstance(read, Diagnostic)]
            return Report(sort_unique(faults))


def _write_merged(config: Config, before: bytes, ours: Ledger, theirs: Ledger, conflicts: int) -> Report:
    file = _ledger_path(config)
    ledger, changed = merge_ledgers(ours, theirs)
    diagnostics = [_report_renumbered(change, file) for change in changed]
    faults = apply_changes(config.root, ChangeSet((Change(file, "change", before, print_ledger(ledger)),)))
    if faults:
        return Report(faults)
    counts: dict[str, int | str] = {"conflicts": conflicts, "resolved": conflicts, "renumbered": len(diagnostics)}
    return Report(sort_unique(diagnostics), {"numbers": counts})


def _report_unmergeable(read: Diagnostic) -> Diagnostic:
    hint = "merge again, or restore the file from version control and run: wirelock generate"
    return Diagnostic(LEDGER_UNREADABLE, Location(read.location.file), f"one side of the merge: {read.message}", hint)


def _report_renumbered(change: Changed, file: str) -> Diagnostic:
    took = f": {change.taken_by} has {change.before}" if change.taken_by else ""
    number = "number " if isinstance(change.before, int) else ""
    before = f"{change.what} of {change.scope} was {number}{change.before} in the merged branch"
    message = f"{before} and is {change.after} now"
    hint = "data that the merged branch wrote with the old number is misread; make sure that it was not released"
    return Diagnostic(LEDGER_RENUMBERED, Location(file), message + took, hint)
