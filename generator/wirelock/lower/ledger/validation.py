"""What the ledger's file must hold: a fault of a hand edit or a bad merge is named with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from wirelock.runtime.json.pointers import pointer_of

FORMAT = 1
LAST_NUMBER = 2**29 - 1
PROTOBUFS_OWN = range(19000, 20000)
"""Numbers that protobuf keeps for itself (language guide, "Assigning Field Numbers")."""
_KINDS = ("messages", "enums")

Fault = tuple[str, str]
"""A JSON Pointer into the ledger, and what is wrong there."""


def faults(value: object) -> Iterator[Fault]:
    """Everything that is wrong with the value of a ledger's file, in its order."""
    whole = _object(value)
    if whole is None or not {"format", *_KINDS} <= whole.keys():
        yield "", "it is no number ledger"
        return
    if whole["format"] is True or whole["format"] != FORMAT:
        yield "/format", f"its format is {whole['format']}, this wirelock knows {FORMAT}"
        return
    for kind in _KINDS:
        scopes = _object(whole[kind])
        if scopes is None:
            yield f"/{kind}", "it must be an object"
            continue
        for name, scope in scopes.items():
            yield from _scope_faults(scope, [kind, name])
    classes = _object(whole.get("classes", {}))
    if classes is None or not all(isinstance(place, str) for place in classes.values()):
        yield "/classes", "it must be an object of schema places"


def _scope_faults(value: object, path: list[str | int]) -> Iterator[Fault]:
    scope = _object(value)
    entries = _list(scope.get("entries")) if scope else None
    if scope is None or entries is None or not isinstance(scope.get("source"), str) or not _words(scope.get("was", [])):
        yield pointer_of(path), "source and entries are wanted"
        return
    last, live = 0, set[str]()
    for index, stated in enumerate(entries):
        place = pointer_of([*path, "entries", index])
        entry = _object(stated)
        if entry is None or not _is_entry(entry):
            yield place, "number, key, name and type are wanted"
            continue
        number, key = entry["number"], entry["key"]
        yield from ((place, words) for words in _number_faults(number, last))
        if not entry.get("reserved", False) and key in live:
            yield place, f"{key} has two numbers"
        live |= set() if entry.get("reserved", False) else {key}
        last = max(last, number)


def _number_faults(number: int, last: int) -> Iterator[str]:
    if not 1 <= number <= LAST_NUMBER or number in PROTOBUFS_OWN:
        yield f"{number} is no number that protobuf has for a field"
    elif number == last:
        yield f"number {number} stands there twice"
    elif number < last:
        yield f"number {number} stands behind {last}"


def _is_entry(entry: Mapping[str, object]) -> bool:
    return (
        type(entry.get("number")) is int
        and all(isinstance(entry.get(name), str) for name in ("key", "name", "type"))
        and isinstance(entry.get("reserved", False), bool)
        and _words(entry.get("was", []))
    )


def _words(value: object) -> bool:
    words = _list(value)
    return words is not None and all(isinstance(word, str) for word in words)


def _object(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None
