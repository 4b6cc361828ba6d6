"""A JSON value without its secrets, changed in place and without recursion: its depth is somebody else's choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from wirelock.runtime.json.text import Json
from wirelock.traffic.secrets import REDACTED, Secrecy, of_pair, secrecy

Clean = Callable[[str], str]
"""A text without the credentials in it."""
_Holder = list[Json] | dict[str, Json]
_Leaf = Callable[[Json, Secrecy], Json]
_ORDINARY = frozenset(("key", "keys"))
"""What secrets are called, but keys of a keyboard and of a map as well: in a document it says nothing alone."""
SHORTEST = 5
"""No shorter text can look like a credential."""
_LONGEST_NAME = 64
"""Longer names are not remembered."""
_STRICTNESS: tuple[Secrecy, ...] = ("none", "texts", "all")


@dataclass(frozen=True, slots=True)
class Secrets:
    """How credentials are taken out of a text, and the numbers that are some.

    `known` is the least length in characters of a credential that is known: such a one looks like nothing.
    """

    clean: Clean
    numbers: frozenset[int] = frozenset()
    known: int = SHORTEST

    def may_be_in(self, text: str) -> bool:
        """Whether a text is long enough to hold a credential; most names and many values are not."""
        return len(text) >= min(SHORTEST, self.known)


_NAMES_STAY = Secrets(lambda name: name)


def redact(root: list[Json], secrets: Secrets, inside: Clean) -> bool:
    """Take the secrets out of the one value that a list holds; gives whether there were any.

    What stands anywhere below a name that sounds secret is one. JSON types stay, and so do booleans and null. `inside`
    takes them out of a text that is a value.
    """
    return _walk(root, "none", lambda value, kept: _shown(value, kept, secrets, inside), secrets)


def hide(root: list[Json], place: tuple[str | int, ...]) -> None:
    """Hide what is at a place below the one value that a list holds; its JSON type stays."""
    holder: Any = root
    last: str | int = 0
    for step in place:
        holder, last = holder[last], step
    inside = [holder[last]]
    _walk(inside, "all", _hidden, _NAMES_STAY)
    holder[last] = inside[0]


def kept_of(name: str) -> Secrecy:
    """What a property of this name in a document may not show."""
    return _remembered(name) if len(name) <= _LONGEST_NAME else _kept(name)


def _kept(name: str) -> Secrecy:
    return "none" if name.lower() in _ORDINARY else secrecy(name)


_remembered = lru_cache(4096)(_kept)


def _walk(root: list[Json], kept: Secrecy, leaf: _Leaf, secrets: Secrets) -> bool:
    changed = False
    waiting: list[tuple[_Holder, Secrecy]] = [(root, kept)]
    while waiting:
        holder, around = waiting.pop()
        for place, value, own in _members(holder, around):
            if isinstance(value, list | dict):
                waiting.append((value, own))
            elif (shown := leaf(value, own)) != value:
                cast("Any", holder)[place], changed = shown, True
        if isinstance(holder, dict):
            changed |= _renamed(holder, secrets)
    return changed


def _members(holder: _Holder, around: Secrecy) -> Iterator[tuple[int | str, Json, Secrecy]]:
    if isinstance(holder, list):
        for index, value in enumerate(holder):
            yield index, value, around
        return
    pair = of_pair(holder)
    for name, value in holder.items():
        own = pair if name == "value" else kept_of(name)
        yield name, value, _STRICTNESS[max(_STRICTNESS.index(around), _STRICTNESS.index(own))]


def _renamed(holder: dict[str, Json], secrets: Secrets) -> bool:
    """Whether a name held a credential; then it does no longer."""
    names = [secrets.clean(name) if secrets.may_be_in(name) else name for name in holder]
    if names == list(holder):
        return False
    renamed = dict(zip(names, holder.values(), strict=True))
    holder.clear()
    holder.update(renamed)
    return True


def _shown(value: Json, kept: Secrecy, secrets: Secrets, inside: Clean) -> Json:
    match value:
        case str():
            if kept == "none":
                return inside(value) if secrets.may_be_in(value) else value
            return value and REDACTED
        case bool():
            return value
        case int() | float():
            return 0 if kept == "all" or value in secrets.numbers else value
        case _:
            return value


def _hidden(value: Json, kept: Secrecy) -> Json:
    match value:
        case str():
            return REDACTED
        case bool():
            return False
        case int() | float():
            return 0
        case _:
            return value
