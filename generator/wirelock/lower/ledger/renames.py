"""Search for moves: new schema origins that continue a message or enum of the ledger.

An origin that the ledger does not know continues an old one in three cases: a hint says so (`x-renamed-from` at the
root of a file); a type of the same name disappeared from another package; or a field that led to an old origin, which
disappeared, now leads to the new one. The last case is a guess: it requires a common field key, and that one of the two
origins is not a named type, because two named types are different unless a hint says otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import TypeId
from wirelock.lower.ledger.allocation import RENAME_UNUSED, FieldRequest
from wirelock.lower.ledger.ledger import Ledger, Scope, get_package, get_short_name

ScopeKind = Literal["messages", "enums"]
SCHEMA_SUFFIX = ".schema.json"
_WRAPPERS = ("repeated ", "map<string, ")


@dataclass(frozen=True, slots=True)
class SchemaOrigin:
    """A schema location that generates a message or an enum, with its package, preferred name and fields."""

    id: str
    package: str
    name: str
    kind: ScopeKind
    fields: tuple[FieldRequest, ...] = ()

    @property
    def provisional_name(self) -> str:
        """The full name before names are assigned."""
        return f"{self.package}.{self.id}"


@dataclass(frozen=True, slots=True)
class RenameHint:
    """The former name or file of a type (`x-renamed-from`)."""

    type: TypeId
    former_name: str
    location: Location


@dataclass(frozen=True, slots=True)
class Move:
    """The full name that an origin had in the ledger; `takes_new_name` is True if a hint renames the type."""

    old_name: str
    takes_new_name: bool


@dataclass(slots=True)
class _MoveSearch:
    """The origins of a run, and the scopes of the ledger whose origin disappeared (`missing`).

    `existing` are the full names of origins that the ledger has, `missing` full names by kind and old origin.
    """

    origins: Mapping[str, SchemaOrigin]
    ledger: Ledger
    existing: Mapping[str, str]
    missing: dict[tuple[ScopeKind, str], str] = field(default_factory=dict[tuple[ScopeKind, str], str])
    moves: dict[str, Move] = field(default_factory=dict[str, Move])

    def get_scopes(self, kind: ScopeKind) -> Mapping[str, Scope]:
        """Return the messages or the enums of the ledger."""
        return self.ledger.messages if kind == "messages" else self.ledger.enums

    def is_new(self, id: str) -> bool:
        """Return True if an origin is not in the ledger and no move to it was found."""
        return id not in self.existing and id not in self.moves

    def follow(self, new: str, old: str, *, takes_new_name: bool = False) -> bool:
        """Record moves from an old origin, and origins inside it, to a new one; return True if there are any."""
        if not self.missing:
            return False
        inside = [id for id in self.origins if _is_inside(id, new) and self.is_new(id)]
        has_moved = False
        for id in inside:
            full = self.missing.pop((self.origins[id].kind, _map_origin(id, new, old)), None)
            if full is not None:
                self.moves[id] = Move(full, takes_new_name)
                has_moved = True
        return has_moved


def find_existing(origins: Mapping[str, SchemaOrigin], ledger: Ledger) -> dict[str, str]:
    """Return the full name of each origin that the ledger has; a scope in use has precedence over a retired one."""
    known: dict[tuple[ScopeKind, str, str], str] = {}
    kinds: tuple[tuple[ScopeKind, Mapping[str, Scope]], ...] = (("messages", ledger.messages), ("enums", ledger.enums))
    for kind, scopes in kinds:
        for name in sorted(scopes, key=lambda name: (not scopes[name].live, name), reverse=True):
            known[kind, scopes[name].origin, get_package(name)] = name
    names = {id: known.get((origin.kind, id, origin.package)) for id, origin in origins.items()}
    return {id: name for id, name in names.items() if name is not None}


def find_moves(
    origins: Mapping[str, SchemaOrigin], hints: Iterable[RenameHint], ledger: Ledger
) -> tuple[Mapping[str, Move], tuple[Diagnostic, ...]]:
    """Return the move of each new origin that continues an old one, and a diagnostic for each hint without effect."""
    search = _start_search(origins, ledger)
    diagnostics = tuple(_report_unused_hint(hint) for hint in hints if not _apply_hint(search, hint))
    for id, origin in origins.items():
        if (origin.kind, id) in search.missing:  # only the package was renamed
            search.follow(id, id)
    for new, old in _find_namesakes(search):
        search.follow(new, old)
    if search.missing:
        _follow_fields(search)
    return search.moves, diagnostics


def _start_search(origins: Mapping[str, SchemaOrigin], ledger: Ledger) -> _MoveSearch:
    known = find_existing(origins, ledger)
    live = {id: name for id, name in known.items() if _get_scope(ledger, name).live}
    in_use = set(live.values())
    search = _MoveSearch(origins, ledger, live)
    kinds: tuple[ScopeKind, ...] = ("messages", "enums")
    for kind in kinds:
        for name, scope in search.get_scopes(kind).items():
            if scope.live and name not in in_use:
                search.missing[kind, scope.origin] = name
    return search


def _get_scope(ledger: Ledger, name: str) -> Scope:
    return ledger.messages.get(name) or ledger.enums[name]


# hints


def _apply_hint(search: _MoveSearch, hint: RenameHint) -> bool:
    """Follow a hint; return False if it names nothing that the type was, now or in an earlier generation."""
    new = str(hint.type)
    inside = [origin for id, origin in search.origins.items() if _is_inside(id, new)]
    if not inside or not (search.ledger.messages or search.ledger.enums):
        return True
    package = inside[0].package
    resolved = [_get_scope(search.ledger, search.existing[o.id]) for o in inside if o.id in search.existing]
    if any(_is_former_name(name, hint.former_name, package) for scope in resolved for name in scope.former_names):
        return True
    full_names = (hint.former_name, f"{package}.{hint.former_name}")
    named = [id for (_, id), full in search.missing.items() if full in full_names]
    candidates = dict.fromkeys((hint.former_name, hint.former_name + SCHEMA_SUFFIX, *named))
    return any(search.follow(new, old, takes_new_name=True) for old in candidates)


def _is_former_name(name: str, hinted: str, package: str) -> bool:
    """Return True if a former name or origin is the one that a hint names."""
    return (
        name in (hinted, f"{package}.{hinted}") or _is_inside(name, hinted) or _is_inside(name, hinted + SCHEMA_SUFFIX)
    )


def _report_unused_hint(hint: RenameHint) -> Diagnostic:
    message = f"x-renamed-from of {hint.type} is {hint.former_name}, which it never was; the keyword has no effect"
    advice = "name the former file, for example session/old.schema.json, or remove x-renamed-from"
    return Diagnostic(RENAME_UNUSED, hint.location, message, advice)


# without a hint


def _find_namesakes(search: _MoveSearch) -> Iterator[tuple[str, str]]:
    """Yield new named types and the missing type of the same name, if it is the only one and shares a field key."""
    fresh = [origin for id, origin in search.origins.items() if search.is_new(id) and is_named(id)]
    missing = [(kind, id, full) for (kind, id), full in search.missing.items() if is_named(id)]
    for new in fresh:
        namesakes = [(id, full) for kind, id, full in missing if (kind, get_short_name(full)) == (new.kind, new.name)]
        rivals = [other for other in fresh if (other.kind, other.name) == (new.kind, new.name)]
        if len(namesakes) == 1 == len(rivals):
            ((old, full),) = namesakes
            if _has_common_key(new, search.get_scopes(new.kind)[full]):
                yield new.id, old


def _follow_fields(search: _MoveSearch) -> None:
    """Follow each field that kept its key: the type that it led to moved to the type that it leads to now."""
    by_provisional_name = {origin.provisional_name: origin for origin in search.origins.values()}
    pending = deque(sorted({*search.existing, *search.moves}))
    seen = set(pending)
    while pending:
        id = pending.popleft()
        origin = search.origins[id]
        name = search.existing[id] if id in search.existing else search.moves[id].old_name
        for before, after in _iter_type_changes(origin.fields, search.get_scopes(origin.kind)[name]):
            new = by_provisional_name.get(after)
            if new is None or not search.is_new(new.id):
                continue
            old = search.get_scopes(new.kind).get(before)
            if old is not None and _is_plausible(new, old):
                search.follow(new.id, old.origin)
        discovered = sorted(search.moves.keys() - seen)
        seen.update(discovered)
        pending += discovered


def _iter_type_changes(fields: Sequence[FieldRequest], scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield the old and new type names of each field whose type differs in nothing but the name."""
    keys = {request.key for request in fields}
    for request in fields:
        key = request.key if request.key in scope.live or request.renamed_from in keys else request.renamed_from
        if (entry := scope.live.get(key)) is not None:
            old_wrapper, old_name = _split_type(entry.type)
            new_wrapper, new_name = _split_type(request.type)
            if old_wrapper == new_wrapper:
                yield old_name, new_name


