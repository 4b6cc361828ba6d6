"""Validation of a ledger file after a hand edit or a wrong merge; each problem has its JSON Pointer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from wirelock.runtime.json.pointers import join_pointer

FORMAT = 1
MAX_FIELD_NUMBER = 2**29 - 1
PROTOBUF_RESERVED_NUMBERS = range(19000, 20000)
"""Numbers that protobuf reserves for its implementation (language guide, "Assigning Field Numbers")."""
_KINDS = ("messages", "enums")

Problem = tuple[str, str]
"""A JSON Pointer into the ledger, and a message."""


def find_problems(value: object) -> Iterator[Problem]:
    """Yield the problems of a parsed ledger file, in the order of the file."""
    content = _as_object(value)
    if content is None or not {"format", *_KINDS} <= content.keys():
        yield "", "expected an object with format, messages and enums"
        return
    if content["format"] is True or content["format"] != FORMAT:
        yield "/format", f"format {content['format']} is not supported, expected {FORMAT}"
        return
    for kind in _KINDS:
        scopes = _as_object(content[kind])
        if scopes is None:
            yield f"/{kind}", "expected an object"
            continue
        for name, scope in scopes.items():
            yield from _check_scope(scope, [kind, name])
    classes = _as_object(content.get("classes", {}))
    if classes is None or not all(isinstance(origin, str) for origin in classes.values()):
        yield "/classes", "expected an object whose values are schema locations"


def _check_scope(value: object, path: list[str | int]) -> Iterator[Problem]:
    scope = _as_object(value)
    entries = _as_list(scope.get("entries")) if scope else None
    if (
        scope is None
        or entries is None
        or not isinstance(scope.get("source"), str)
        or not _is_string_list(scope.get("was", []))
    ):
        yield join_pointer(path), "expected an object with source (string) and entries (array)"
        return
    last, live = 0, set[str]()
    for index, item in enumerate(entries):
        pointer = join_pointer([*path, "entries", index])
        entry = _as_object(item)
        if entry is None or not _is_entry(entry):
            yield pointer, "expected an object with number (integer), key, name and type (strings)"
            continue
        number, key = entry["number"], entry["key"]
        yield from ((pointer, message) for message in _check_number(number, last))
        if not entry.get("reserved", False):
            if key in live:
                yield pointer, f"{key} has two numbers in use"
            live.add(key)
        last = max(last, number)


def _check_number(number: int, last: int) -> Iterator[str]:
    if not 1 <= number <= MAX_FIELD_NUMBER or number in PROTOBUF_RESERVED_NUMBERS:
        yield f"{number} is not a valid field number"
    elif number == last:
        yield f"number {number} occurs twice"
    elif number < last:
        yield f"number {number} follows {last}: entries must be sorted by number"


def _is_entry(entry: Mapping[str, object]) -> bool:
    return (
        type(entry.get("number")) is int
        and all(isinstance(entry.get(name), str) for name in ("key", "name", "type"))
        and isinstance(entry.get("reserved", False), bool)
        and _is_string_list(entry.get("was", []))
    )


def _is_string_list(value: object) -> bool:
    items = _as_list(value)
    return items is not None and all(isinstance(item, str) for item in items)


def _as_object(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _as_list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None
