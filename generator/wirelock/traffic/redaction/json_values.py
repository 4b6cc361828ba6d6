"""Redaction of JSON values in place and without recursion, because the depth is not ours to choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from wirelock.runtime.json.text import Json
from wirelock.traffic.secrets import REDACTED, Secrecy, classify_name, classify_pair

Clean = Callable[[str], str]
"""Removes credentials from a text."""
_Holder = list[Json] | dict[str, Json]
_Leaf = Callable[[Json, Secrecy], Json]
_ORDINARY = frozenset(("key", "keys"))
"""Names of secrets that are also ordinary words; in a document they do not count alone."""
MIN_CREDENTIAL_LENGTH = 5
"""Minimum length of a text that can look like a credential."""
_MAX_CACHED_NAME = 64
"""Longer names are not cached."""
_STRICTNESS: tuple[Secrecy, ...] = ("none", "texts", "all")


@dataclass(frozen=True, slots=True)
class SecretFinder:
    """Finds credentials in texts, and secret numbers.

    `min_length` is that of a known credential, which need not look like one.
    """

    clean: Clean
    numbers: frozenset[int] = frozenset()
    min_length: int = MIN_CREDENTIAL_LENGTH

    def may_be_in(self, text: str) -> bool:
        """Return True if a text is long enough for a credential; most names and many values are not."""
        return len(text) >= min(MIN_CREDENTIAL_LENGTH, self.min_length)


_NAMES_STAY = SecretFinder(lambda name: name)


def redact(root: list[Json], secrets: SecretFinder, redact_text: Clean) -> bool:
    """Redact the only value of a list in place; return True if it had secrets.

    All values below a secret name are secret. JSON types, booleans and null stay. `redact_text` redacts strings.
    """
    return _walk(root, "none", lambda value, kept: _redact_leaf(value, kept, secrets, redact_text), secrets)


def hide_value(root: list[Json], place: tuple[str | int, ...]) -> None:
    """Hide the value at a location below the only value of a list; its JSON type stays."""
    holder: Any = root
    last: str | int = 0
    for step in place:
        holder, last = holder[last], step
    inside = [holder[last]]
    _walk(inside, "all", _hide_leaf, _NAMES_STAY)
    holder[last] = inside[0]


def classify_property(name: str) -> Secrecy:
    """Return the secrecy of a property in a document by its name."""
    return _cached_property_secrecy(name) if len(name) <= _MAX_CACHED_NAME else _compute_property_secrecy(name)


def _compute_property_secrecy(name: str) -> Secrecy:
    return "none" if name.lower() in _ORDINARY else classify_name(name)


_cached_property_secrecy = lru_cache(4096)(_compute_property_secrecy)


def _walk(root: list[Json], secrecy: Secrecy, leaf: _Leaf, secrets: SecretFinder) -> bool:
    changed = False
    queue: list[tuple[_Holder, Secrecy]] = [(root, secrecy)]
    while queue:
        holder, outer_secrecy = queue.pop()
        for place, value, own in _iter_members(holder, outer_secrecy):
            if isinstance(value, list | dict):
                queue.append((value, own))
            elif (redacted := leaf(value, own)) != value:
                cast("Any", holder)[place], changed = redacted, True
        if isinstance(holder, dict):
            changed |= _redact_names(holder, secrets)
    return changed


def _iter_members(holder: _Holder, outer_secrecy: Secrecy) -> Iterator[tuple[int | str, Json, Secrecy]]:
    if isinstance(holder, list):
        for index, value in enumerate(holder):
            yield index, value, outer_secrecy
        return
    pair = classify_pair(holder)
    for name, value in holder.items():
        own = pair if name == "value" else classify_property(name)
        yield name, value, _STRICTNESS[max(_STRICTNESS.index(outer_secrecy), _STRICTNESS.index(own))]


def _redact_names(holder: dict[str, Json], secrets: SecretFinder) -> bool:
    """Redact the names of an object; return True if one had a credential."""
    names = [secrets.clean(name) if secrets.may_be_in(name) else name for name in holder]
    if names == list(holder):
        return False
    renamed = dict(zip(names, holder.values(), strict=True))
    holder.clear()
    holder.update(renamed)
    return True


def _redact_leaf(value: Json, secrecy: Secrecy, secrets: SecretFinder, redact_text: Clean) -> Json:
    match value:
        case str():
            if secrecy == "none":
                return redact_text(value) if secrets.may_be_in(value) else value
            return value and REDACTED
        case bool():
            return value
        case int() | float():
            return 0 if secrecy == "all" or value in secrets.numbers else value
        case _:
            return value


def _hide_leaf(value: Json, secrecy: Secrecy) -> Json:
    match value:
        case str():
            return REDACTED
        case bool():
            return False
        case int() | float():
            return 0
        case _:
            return value
