"""Two branches' ledgers as one: every number of ours stays, and what theirs gave twice takes the next free number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from wirelock.lower.ledger.allocation import next_number
from wirelock.lower.ledger.ledger import Entry, Ledger, Scope
from wirelock.lower.ledger.relocation import given_up, translated
from wirelock.naming import settle

Scopes = Mapping[str, Scope]


@dataclass(frozen=True, slots=True)
class Change:
    """What theirs had and has not any more: `before` and `after` are a number or a name of `what` in `scope`.

    `taken_by` is what ours gave it to.
    """

    scope: str
    what: str
    before: int | str
    after: int | str
    taken_by: str


def merged(ours: Ledger, theirs: Ledger) -> tuple[Ledger, tuple[Change, ...]]:
    """Both ledgers as one, and what changed of theirs.

    Each side first makes the moves of the other. What both gave up or either gave up is reserved: the next generation
    takes it back if the schemas still have it.
    """
    ours, theirs = _caught_up(ours, theirs), _caught_up(theirs, ours)
    changes: list[Change] = []
    renames = _renames(ours, theirs)
    for old, new in renames.items():
        scope = ours.messages.get(old) or ours.enums[old]
        changes.append(Change(new.rpartition(".")[0], "the name", _short(old), _short(new), scope.source))
    messages = _merged_scopes(ours.messages, _renamed(theirs.messages, renames), changes)
    enums = _merged_scopes(ours.enums, _renamed(theirs.enums, renames), changes)
    places = set(ours.classes.values())
    classes = {name: place for name, place in theirs.classes.items() if place not in places}
    return Ledger(messages, enums, {**classes, **ours.classes}), tuple(changes)


# moves and names


def _caught_up(ledger: Ledger, other: Ledger) -> Ledger:
    """A side with the moves that the other made since they parted."""
    messages, renamed = _moved(ledger.messages, other.messages)
    enums, also = _moved(ledger.enums, other.enums)
    renames = renamed | also
    return replace(ledger, messages=translated(messages, renames), enums=translated(enums, renames))


def _moved(scopes: Scopes, other: Scopes) -> tuple[dict[str, Scope], dict[str, str]]:
    moved, renames = dict(scopes), dict[str, str]()
    for new, scope in other.items():
        old = next((name for name in scope.was if name in scopes and scopes[name].live), None)
        if old is not None and new not in scopes:
            moved[new] = replace(scopes[old], source=scope.source, was=scope.was)
            moved[old] = given_up(scopes[old])
            renames[old] = new
    return moved, renames


def _renames(ours: Ledger, theirs: Ledger) -> dict[str, str]:
    """New names for what theirs called like something else of ours."""
    sets = ((ours.messages, theirs.messages), (ours.enums, theirs.enums), *_crossed(ours, theirs))
    clashing = [name for left, right in sets for name in left.keys() & right.keys() if _differ(left[name], right[name])]
    renames: dict[str, str] = {}
    for name in sorted(set(clashing)):
        used = {*ours.messages, *ours.enums, *theirs.messages, *theirs.enums, *renames.values()}
        package, _, short = name.rpartition(".")
        taken = [_short(other) for other in used if other.rpartition(".")[0] == package]
        renames[name] = f"{package}.{settle({short: short}, taken)[short]}"
    return renames


def _crossed(ours: Ledger, theirs: Ledger) -> Iterator[tuple[Scopes, Scopes]]:
    """The names that are a message on one side and an enum on the other alone."""
    for left, right, both in (
        (ours.messages, theirs.enums, theirs.messages),
        (ours.enums, theirs.messages, theirs.enums),
    ):
        yield left, {name: replace(scope, source="", was=()) for name, scope in right.items() if name not in both}


def _differ(ours: Scope, theirs: Scope) -> bool:
    """Whether two scopes of one name never stood for the same schema place."""
    return not {ours.source, *ours.was} & {theirs.source, *theirs.was}


def _renamed(scopes: Scopes, renames: Mapping[str, str]) -> dict[str, Scope]:
    return translated({renames.get(name, name): scope for name, scope in scopes.items()}, renames)


# numbers


def _merged_scopes(ours: Scopes, theirs: Scopes, changes: list[Change]) -> dict[str, Scope]:
    merged = {**theirs, **ours}
    for name in sorted(ours.keys() & theirs.keys()):
        merged[name] = _merged_scope(name, ours[name], theirs[name], changes)
    return merged


def _merged_scope(name: str, ours: Scope, theirs: Scope, changes: list[Change]) -> Scope:
    entries = {entry.number: entry for entry in ours.entries}
    used = {entry.number for entry in (*ours.entries, *theirs.entries)}
    for entry in theirs.entries:
        same = entries.get(entry.number)
        if same is not None and _is_same(same, entry):
            entries[entry.number] = _both(same, entry, theirs)
            continue
        if (elsewhere := next((other for other in ours.entries if _is_same(other, entry)), None)) is not None:
            _say(changes, name, entry, elsewhere.number, same)
            continue
        if same is not None and entry.reserved:
            continue  # nothing has the number on their side either
        number = entry.number if same is None else next_number(used)
        used.add(number)
        _say(changes, name, entry, number, same)
        entries[number] = replace(entry, number=number, name=_free_name(entry, entries.values()))
    ordered = _reserving_rivals([entries[number] for number in sorted(entries)])
    source = theirs.source if ours.source in theirs.was else ours.source
    return Scope(source, ordered, _union(ours.was, theirs.was))


def _is_same(ours: Entry, theirs: Entry) -> bool:
    """Whether two entries are one property: of one type, and with a key in common, now or formerly."""
    return ours.type == theirs.type and bool({ours.key, *ours.was} & {theirs.key, *theirs.was})


def _both(ours: Entry, theirs: Entry, scope: Scope) -> Entry:
    """One entry with what each side did to it: a rename, giving it up."""
    newer = theirs if ours.key in theirs.was and ours.key not in scope.live else ours
    was = tuple(key for key in _union(ours.was, theirs.was) if key != newer.key)
    return replace(newer, reserved=ours.reserved or theirs.reserved, was=was)


def _reserving_rivals(entries: list[Entry]) -> tuple[Entry, ...]:
    """Entries of which no two are in use with one key: the next generation takes the one whose type the schema has."""
    live = [entry.key for entry in entries if not entry.reserved]
    return tuple(replace(e, reserved=True) if live.count(e.key) > 1 else e for e in entries)


def _free_name(entry: Entry, others: Iterable[Entry]) -> str:
    """The proto name of an entry, unless another property has it."""
    taken = [other.name for other in others if other.key != entry.key]
    return settle({entry.name: entry.name}, taken)[entry.name]


def _say(changes: list[Change], scope: str, entry: Entry, number: int, taken_by: Entry | None) -> None:
    if number != entry.number:
        changes.append(Change(scope, entry.name, entry.number, number, taken_by.name if taken_by else ""))


def _union(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ours, *theirs)))


def _short(full: str) -> str:
    return full.rpartition(".")[2]
