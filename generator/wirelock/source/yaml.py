"""Reading of YAML documents as JSON values: the core schema of YAML 1.2, with tags only from the caller.

The builder consumes the events of the parser to limit depth and size and to reject duplicate keys. An alias counts as
many values as its anchor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

import yaml

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.pointers import escape_token
from wirelock.runtime.json.text import MAX_DEPTH, Json
from wirelock.source.documents import Document

SOURCE_NOT_YAML = Code("SOURCE_NOT_YAML", Severity.ERROR, fatal=True)
MAX_VALUES = 1_000_000
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE, _FALSE = frozenset({"true", "True", "TRUE"}), frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,1000}|0o[0-7]{1,1000}|0x[0-9a-fA-F]{1,1000}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_TOO_DEEP = f"nesting deeper than {MAX_DEPTH} levels"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LIBRARY: Any = yaml

Tags = Mapping[str, Callable[[str], Json]]
"""Converters from the text of a scalar to its value, by full tag name."""


class _UnsupportedYamlError(ValueError):
    """Raised for YAML that has no JSON equivalent or exceeds a limit; `mark` is its position."""

    def __init__(self, message: str, event: Any) -> None:
        super().__init__(message)
        self.mark = event.start_mark


@dataclass(slots=True)
class _AnchoredValue:
    """A value with an anchor; `size` counts it and its descendants, 0 while it is incomplete."""

    value: Json = None
    size: int = 0


@dataclass(slots=True)
class _OpenContainer:
    """An incomplete sequence or mapping; `key` is the key of the next value."""

    value: list[Json] | dict[str, Json]
    pointer: str
    count_before: int
    anchor: str | None
    key: str | None = None


@dataclass(slots=True)
class _DocumentBuilder:
    """Builds a JSON value from parser events."""

    tags: Tags
    positions: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    anchors: dict[str, _AnchoredValue] = field(default_factory=dict[str, _AnchoredValue])
    stack: list[_OpenContainer] = field(default_factory=list[_OpenContainer])
    root: Json = None
    count: int = 0
    documents: int = 0

    def handle_event(self, event: Any) -> None:
        """Process the next event of the parser."""
        match type(event).__name__:
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise _UnsupportedYamlError("a second document", event)
            case "ScalarEvent":
                self._handle_scalar(event)
            case "AliasEvent":
                self._handle_alias(event)
            case "SequenceStartEvent":
                self._open_container([], event)
            case "MappingStartEvent":
                self._open_container({}, event)
            case "SequenceEndEvent" | "MappingEndEvent":
                self._close_container()
            case _:
                pass

    def _handle_scalar(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            top.key = self._read_key(event, top.value)
            self._record_position(f"{top.pointer}/{escape_token(top.key)}", event)
            return
        value = self._resolve_tag(event)
        self._remember_anchor(event, value)
        self._add_value(value, 1, event)

    def _resolve_tag(self, event: Any) -> Json:
        known = self.tags.get(event.tag)
        return known(str(event.value)) if known else _resolve_scalar(event)

    def _read_key(self, event: Any, known: dict[str, Json]) -> str:
        if event.value == "<<" and not event.style:
            raise _UnsupportedYamlError("the merge key <<, which YAML 1.2 does not define", event)
        if event.value in known:
            raise _UnsupportedYamlError(f"the duplicate key {event.value!r}", event)
        return str(event.value)

    def _handle_alias(self, event: Any) -> None:
        anchor = self.anchors.get(event.anchor)
        if anchor is None or not anchor.size:
            raise _UnsupportedYamlError(f"the alias *{event.anchor}, whose anchor is undefined or contains it", event)
        if self._expects_key():
            raise _UnsupportedYamlError("an alias as a key", event)
        self._add_value(anchor.value, anchor.size, event)

    def _expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def _open_container(self, value: list[Json] | dict[str, Json], event: Any) -> None:
        if self._expects_key():
            raise _UnsupportedYamlError("a key that is not a string", event)
        if event.tag is not None:
            raise _UnsupportedYamlError(f"the tag {event.tag}", event)
        if len(self.stack) >= MAX_DEPTH:
            raise _UnsupportedYamlError(_TOO_DEEP, event)
        pointer = self._add_value(value, 1, event)
        if event.anchor is not None:
            self.anchors[event.anchor] = _AnchoredValue()
        self.stack.append(_OpenContainer(value, pointer, self.count - 1, event.anchor))

    def _close_container(self) -> None:
        container = self.stack.pop()
        if container.anchor is not None:
            self.anchors[container.anchor] = _AnchoredValue(container.value, self.count - container.count_before)

    def _remember_anchor(self, event: Any, value: Json) -> None:
        if event.anchor is not None:
            self.anchors[event.anchor] = _AnchoredValue(value, 1)

    def _add_value(self, value: Json, size: int, event: Any) -> str:
        """Add a value to the innermost container and return its pointer."""
        self.count += size
        if self.count > MAX_VALUES:
            raise _UnsupportedYamlError(f"more than {MAX_VALUES} values with aliases expanded", event)
        if not self.stack:
            self.root = value
            self._record_position("", event)
            return ""
        top = self.stack[-1]
        if isinstance(top.value, list):
            pointer = f"{top.pointer}/{len(top.value)}"
            top.value.append(value)
            self._record_position(pointer, event)
            return pointer
        assert top.key is not None
        pointer = f"{top.pointer}/{escape_token(top.key)}"
        top.value[top.key] = value
        top.key = None
        return pointer

    def _record_position(self, pointer: str, event: Any) -> None:
        self.positions[pointer] = (event.start_mark.line + 1, event.start_mark.column + 1)


def parse_yaml_document(display_name: str, content: bytes, tags: Tags = MappingProxyType({})) -> Document | Diagnostic:
    """Parse a YAML document; returns a diagnostic for the first invalid or unsupported construct."""
    builder = _DocumentBuilder(tags)
    try:
        for event in _parse_events(content.decode()):
            builder.handle_event(event)
    except UnicodeDecodeError:
        return _report_invalid_yaml(Location(display_name), "invalid YAML: the text is not UTF-8")
    except _UnsupportedYamlError as error:
        return _report_invalid_yaml(_to_location(display_name, error.mark), f"unsupported YAML: {error}")
    except _LIBRARY.YAMLError as error:
        location = _to_location(display_name, getattr(error, "problem_mark", None))
        return _report_invalid_yaml(location, f"invalid YAML: {_get_error_message(error)}")
    return Document(display_name, builder.root, builder.positions)


def _parse_events(text: str) -> Iterator[Any]:
    return cast("Iterator[Any]", _LIBRARY.parse(text, Loader=_LOADER))


def _resolve_scalar(event: Any) -> Json:
    text = str(event.value)
    if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
        raise _UnsupportedYamlError(f"the tag {event.tag}", event)
    if event.style or event.tag is not None:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _NUMBER.fullmatch(text):
        return _require_finite(float(text), event)
    return text


def _require_finite(value: float, event: Any) -> float:
    if value - value != 0:
        raise _UnsupportedYamlError("a number outside of the double range", event)
    return value


def _to_location(display_name: str, mark: Any) -> Location:
    return Location(display_name) if mark is None else Location(display_name, mark.line + 1, mark.column + 1)


def _get_error_message(error: Any) -> str:
    """Return the message of the library; some versions report their own nesting limit first, which is above ours."""
    message = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    return _TOO_DEEP if "nesting depth" in message else message


def _report_invalid_yaml(location: Location, message: str) -> Diagnostic:
    return Diagnostic(SOURCE_NOT_YAML, location, message, "write JSON, or YAML 1.2 that is equivalent to JSON")
