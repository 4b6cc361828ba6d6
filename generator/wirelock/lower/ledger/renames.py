"""What moved: schema places that are new, and the messages and enums of the ledger that they were before.

A place that the ledger does not know is an old one if a hint says so (`x-renamed-from` at the root of a file), if its
type went to another package with its name, or if a field that led to an old place, which is gone, leads to it now. The
last is a guess, made where both hold a field of the same key, and one of the two has no name that people gave it: two
named types are two types unless a hint says otherwise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import TypeId
from wirelock.lower.ledger.allocation import RENAME_UNUSED, Wanted
from wirelock.lower.ledger.ledger import Ledger, Scope

Kind = Literal["messages", "enums"]
SUFFIX = ".schema.json"
_WRAPPERS = ("repeated ", "map<string, ")


@dataclass(frozen=True, slots=True)
class Place:
    """A schema place that makes a message or an enum: in which package, the name it would like, and what it holds."""

    source: str
    package: str
    name: str
    kind: Kind
    fields: tuple[Wanted, ...] = ()

    @property
    def unsettled(self) -> str:
        """Its full name before names are settled."""
        return f"{self.package}.{self.source}"


@dataclass(frozen=True, slots=True)
class Hint:
    """A type that states what it was (`x-renamed-from`)."""

    type: TypeId
    was: str
    where: Location


@dataclass(frozen=True, slots=True)
class Move:
    """`old` is the full name that a place had in the ledger; `renamed` asks for a new one."""

    old: str
    renamed: bool


@dataclass(slots=True)
class _Search:
    """The places of a run, and what the ledger has that none of them stands for any more."""

    places: Mapping[str, Place]
    ledger: Ledger
    standing: Mapping[str, str]
    gone: dict[tuple[Kind, str], str] = field(default_factory=dict[tuple[Kind, str], str])
    moves: dict[str, Move] = field(default_factory=dict[str, Move])

    def scopes(self, kind: Kind) -> Mapping[str, Scope]:
        """The ledger's messages or enums."""
        return self.ledger.messages if kind == "messages" else self.ledger.enums

    def is_new(self, source: str) -> bool:
        """Whether nothing is known yet of what a place was."""
        return source not in self.standing and source not in self.moves

    def follow(self, new: str, old: str, *, renamed: bool = False) -> bool:
        """Whether what stood at an old place, or inside of it, is found at the new one."""
        inside = [source for source in self.places if _is_in(source, new) and self.is_new(source)] if self.gone else []
        found = False
        for source in inside:
            full = self.gone.pop((self.places[source].kind, _moved(source, new, old)), None)
            if full is not None:
                self.moves[source] = Move(full, renamed)
                found = True
        return found


def standing(places: Mapping[str, Place], ledger: Ledger) -> dict[str, str]:
    """The full name that each place has in the ledger already; one in use goes before one that was given up."""
    known: dict[tuple[Kind, str, str], str] = {}
    kinds: tuple[tuple[Kind, Mapping[str, Scope]], ...] = (("messages", ledger.messages), ("enums", ledger.enums))
    for kind, scopes in kinds:
        for name in sorted(scopes, key=lambda name: (not scopes[name].live, name), reverse=True):
            known[kind, scopes[name].source, name.rpartition(".")[0]] = name
    found = {source: known.get((place.kind, source, place.package)) for source, place in places.items()}
    return {source: name for source, name in found.items() if name is not None}


def moves(
    places: Mapping[str, Place], hints: Iterable[Hint], ledger: Ledger
) -> tuple[Mapping[str, Move], tuple[Diagnostic, ...]]:
    """What each place was that is new, by its source, and the hints that name nothing."""
    search = _search(places, ledger)
    found = tuple(_unused(hint) for hint in hints if not _hinted(search, hint))
    for source, place in places.items():
        if (place.kind, source) in search.gone:  # the package has another name
            search.follow(source, source)
    for new, old in _namesakes(search):
        search.follow(new, old)
    if search.gone:
        _along_fields(search)
    return search.moves, found


def _search(places: Mapping[str, Place], ledger: Ledger) -> _Search:
    known = standing(places, ledger)
    live = {source: name for source, name in known.items() if _scope(ledger, name).live}
    held = set(live.values())
    search = _Search(places, ledger, live)
    kinds: tuple[Kind, ...] = ("messages", "enums")
    for kind in kinds:
        for name, scope in search.scopes(kind).items():
            if scope.live and name not in held:
                search.gone[kind, scope.source] = name
    return search


def _scope(ledger: Ledger, name: str) -> Scope:
    return ledger.messages.get(name) or ledger.enums[name]


# hints


