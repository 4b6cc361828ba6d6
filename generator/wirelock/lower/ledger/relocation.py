"""Names for schema origins, and the ledger after origins moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from wirelock.lower.ledger.ledger import Entry, Ledger, Scope, get_package, get_short_name
from wirelock.lower.ledger.renames import Move, SchemaOrigin, ScopeKind, find_existing, rename_type
from wirelock.naming import assign_unique_names


def assign_names(
    origins: Mapping[str, SchemaOrigin], moves: Mapping[str, Move], ledger: Ledger, taken: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """Return a short name for each origin: the one in the ledger, or else a free one.

    `taken` are the names of services and classes in each package; messages and enums do not use them.
    """
    names: dict[str, str] = {}
    known = {id: name for id, name in find_existing(origins, ledger).items() if id not in moves}
    known |= {id: move.old_name for id, move in moves.items() if _keeps_name(origins[id], move)}
    for package in sorted({origin.package for origin in origins.values()}):
        in_package = [origin for origin in origins.values() if origin.package == package]
        kept = {origin.id: get_short_name(known[origin.id]) for origin in in_package if origin.id in known}
        fresh = [origin for origin in in_package if origin.id not in known]
        blocked = [origin for origin in fresh if _is_name_blocked(origin, moves.get(origin.id), ledger)]
        free = {origin.id: _get_preferred_name(origin, moves) for origin in fresh if origin not in blocked}
        kept |= assign_unique_names(free, (*kept.values(), *taken[package]))
        used = (*kept.values(), *taken[package], *_iter_used_names(package, ledger))
        renamed = {origin.id: _get_preferred_name(origin, moves) for origin in blocked}
        names |= kept | assign_unique_names(renamed, used)
    return names


def _keeps_name(origin: SchemaOrigin, move: Move) -> bool:
    """Return True if a moved origin stays in its package and no hint asks for a new name."""
    return not move.takes_new_name and get_package(move.old_name) == origin.package


def _get_preferred_name(origin: SchemaOrigin, moves: Mapping[str, Move]) -> str:
    move = moves.get(origin.id)
    return origin.name if move is None or move.takes_new_name else get_short_name(move.old_name)


def _is_name_blocked(origin: SchemaOrigin, move: Move | None, ledger: Ledger) -> bool:
    """Return True if the preferred name must not be used again.

    It is the name of the other kind, or of a retired scope in which the same numbers have other keys.
    """
    full = f"{origin.package}.{_get_preferred_name(origin, {origin.id: move} if move else {})}"
    scopes, others = _get_scopes(ledger, origin.kind)
    if full in others:
        return True
    if move is None or move.old_name == full or full not in scopes:
        return False
    return not _are_compatible(scopes[move.old_name], scopes[full])


def _are_compatible(scope: Scope, former: Scope) -> bool:
    """Return True if no number has different keys in the two scopes."""
    keys = {entry.number: entry.key for entry in scope.entries}
    return all(keys.get(entry.number, entry.key) == entry.key for entry in former.entries)


def _iter_used_names(package: str, ledger: Ledger) -> Iterable[str]:
    return (get_short_name(name) for name in (*ledger.messages, *ledger.enums) if get_package(name) == package)


def _get_scopes(ledger: Ledger, kind: ScopeKind) -> tuple[Mapping[str, Scope], Mapping[str, Scope]]:
    """Return the scopes of a kind, and those of the other kind."""
    return (ledger.messages, ledger.enums) if kind == "messages" else (ledger.enums, ledger.messages)


def relocate(
    ledger: Ledger, origins: Mapping[str, SchemaOrigin], moves: Mapping[str, Move], names: Mapping[str, str]
) -> Ledger:
    """Return the ledger with the scope of each moved origin under its new name; the old name is retired."""
    if not moves:
        return ledger
    full = {id: f"{origins[id].package}.{names[id]}" for id in moves}
    renames = {move.old_name: full[id] for id, move in moves.items() if move.old_name != full[id]}
    scopes: dict[ScopeKind, dict[str, Scope]] = {"messages": dict(ledger.messages), "enums": dict(ledger.enums)}
    for id, move in moves.items():
        before, _ = _get_scopes(ledger, origins[id].kind)
        scopes[origins[id].kind][full[id]] = _move_scope(before, origins[id], move.old_name, full[id])
    for id, move in moves.items():
        if move.old_name in renames and move.old_name not in full.values():
            same_kind = scopes[origins[id].kind]
            same_kind[move.old_name] = retire(same_kind[move.old_name])
    ids = {_get_origin(ledger, move.old_name): id for id, move in moves.items()}
    classes = {name: ids.get(origin, origin) for name, origin in ledger.classes.items()}
    return replace(
        ledger,
        messages=rename_types(scopes["messages"], renames),
        enums=rename_types(scopes["enums"], renames),
        classes=classes,
    )


def _move_scope(scopes: Mapping[str, Scope], origin: SchemaOrigin, old: str, new: str) -> Scope:
    """Return a scope under its new name, with the numbers that were reserved under that name before."""
    scope = scopes[old]
    retired = retire(scopes.get(new, Scope())) if new != old else Scope()
    known = {entry.number for entry in scope.entries}
    entries = [*scope.entries, *(entry for entry in retired.entries if entry.number not in known)]
    former_names = (
        *scope.former_names,
        *([old] if new != old else []),
        *([scope.origin] if scope.origin != origin.id else []),
    )
    ordered = tuple(sorted(entries, key=lambda entry: entry.number))
    return Scope(origin.id, ordered, tuple(dict.fromkeys(former_names)))


def retire(scope: Scope) -> Scope:
    """Return a scope that is no longer in use, with every number reserved."""
    return replace(scope, entries=tuple(replace(entry, reserved=True) for entry in scope.entries))


def rename_types(scopes: Mapping[str, Scope], renames: Mapping[str, str]) -> dict[str, Scope]:
    """Return scopes whose entries have the new names of their types."""
    if not renames:
        return dict(scopes)

    def rename_entry(entry: Entry) -> Entry:
        return replace(entry, type=rename_type(entry.type, lambda name: renames.get(name, name)))

    return {name: replace(s, entries=tuple(rename_entry(entry) for entry in s.entries)) for name, s in scopes.items()}


def _get_origin(ledger: Ledger, name: str) -> str:
    return (ledger.messages.get(name) or ledger.enums[name]).origin
