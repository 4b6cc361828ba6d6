"""Merge of the ledgers of two branches: our side keeps its numbers, their conflicting entries take new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from wirelock.lower.ledger.allocation import get_next_number
from wirelock.lower.ledger.ledger import Entry, Ledger, Scope, get_package, get_short_name
from wirelock.lower.ledger.relocation import rename_types, retire
from wirelock.naming import assign_unique_names

Scopes = Mapping[str, Scope]


@dataclass(frozen=True, slots=True)
class MergeChange:
    """A number or name of their side that the merge changed from `before` to `after`.

    It belongs to `what` in the message, enum or package `scope`. `taken_by` is the entry or origin of our side that
    has the number or name.
    """

    scope: str
    what: str
    before: int | str
    after: int | str
    taken_by: str


def merge_ledgers(ours: Ledger, theirs: Ledger) -> tuple[Ledger, tuple[MergeChange, ...]]:
    """Merge two ledgers; return the result and the changes to their side.

    Each side first gets the moves that the other side made. An entry that either side removed becomes reserved; the
    next `generate` takes it into use again if the schemas still have the property.
    """
    ours, theirs = _apply_moves(ours, theirs), _apply_moves(theirs, ours)
    changes: list[MergeChange] = []
    renames = _choose_new_names(ours, theirs)
    for old, new in renames.items():
        scope = ours.messages.get(old) or ours.enums[old]
        changes.append(
            MergeChange(get_package(new), "the name", get_short_name(old), get_short_name(new), scope.origin)
        )
    messages = _merge_scopes(ours.messages, _rename_scopes(theirs.messages, renames), changes)
    enums = _merge_scopes(ours.enums, _rename_scopes(theirs.enums, renames), changes)
    origins = set(ours.classes.values())
    classes = {name: origin for name, origin in theirs.classes.items() if origin not in origins}
    return Ledger(messages, enums, {**classes, **ours.classes}), tuple(changes)


# moves and names


def _apply_moves(ledger: Ledger, other: Ledger) -> Ledger:
    """Return a ledger with the moves that the other branch made."""
    messages, message_renames = _move_scopes(ledger.messages, other.messages)
    enums, enum_renames = _move_scopes(ledger.enums, other.enums)
    renames = message_renames | enum_renames
    return replace(ledger, messages=rename_types(messages, renames), enums=rename_types(enums, renames))


def _move_scopes(scopes: Scopes, other: Scopes) -> tuple[dict[str, Scope], dict[str, str]]:
    moved, renames = dict(scopes), dict[str, str]()
    for new, scope in other.items():
        old = next((name for name in scope.former_names if name in scopes and scopes[name].live), None)
        if old is not None and new not in scopes:
            moved[new] = replace(scopes[old], origin=scope.origin, former_names=scope.former_names)
            moved[old] = retire(scopes[old])
            renames[old] = new
    return moved, renames


def _choose_new_names(ours: Ledger, theirs: Ledger) -> dict[str, str]:
    """Return new names for messages and enums of their side whose name means something else on our side."""
    pairs = ((ours.messages, theirs.messages), (ours.enums, theirs.enums), *_pair_messages_with_enums(ours, theirs))
    clashing = {
        name for left, right in pairs for name in left.keys() & right.keys() if _are_different(left[name], right[name])
    }
    renames: dict[str, str] = {}
    for name in sorted(clashing):
        used = {*ours.messages, *ours.enums, *theirs.messages, *theirs.enums, *renames.values()}
        package, short = get_package(name), get_short_name(name)
        taken = [get_short_name(other) for other in used if get_package(other) == package]
        renames[name] = f"{package}.{assign_unique_names({short: short}, taken)[short]}"
    return renames


def _pair_messages_with_enums(ours: Ledger, theirs: Ledger) -> Iterator[tuple[Scopes, Scopes]]:
    """Yield the scopes that are messages on one side and enums on the other; their side loses its origins."""
    for left, right, same_kind in (
        (ours.messages, theirs.enums, theirs.messages),
        (ours.enums, theirs.messages, theirs.enums),
    ):
        others = {name: scope for name, scope in right.items() if name not in same_kind}
        yield left, {name: replace(scope, origin="", former_names=()) for name, scope in others.items()}


def _are_different(ours: Scope, theirs: Scope) -> bool:
    """Return True if two scopes of one name never had a common origin."""
    return not {ours.origin, *ours.former_names} & {theirs.origin, *theirs.former_names}


def _rename_scopes(scopes: Scopes, renames: Mapping[str, str]) -> dict[str, Scope]:
    return rename_types({renames.get(name, name): scope for name, scope in scopes.items()}, renames)


# numbers


def _merge_scopes(ours: Scopes, theirs: Scopes, changes: list[MergeChange]) -> dict[str, Scope]:
    merged = {**theirs, **ours}
    for name in sorted(ours.keys() & theirs.keys()):
        merged[name] = _merge_scope(name, ours[name], theirs[name], changes)
    return merged


def _merge_scope(name: str, ours: Scope, theirs: Scope, changes: list[MergeChange]) -> Scope:
    entries = {entry.number: entry for entry in ours.entries}
    used = {entry.number for entry in (*ours.entries, *theirs.entries)}
    for entry in theirs.entries:
        same_number = entries.get(entry.number)
        if same_number is not None and _is_same_field(same_number, entry):
            entries[entry.number] = _merge_entries(same_number, entry, theirs)
            continue
        if (same_field := next((other for other in ours.entries if _is_same_field(other, entry)), None)) is not None:
            _add_change(changes, name, entry, same_field.number, same_number)
            continue
        if same_number is not None and entry.reserved:
            continue  # the number is not in use on their side
        number = entry.number if same_number is None else get_next_number(used)
        used.add(number)
        _add_change(changes, name, entry, number, same_number)
        entries[number] = replace(entry, number=number, name=_choose_free_name(entry, entries.values()))
    merged = _reserve_duplicate_keys([entries[number] for number in sorted(entries)])
    origin = theirs.origin if ours.origin in theirs.former_names else ours.origin
    return Scope(origin, merged, _concatenate(ours.former_names, theirs.former_names))


def _is_same_field(ours: Entry, theirs: Entry) -> bool:
    """Return True if two entries have one type and a common key, current or former."""
    return ours.type == theirs.type and bool({ours.key, *ours.former_keys} & {theirs.key, *theirs.former_keys})


def _merge_entries(ours: Entry, theirs: Entry, scope: Scope) -> Entry:
    """Return an entry with the renames and the removal of both sides."""
    newer = theirs if ours.key in theirs.former_keys and ours.key not in scope.live else ours
    former_keys = tuple(key for key in _concatenate(ours.former_keys, theirs.former_keys) if key != newer.key)
    return replace(newer, reserved=ours.reserved or theirs.reserved, former_keys=former_keys)


def _reserve_duplicate_keys(entries: list[Entry]) -> tuple[Entry, ...]:
    """Reserve entries in use that share a key; the next `generate` takes the one whose type the schema has."""
    live = [entry.key for entry in entries if not entry.reserved]
    return tuple(replace(e, reserved=True) if live.count(e.key) > 1 else e for e in entries)


def _choose_free_name(entry: Entry, others: Iterable[Entry]) -> str:
    """Return the proto name of an entry, with a number if another key has it."""
    taken = [other.name for other in others if other.key != entry.key]
    return assign_unique_names({entry.name: entry.name}, taken)[entry.name]


def _add_change(changes: list[MergeChange], scope: str, entry: Entry, number: int, taken_by: Entry | None) -> None:
    if number != entry.number:
        changes.append(MergeChange(scope, entry.name, entry.number, number, taken_by.name if taken_by else ""))


def _concatenate(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ours, *theirs)))