def _hinted(search: _Search, hint: Hint) -> bool:
    """Whether a hint names what its type was, now or in an earlier generation."""
    new = str(hint.type)
    inside = [place for source, place in search.places.items() if _is_in(source, new)]
    if not inside or not (search.ledger.messages or search.ledger.enums):
        return True
    package = inside[0].package
    stated = (hint.was, hint.was + SUFFIX)
    done = [_scope(search.ledger, search.standing[p.source]) for p in inside if p.source in search.standing]
    if any(_is_called(word, hint.was, package) for scope in done for word in scope.was):
        return True
    named = [source for (_, source), full in search.gone.items() if full in (hint.was, f"{package}.{hint.was}")]
    olds = dict.fromkeys((*stated, *named))
    return any(search.follow(new, old, renamed=True) for old in olds)


def _is_called(word: str, stated: str, package: str) -> bool:
    """Whether a former name or place is the one that a hint states."""
    return word in (stated, f"{package}.{stated}") or _is_in(word, stated) or _is_in(word, stated + SUFFIX)


def _unused(hint: Hint) -> Diagnostic:
    words = f"x-renamed-from names {hint.was}, which {hint.type} never was: its numbers are its own"
    advice = "name the file that was there before, as in session/old.schema.json, or take the keyword away"
    return Diagnostic(RENAME_UNUSED, hint.where, words, advice)


# without a hint


def _namesakes(search: _Search) -> Iterator[tuple[str, str]]:
    """Named types that are new where one of the same name, and with something in common, is gone from elsewhere."""
    fresh = [place for source, place in search.places.items() if search.is_new(source) and is_named(source)]
    gone = [(kind, old, full) for (kind, old), full in search.gone.items() if is_named(old)]
    for place in fresh:
        olds = [(old, full) for kind, old, full in gone if kind == place.kind and _short(full) == place.name]
        rivals = [other for other in fresh if other.kind == place.kind and other.name == place.name]
        if len(olds) == 1 == len(rivals) and _alike(place, search.scopes(place.kind)[olds[0][1]]):
            yield place.source, olds[0][0]


def _along_fields(search: _Search) -> None:
    """Follow every field that kept its key: where it led, and where it leads now, are one place that moved."""
    unsettled = {place.unsettled: place for place in search.places.values()}
    waiting = deque(sorted({*search.standing, *search.moves}))
    seen = set(waiting)
    while waiting:
        source = waiting.popleft()
        place = search.places[source]
        name = search.standing[source] if source in search.standing else search.moves[source].old
        for before, after in _led(place.fields, search.scopes(place.kind)[name]):
            new = unsettled.get(after)
            if new is None or not search.is_new(new.source):
                continue
            old = search.scopes(new.kind).get(before)
            if old is not None and _may_be(new, old):
                search.follow(new.source, old.source)
        more = sorted(search.moves.keys() - seen)
        seen.update(more)
        waiting += more


def _led(fields: Sequence[Wanted], scope: Scope) -> Iterator[tuple[str, str]]:
    """The names of types that fields had, and have now, where nothing but the name differs."""
    keys = {want.key for want in fields}
    for want in fields:
        key = want.key if want.key in scope.live or want.renamed_from in keys else want.renamed_from
        if (entry := scope.live.get(key)) is not None:
            before, after = _split(entry.type), _split(want.type)
            if before[0] == after[0]:
                yield before[1], after[1]


def _may_be(new: Place, old: Scope) -> bool:
    """Whether a place can be an old one without anybody saying so: two names that people gave are two types."""
    return not (is_named(new.source) and is_named(old.source)) and _alike(new, old)


def _alike(place: Place, scope: Scope) -> bool:
    return any(want.key in scope.live for want in place.fields)


def is_named(source: str) -> bool:
    """Whether a place has a name of its own: a file, or a definition inside of one."""
    file, _, pointer = source.removesuffix("@root").partition("#")
    return "@" not in (pointer or file) and (not pointer or pointer.split("/")[-2] in ("$defs", "definitions"))


# places and names as texts


def _is_in(source: str, place: str) -> bool:
    """Whether a schema place is another one, or inside of it."""
    return source.startswith(place) and (source == place or source[len(place)] in "#@/")


def _moved(source: str, new: str, old: str) -> str:
    """Where something inside the new place was when that was the old one."""
    rest = source[len(new) :]
    if rest.startswith("/") and "#" not in old:
        return f"{old}#{rest}"
    return old + (rest.removeprefix("#") if rest.startswith("#") and "#" in old else rest)


def _split(type: str) -> tuple[str, str]:
    """What stands around the name of a type, and the name."""
    wrapper = next((start for start in _WRAPPERS if type.startswith(start)), "")
    return wrapper, type.removeprefix(wrapper).removesuffix(">" if wrapper.startswith("map") else "")


def renamed_type(type: str, names: Callable[[str], str]) -> str:
    """A type in words with its name replaced."""
    wrapper, name = _split(type)
    return f"{wrapper}{names(name)}{'>' if wrapper.startswith('map') else ''}"


def _short(full: str) -> str:
    return full.rpartition(".")[2]