def _is_plausible(new: SchemaOrigin, old: Scope) -> bool:
    """Return True if an origin may continue a scope without a hint: not both are named, and they share a key."""
    return not (is_named(new.id) and is_named(old.origin)) and _has_common_key(new, old)


def _has_common_key(origin: SchemaOrigin, scope: Scope) -> bool:
    return any(request.key in scope.live for request in origin.fields)


def is_named(id: str) -> bool:
    """Return True if an origin is a named type: a file, or a definition in a file."""
    file, _, pointer = id.removesuffix("@root").partition("#")
    return "@" not in (pointer or file) and (not pointer or pointer.split("/")[-2] in ("$defs", "definitions"))


# origins and types as text


def _is_inside(id: str, container: str) -> bool:
    """Return True if an origin is another one, or is inside it."""
    return id.startswith(container) and (id == container or id[len(container)] in "#@/")


def _map_origin(id: str, new: str, old: str) -> str:
    """Return the former origin of something inside `new`, if `new` was `old`."""
    rest = id[len(new) :]
    if rest.startswith("/") and "#" not in old:
        return f"{old}#{rest}"
    return old + (rest.removeprefix("#") if rest.startswith("#") and "#" in old else rest)


def _split_type(type: str) -> tuple[str, str]:
    """Split a printed type into its wrapper (`repeated `, `map<string, `) and the name in it."""
    wrapper = next((start for start in _WRAPPERS if type.startswith(start)), "")
    return wrapper, type.removeprefix(wrapper).removesuffix(">" if wrapper.startswith("map") else "")


def rename_type(type: str, rename: Callable[[str], str]) -> str:
    """Return a printed type with the name in it renamed."""
    wrapper, name = _split_type(type)
    return f"{wrapper}{rename(name)}{'>' if wrapper.startswith('map') else ''}"
