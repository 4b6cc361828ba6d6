"""OpenAPI Overlay 1.0: changes to a description, applied before the import.

Actions are applied in order, `remove` after `update` (Overlay Specification 1.0.0, section 4.4.3.1).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, cast

import jsonpath_rfc9535

from wirelock.diagnostics import Code, Diagnostic, Severity
from wirelock.openapi.documents import DocumentNode
from wirelock.runtime.schema.documents import get_value_at
from wirelock.source import Document

OVERLAY_INVALID = Code("OVERLAY_INVALID", Severity.ERROR, fatal=True)
OVERLAY_UNUSED = Code("OVERLAY_UNUSED", Severity.WARNING)
_JSONPATH: Any = jsonpath_rfc9535
Tokens = tuple[str | int, ...]


def apply_overlays(entry: Document, overlays: Sequence[Document]) -> tuple[Document, tuple[Diagnostic, ...]]:
    """Return the description with all overlays applied, and diagnostics; positions stay those of the original."""
    value: Any = copy.deepcopy(entry.value)
    diagnostics: list[Diagnostic] = []
    for overlay in overlays:
        for action in _read_actions(DocumentNode(overlay, "", overlay.value), diagnostics):
            value = _apply_action(action, value, diagnostics)
    return Document(entry.path, value, entry.positions), tuple(diagnostics)


def _read_actions(overlay: DocumentNode, diagnostics: list[Diagnostic]) -> Iterator[DocumentNode]:
    if not str(overlay.members.get("overlay", "")).startswith("1."):
        diagnostics.append(_build_invalid(overlay, "this is not an overlay of version 1"))
        return
    actions = overlay.members.get("actions")
    if not isinstance(actions, list) or not actions:
        diagnostics.append(_build_invalid(overlay, "an overlay must have actions"))
        return
    for index in range(len(cast("list[object]", actions))):
        action = overlay.descend("actions", index)
        if isinstance(action.members.get("target"), str):
            yield action
        else:
            diagnostics.append(_build_invalid(action, "an action must have a target"))


def _apply_action(action: DocumentNode, value: Any, diagnostics: list[Diagnostic]) -> Any:
    target = action.descend("target")
    try:
        paths = [tuple(node.location) for node in _JSONPATH.find(target.value, value)]
    except (_JSONPATH.JSONPathError, RecursionError) as error:
        diagnostics.append(_build_invalid(target, f"the target {target.value} is not a JSONPath (RFC 9535): {error}"))
        return value
    if not paths:
        hint = "correct the target, or remove the action if the description has changed"
        diagnostics.append(Diagnostic(OVERLAY_UNUSED, target.location, f"{target.value} matches nothing", hint))
    if "update" in action.members:
        for path in paths:
            value = _update(value, path, action.members["update"])
    if action.members.get("remove") is True:
        for path in sorted(paths, key=_make_removal_key):
            _remove(value, path)
    return value


def _update(value: Any, path: Tokens, change: Any) -> Any:
    merged = _merge(get_value_at(value, map(str, path)), copy.deepcopy(change))
    if not path:
        return merged
    parent: Any = get_value_at(value, map(str, path[:-1]))
    parent[path[-1]] = merged
    return value


def _merge(current: Any, change: Any) -> Any:
    """Merge objects member by member, append to arrays, and replace other values."""
    if isinstance(current, dict) and isinstance(change, dict):
        members = cast("dict[str, Any]", current)
        for name, member in cast("dict[str, Any]", change).items():
            members[name] = _merge(members[name], member) if name in members else member
        return members
    if isinstance(current, list):
        added = cast("list[object]", change) if isinstance(change, list) else [change]
        return [*cast("list[object]", current), *added]
    return change


def _remove(value: Any, path: Tokens) -> None:
    parent: Any = get_value_at(value, map(str, path[:-1]))
    if path and isinstance(parent, dict | list):
        del cast("Any", parent)[path[-1]]


def _make_removal_key(path: Tokens) -> tuple[Any, ...]:
    """Return a sort key: inner values before outer ones, later items before earlier ones; so indices stay valid."""
    return -len(path), *((0, -token) if isinstance(token, int) else (1, token) for token in path)


def _build_invalid(node: DocumentNode, message: str) -> Diagnostic:
    hint = "see the OpenAPI Overlay Specification 1.0: overlay, info, actions with target and update or remove"
    return Diagnostic(OVERLAY_INVALID, node.location, message, hint)
