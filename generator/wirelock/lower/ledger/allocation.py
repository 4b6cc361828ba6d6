"""The life of a number: given once, found again by key, former key and type, never given to anything else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.lower.ledger.ledger import Entry, Scope
from wirelock.lower.ledger.validation import LAST_NUMBER, PROTOBUFS_OWN

LEDGER_TYPE_CHANGED = Code("LEDGER_TYPE_CHANGED", Severity.ERROR, fatal=True)
LEDGER_RETYPED = Code("LEDGER_RETYPED", Severity.WARNING)
FIELD_NUMBER_TAKEN = Code("FIELD_NUMBER_TAKEN", Severity.ERROR, fatal=True)
RENAME_UNUSED = Code("RENAME_UNUSED", Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a field or value asks for.

    `pinned` is a number that the schema demands (`x-proto-field`); `foreign` says that the schema is an imported one,
    whose author knows nothing of numbers.
    """

    key: str
    name: str
    type: str
    where: Location
    pinned: int | None = None
    renamed_from: str = ""
    foreign: bool = False


def allocate(scope: Scope, wanted: Sequence[Wanted], label: str) -> tuple[Scope, tuple[Diagnostic, ...]]:
    """Numbers for everything wanted: the old ones where there are any, then max + 1 in the order given.

    What is no longer wanted becomes reserved. A key that comes back with its old type gets its old number; with
    another type it takes a new one. A live key whose type changed is an error: old data would be misread; in an
    imported schema it is as if the one were removed and the other added (decision 0011).
    """
    kept: dict[str, Entry] = {}
    found: list[Diagnostic] = []
    for want, old in zip(wanted, _previous(scope, wanted), strict=True):
        if old is not None and (old.type == want.type or not old.reserved):
            found += _misfits(old, want, label)
            was = old.was if old.key == want.key else tuple(dict.fromkeys((*old.was, old.key)))
            kept[want.key] = replace(old, key=want.key, name=want.name, reserved=False, was=was)
        elif old is None and (former := scope.live.get(want.key)) is not None:
            found.append(_retyped(former, want, label))
    numbers = {entry.number for entry in scope.entries}
    for want in wanted:
        if want.key in kept:
            continue
        if want.pinned is not None and want.pinned in numbers:
            found.append(_pin_taken(want, label))
        number = want.pinned if want.pinned is not None else next_number(numbers)
        numbers.add(number)
        kept[want.key] = Entry(number, want.key, want.name, want.type)
    found += [_unused(want, label) for want in wanted if _is_unused(scope, want, kept[want.key])]
    in_use = {entry.number for entry in kept.values()}
    retired = [replace(entry, reserved=True) for entry in scope.entries if entry.number not in in_use]
    entries = tuple(sorted([*kept.values(), *retired], key=lambda entry: entry.number))
    return replace(scope, entries=entries), tuple(found)


def _previous(scope: Scope, wanted: Sequence[Wanted]) -> list[Entry | None]:
    """The entry that each had before, by its own key or else by the one it was renamed from; none has two."""
    keys = {want.key for want in wanted}
    free = {entry.number: entry for entry in scope.entries if entry.key not in keys}
    previous: list[Entry | None] = []
    for want in wanted:
        renamed = [e for e in free.values() if e.key == want.renamed_from and e.type == want.type]
        renamed.sort(key=lambda entry: entry.reserved)
        old = _own(scope, want) or next(iter(renamed), None)
        if old is not None:
            free.pop(old.number, None)
        previous.append(old)
    return previous


def _own(scope: Scope, want: Wanted) -> Entry | None:
    """The entry of the same key: the one in use, or one of the same type that was given up."""
    candidates = [entry for entry in scope.entries if entry.key == want.key]
    same = [entry for entry in candidates if entry.type == want.type]
    live = [] if want.foreign else [entry for entry in candidates if not entry.reserved]
    return next(iter((*live, *sorted(same, key=lambda entry: entry.reserved))), None)


def next_number(numbers: Collection[int]) -> int:
    """The number after all that were ever given; past the last that protobuf has, the first that never was."""
    number = max(numbers, default=0) + 1
    if number in PROTOBUFS_OWN:
        return PROTOBUFS_OWN.stop
    if number <= LAST_NUMBER:
        return number
    return next(n for n in range(1, LAST_NUMBER) if n not in numbers and n not in PROTOBUFS_OWN)


def _misfits(old: Entry, want: Wanted, label: str) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    if old.type != want.type:
        found.append(_type_changed(old, want, label))
    if want.pinned is not None and want.pinned != old.number:
        words = f"x-proto-field asks for number {want.pinned}, but {label}.{old.name} has had {old.number}"
        hint = f"a number is given once: ask for {old.number}, or for none"
        found.append(Diagnostic(FIELD_NUMBER_TAKEN, want.where, words, hint))
    return found


def _type_changed(old: Entry, want: Wanted, label: str) -> Diagnostic:
    return Diagnostic(
        LEDGER_TYPE_CHANGED,
        want.where,
        f"{label}.{old.name} was {old.type} and would become {want.type}; old data under number {old.number} "
        "would be misread",
        "give the property a new name, or remove it in one generation and add it again in the next: "
        "it then takes a new number; if its type was only renamed, say so there with x-renamed-from",
    )


def _retyped(old: Entry, want: Wanted, label: str) -> Diagnostic:
    return Diagnostic(
        LEDGER_RETYPED,
        want.where,
        f"{label}.{old.name} was {old.type} and is {want.type} now: {old.number} is reserved, it takes a new number",
        "clients built before do not see the field until they are built again",
    )


def _pin_taken(want: Wanted, label: str) -> Diagnostic:
    return Diagnostic(
        FIELD_NUMBER_TAKEN,
        want.where,
        f"x-proto-field asks for number {want.pinned} of {label}, which is taken or reserved",
        "choose a number that was never used in this message",
    )


def _is_unused(scope: Scope, want: Wanted, given: Entry) -> bool:
    """Whether a rename names nothing that this property ever was; in a new message it may come from anywhere."""
    return bool(want.renamed_from and scope.entries) and want.renamed_from not in given.was


def _unused(want: Wanted, label: str) -> Diagnostic:
    return Diagnostic(
        RENAME_UNUSED,
        want.where,
        f"x-renamed-from names {want.renamed_from}, which {want.key} of {label} never was: its number is its own",
        "name a property that is not in the schema any more and had the same type, or take the keyword away",
    )
