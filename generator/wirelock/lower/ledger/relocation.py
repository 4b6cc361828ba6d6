"""Names for schema places, and the ledger as it is once they moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from wirelock.lower.ledger.ledger import Entry, Ledger, Scope
from wirelock.lower.ledger.renames import Kind, Move, Place, renamed_type, standing
from wirelock.naming import settle


def settled(
    places: Mapping[str, Place], moved: Mapping[str, Move], ledger: Ledger, taken: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Short names for every schema place: the ledger's where it knows the place, then what is free in the package."""
    names: dict[str, str] = {}
    known = {source: name for source, name in standing(places, ledger).items() if source not in moved}
    known |= {source: move.old for source, move in moved.items() if _stays(places[source], move)}
    for package in sorted({place.package for place in places.values()}):
        ours = [place for place in places.values() if place.package == package]
        kept = {place.source: _short(known[place.source]) for place in ours if place.source in known}
        fresh = [place for place in ours if place.source not in known]
        barred = [place for place in fresh if _is_barred(place, moved.get(place.source), ledger)]
        free = {place.source: _wish(place, moved) for place in fresh if place not in barred}
        kept |= settle(free, (*kept.values(), *taken[package]))
        used = (*kept.values(), *taken[package], *_used(package, ledger))
        names |= kept | settle({place.source: _wish(place, moved) for place in barred}, used)
    return names


def _stays(place: Place, move: Move) -> bool:
    """Whether a place that moved keeps its name: nobody asked for another, and its package is the same."""
    return not move.renamed and _package(move.old) == place.package


def _wish(place: Place, moved: Mapping[str, Move]) -> str:
    move = moved.get(place.source)
    return place.name if move is None or move.renamed else _short(move.old)


def _is_barred(place: Place, move: Move | None, ledger: Ledger) -> bool:
    """Whether the name that a place would like was that of something else, whose numbers must not come back."""
    full = f"{place.package}.{_wish(place, {place.source: move} if move else {})}"
    scopes, others = _scopes(ledger, place.kind)
    if full in others:
        return True
    return move is not None and move.old != full and full in scopes and not _fits(scopes[move.old], scopes[full])


def _fits(scope: Scope, former: Scope) -> bool:
    """Whether no number means one thing in one scope and another in the other, the names of types apart."""
    numbers = {entry.number: entry.key for entry in scope.entries}
    return all(numbers.get(entry.number, entry.key) == entry.key for entry in former.entries)


def _used(package: str, ledger: Ledger) -> Iterable[str]:
    return (_short(name) for name in (*ledger.messages, *ledger.enums) if _package(name) == package)


def _scopes(ledger: Ledger, kind: Kind) -> tuple[Mapping[str, Scope], Mapping[str, Scope]]:
    """The scopes of a kind, and those of the other."""
    return (ledger.messages, ledger.enums) if kind == "messages" else (ledger.enums, ledger.messages)


def relocated(
    ledger: Ledger, places: Mapping[str, Place], moved: Mapping[str, Move], names: Mapping[str, str]
) -> Ledger:
    """The ledger in which every place that moved has its scope: numbers stay, an old name is left as given up."""
    if not moved:
        return ledger
    full = {source: f"{places[source].package}.{names[source]}" for source in moved}
    renames = {move.old: full[source] for source, move in moved.items() if move.old != full[source]}
    scopes: dict[Kind, dict[str, Scope]] = {"messages": dict(ledger.messages), "enums": dict(ledger.enums)}
    for source, move in moved.items():
        kind = scopes[places[source].kind]
        before = _scopes(ledger, places[source].kind)[0][move.old]
        kind[full[source]] = _joined(before, ledger, places[source], move.old, full[source])
    for source, move in moved.items():
        if move.old in renames and move.old not in full.values():
            kind = scopes[places[source].kind]
            kind[move.old] = given_up(kind[move.old])
    sources = {_source(ledger, move.old): source for source, move in moved.items()}
    classes = {name: sources.get(place, place) for name, place in ledger.classes.items()}
    return replace(
        ledger,
        messages=translated(scopes["messages"], renames),
        enums=translated(scopes["enums"], renames),
        classes=classes,
    )


def _joined(before: Scope, ledger: Ledger, place: Place, old: str, full: str) -> Scope:
    """A scope at its new place, with the numbers that were given up under its new name."""
    former = _scopes(ledger, place.kind)[0].get(full, Scope()) if full != old else Scope()
    known = {entry.number for entry in before.entries}
    entries = [
        *before.entries,
        *(given_up(former).entries[i] for i, e in enumerate(former.entries) if e.number not in known),
    ]
    was = (*before.was, *([old] if full != old else []), *([before.source] if before.source != place.source else []))
    ordered = tuple(sorted(entries, key=lambda entry: entry.number))
    return Scope(place.source, ordered, tuple(dict.fromkeys(was)))


def given_up(scope: Scope) -> Scope:
    """A scope that nothing uses any more: every number is reserved."""
    return replace(scope, entries=tuple(replace(entry, reserved=True) for entry in scope.entries))


def translated(scopes: Mapping[str, Scope], renames: Mapping[str, str]) -> dict[str, Scope]:
    """Scopes whose types have the names that they were given since."""
    if not renames:
        return dict(scopes)

    def entry(old: Entry) -> Entry:
        return replace(old, type=renamed_type(old.type, lambda name: renames.get(name, name)))

    return {name: replace(s, entries=tuple(entry(old) for old in s.entries)) for name, s in scopes.items()}


def _source(ledger: Ledger, name: str) -> str:
    return (ledger.messages.get(name) or ledger.enums[name]).source


def _package(full: str) -> str:
    return full.rpartition(".")[0]


def _short(full: str) -> str:
    return full.rpartition(".")[2]
