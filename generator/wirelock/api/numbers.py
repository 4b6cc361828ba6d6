"""numbers: what the ledger holds, and what git left of it after a merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from wirelock.api.verify import TYPE_UNKNOWN
from wirelock.build import SCHEMA_SUFFIX
from wirelock.config import Config
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity, in_order
from wirelock.lower.ledger.ledger import FILE_NAME, LEDGER_UNREADABLE, Ledger, Scope, print_ledger, read_ledger
from wirelock.lower.ledger.merge import Change as Changed
from wirelock.lower.ledger.merge import merged
from wirelock.runtime.json.formatting import suggestion
from wirelock.source.conflict_markers import CONFLICT, sides
from wirelock.write import Change, ChangeSet, apply

LEDGER_EMPTY = Code("LEDGER_EMPTY", Severity.ERROR, fatal=True)
LEDGER_RENUMBERED = Code("LEDGER_RENUMBERED", Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Numbered:
    """The numbers of one message or enum (`kind`)."""

    kind: str
    name: str
    scope: Scope


def numbers(config: Config, type: str = "") -> tuple[Numbered, ...] | Report:
    """The messages and enums of a project with their numbers, in the order of the ledger.

    `type` limits them to a message, an enum or a schema file, by name; a report says why there are none.
    """
    ledger = _ledger(config)
    if isinstance(ledger, Diagnostic):
        return Report((ledger,))
    every = tuple(_numbered(ledger))
    found = tuple(one for one in every if _is_called(one, type)) if type else every
    return found or Report((_unknown(type, every),))


def _ledger(config: Config) -> Ledger | Diagnostic:
    file = _file(config)
    content = _content(config)
    if isinstance(content, Diagnostic):
        return content
    return read_ledger(content, Location(file))


def _file(config: Config) -> str:
    return f"{config.proto}/{FILE_NAME}"


def _content(config: Config) -> bytes | Diagnostic:
    file = _file(config)
    try:
        return (config.root / file).read_bytes()
    except FileNotFoundError:
        hint = f"wirelock generate writes it; if it was lost, restore it: git checkout HEAD -- {file}"
        return Diagnostic(LEDGER_EMPTY, Location(file), "there is no number ledger", hint)
    except OSError as error:
        words = f"the number ledger cannot be read: {error.strerror}"
        return Diagnostic(LEDGER_UNREADABLE, Location(file), words, "the ledger must be a readable file")


def _numbered(ledger: Ledger) -> Iterator[Numbered]:
    kinds: tuple[tuple[str, Mapping[str, Scope]], ...] = (("message", ledger.messages), ("enum", ledger.enums))
    yield from (Numbered(kind, name, scope) for kind, scopes in kinds for name, scope in sorted(scopes.items()))


def _is_called(one: Numbered, type: str) -> bool:
    return type in (one.name, one.name.rpartition(".")[2], *_places(one))


def _places(one: Numbered) -> tuple[str, ...]:
    """The schema place, its file, and the file as `--type` has it."""
    file = one.scope.source.partition("#")[0].partition("@")[0]
    return one.scope.source, file, file.removesuffix(SCHEMA_SUFFIX)


def _unknown(type: str, every: tuple[Numbered, ...]) -> Diagnostic:
    if not type:
        hint = "write a schema, then run: wirelock generate"
        return Diagnostic(LEDGER_EMPTY, Location(), "the number ledger is empty", hint)
    known = [name for one in every for name in (one.name, one.name.rpartition(".")[2], _places(one)[2])]
    hint = suggestion(type, known).removeprefix("; ")
    hint = hint or "a message or enum, with or without its package, or a schema file such as session/sessionInfo"
    return Diagnostic(TYPE_UNKNOWN, Location(), f"the number ledger knows no {type}", hint)


def resolve(config: Config) -> Report:
    """Mend a ledger that git left in conflict: what both sides added stays, no number of ours changes.

    A number that both sides gave stays with ours; what theirs gave it to takes the next free one, which is a warning.
    """
    file = _file(config)
    content = _content(config)
    if isinstance(content, Diagnostic):
        return Report((content,))
    conflicts = len(CONFLICT.findall(content)) // 2
    if not conflicts:
        read = read_ledger(content, Location(file))
        return Report((read,)) if isinstance(read, Diagnostic) else Report(summary={"numbers": {"conflicts": 0}})
    both = sides(content)
    if both is None:
        hint = "merge again, or restore the file from version control"
        return Report((Diagnostic(LEDGER_UNREADABLE, Location(file), "a conflict marker has no partner", hint),))
    read_both = [read_ledger(text, Location(file)) for text in both]
    match read_both:
        case [Ledger() as ours, Ledger() as theirs]:
            return _resolved(config, content, ours, theirs, conflicts)
        case _:
            faults = [_unmergeable(read) for read in read_both if isinstance(read, Diagnostic)]
            return Report(in_order(faults))


def _resolved(config: Config, before: bytes, ours: Ledger, theirs: Ledger, conflicts: int) -> Report:
    file = _file(config)
    ledger, changed = merged(ours, theirs)
    found = [_renumbered(change, file) for change in changed]
    faults = apply(config.root, ChangeSet((Change(file, "change", before, print_ledger(ledger)),)))
    if faults:
        return Report(faults)
    counts: dict[str, int | str] = {"conflicts": conflicts, "resolved": conflicts, "renumbered": len(found)}
    return Report(in_order(found), {"numbers": counts})


def _unmergeable(read: Diagnostic) -> Diagnostic:
    hint = "merge again, or restore the file from version control and run: wirelock generate"
    return Diagnostic(LEDGER_UNREADABLE, Location(read.where.file), f"one side of the merge: {read.message}", hint)


def _renumbered(change: Changed, file: str) -> Diagnostic:
    took = f": {change.taken_by} has {change.before}" if change.taken_by else ""
    number = "number " if isinstance(change.before, int) else ""
    before = f"{change.what} of {change.scope} was {number}{change.before} in the branch merged in"
    words = f"{before}, it is {change.after} now"
    hint = "what that branch sent or stored with the old number would be misread; it must not have been released"
    return Diagnostic(LEDGER_RENUMBERED, Location(file), words + took, hint)
