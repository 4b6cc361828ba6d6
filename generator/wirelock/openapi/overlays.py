"""OpenAPI Overlay 1.0: changes to a description that is not ours, applied before it is split.

Actions are applied in order, `remove` after `update` (Overlay Specification 1.0.0, section 4.4.3.1).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, cast

import jsonpath_rfc9535

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.openapi.documents import At
from wirelock.runtime.schema.documents import value_at
from wirelock.source import Document

OVERLAY_INVALID = Code("OVERLAY_INVALID", Severity.ERROR, fatal=True)
OVERLAY_UNUSED = Code("OVERLAY_UNUSED", Severity.WARNING)
_LIBRARY: Any = jsonpath_rfc9535


def overlaid(entry: Document, overlays: Sequence[Document]) -> tuple[Document, tuple[Diagnostic, ...]]:
    """The description with every overlay applied, and what was wrong; positions stay those of the original."""
    value: Any = copy.deepcopy(entry.value)
    found: list[Diagnostic] = []
    for overlay in overlays:
        for action in _actions(At(overlay, "", overlay.value), found):
            value = _applied(action, value, found)
    return Document(entry.path, value, entry.positions), tuple(found)


def _actions(overlay: At, found: list[Diagnostic]) -> Iterator[At]:
    if not str(overlay.table.get("overlay", "")).startswith("1."):
        found.append(_invalid(overlay, "this is no overlay of version 1"))
        return
    actions = overlay.table.get("actions")
    if not isinstance(actions, list) or not actions:
        found.append(_invalid(overlay, "an overlay must have actions"))
        return
    for index in range(len(cast("list[object]", actions))):
        action = overlay.below("actions", index)
        if isinstance(action.table.get("target"), str):
            yield action
        else:
            found.append(_invalid(action, "an action must have a target"))


def _applied(action: At, value: Any, found: list[Diagnostic]) -> Any:
    target = action.below("target")
    try:
        nodes = [tuple(node.location) for node in _LIBRARY.find(target.value, value)]
    except (_LIBRARY.JSONPathError, RecursionError) as error:
        found.append(_invalid(target, f"the target is no JSONPath (RFC 9535): {error}"))
        return value
    if not nodes:
        hint = "mend the target, or remove the action if the description has changed"
        found.append(Diagnostic(OVERLAY_UNUSED, target.where, f"{target.value} matches nothing", hint))
    if "update" in action.table:
        for names in nodes:
            value = _updated(value, names, action.table["update"])
    if action.table.get("remove") is True:
        for names in sorted(nodes, key=_last_first):
            _remove(value, names)
    return value


def _updated(value: Any, names: tuple[str | int, ...], change: Any) -> Any:
    here = value_at(value, map(str, names))
    merged = _merged(here, copy.deepcopy(change))
    if not names:
        return merged
    _set(value, names, merged)
    return value


def _merged(here: Any, change: Any) -> Any:
    """Objects are merged member by member, arrays get what is new at their end, other values are replaced."""
    if isinstance(here, dict) and isinstance(change, dict):
        table = cast("dict[str, Any]", here)
        for name, inner in cast("dict[str, Any]", change).items():
            table[name] = _merged(table[name], inner) if name in table else inner
        return table
    if isinstance(here, list):
        return [*cast("list[object]", here), *(cast("list[object]", change) if isinstance(change, list) else [change])]
    return change


def _set(value: Any, names: tuple[str | int, ...], changed: Any) -> None:
    parent: Any = value_at(value, map(str, names[:-1]))
    parent[names[-1]] = changed


def _remove(value: Any, names: tuple[str | int, ...]) -> None:
    parent: Any = value_at(value, map(str, names[:-1]))
    if names and isinstance(parent, dict | list):
        del cast("Any", parent)[names[-1]]


def _last_first(names: tuple[str | int, ...]) -> tuple[Any, ...]:
    """What is inside goes before what it is in, and later items of a list go first: indices stay true."""
    return -len(names), *((0, -name) if isinstance(name, int) else (1, name) for name in names)


def _invalid(at: At, message: str) -> Diagnostic:
    hint = "see the OpenAPI Overlay Specification 1.0: overlay, info, actions with target and update or remove"
    return Diagnostic(OVERLAY_INVALID, at.where, message, hint)
