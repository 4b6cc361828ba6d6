"""YAML documents as the JSON values that they stand for: YAML 1.2's core schema, without tags but those of the caller.

Read from the parser's events, so that depth, size and repeated names are ours to judge: an alias counts as much as what
it stands for, and no value is built that JSON could not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, cast

import yaml

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.pointers import token
from wirelock.runtime.json.text import MAX_DEPTH, Json
from wirelock.source.documents import Document

SOURCE_NOT_YAML = Code("SOURCE_NOT_YAML", Severity.ERROR, fatal=True)
MAX_VALUES = 1_000_000
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE, _FALSE = frozenset({"true", "True", "TRUE"}), frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]{1,1000}|0o[0-7]{1,1000}|0x[0-9a-fA-F]{1,1000}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_TOO_DEEP = f"nesting past {MAX_DEPTH} levels"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LIBRARY: Any = yaml

Tags = Mapping[str, Callable[[str], Json]]
"""Tags that scalars may have, by their whole names, and the value that a scalar's text is then."""


class _NotJson(ValueError):
    """What a YAML text may not say; `mark` is where."""

    def __init__(self, message: str, event: Any) -> None:
        super().__init__(message)
        self.mark = event.start_mark


@dataclass(slots=True)
class _Anchored:
    """A value with a name; `size` is how many values it is, 0 while it is still being read."""

    value: Json = None
    size: int = 0


@dataclass(slots=True)
class _Open:
    """A list or mapping that is being read; `name` is the key whose value comes next."""

    value: list[Json] | dict[str, Json]
    pointer: str
    before: int
    anchor: str | None
    name: str | None = None


@dataclass(slots=True)
class _Reader:
    """Builds one value from events."""

    tags: Tags
    positions: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    anchors: dict[str, _Anchored] = field(default_factory=dict[str, _Anchored])
    stack: list[_Open] = field(default_factory=list[_Open])
    root: Json = None
    count: int = 0
    documents: int = 0

    def take(self, event: Any) -> None:
        """The next event of the stream."""
        match type(event).__name__:
            case "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise _NotJson("a second document", event)
            case "ScalarEvent":
                self._scalar(event)
            case "AliasEvent":
                self._alias(event)
            case "SequenceStartEvent":
                self._open([], event)
            case "MappingStartEvent":
                self._open({}, event)
            case "SequenceEndEvent" | "MappingEndEvent":
                self._close()
            case _:
                pass

    def _scalar(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.name is None:
            top.name = self._key(event, top.value)
            self._mark(f"{top.pointer}/{token(top.name)}", event)
            return
        value = self._tagged(event)
        self._note(event, value)
        self._add(value, 1, event)

    def _tagged(self, event: Any) -> Json:
        known = self.tags.get(event.tag)
        return known(str(event.value)) if known else _value(event)

    def _key(self, event: Any, known: dict[str, Json]) -> str:
        if event.value == "<<" and not event.style:
            raise _NotJson("a merge key, which YAML 1.2 does not have; write the properties out", event)
        if event.value in known:
            raise _NotJson(f"the name {event.value!r} is given twice", event)
        return str(event.value)

    def _alias(self, event: Any) -> None:
        found = self.anchors.get(event.anchor)
        if found is None or not found.size:
            raise _NotJson(f"the alias *{event.anchor} stands for nothing, or for what it is part of", event)
        if self._wants_a_name():
            raise _NotJson("an alias as a name", event)
        self._add(found.value, found.size, event)

    def _wants_a_name(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].name is None

    def _open(self, value: list[Json] | dict[str, Json], event: Any) -> None:
        if self._wants_a_name():
            raise _NotJson("a name that is not text", event)
        if event.tag is not None:
            raise _NotJson(f"the tag {event.tag}", event)
        if len(self.stack) >= MAX_DEPTH:
            raise _NotJson(_TOO_DEEP, event)
        pointer = self._add(value, 1, event)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored()
        self.stack.append(_Open(value, pointer, self.count - 1, event.anchor))

    def _close(self) -> None:
        done = self.stack.pop()
        if done.anchor is not None:
            self.anchors[done.anchor] = _Anchored(done.value, self.count - done.before)

    def _note(self, event: Any, value: Json) -> None:
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchored(value, 1)

    def _add(self, value: Json, size: int, event: Any) -> str:
        """Put a value where it belongs; gives its pointer."""
        self.count += size
        if self.count > MAX_VALUES:
            raise _NotJson(f"more than {MAX_VALUES} values, aliases written out", event)
        if not self.stack:
            self.root = value
            self._mark("", event)
            return ""
        top = self.stack[-1]
        if isinstance(top.value, list):
            pointer = f"{top.pointer}/{len(top.value)}"
            top.value.append(value)
            self._mark(pointer, event)
            return pointer
        assert top.name is not None
        pointer = f"{top.pointer}/{token(top.name)}"
        top.value[top.name] = value
        top.name = None
        return pointer

    def _mark(self, pointer: str, event: Any) -> None:
        self.positions[pointer] = (event.start_mark.line + 1, event.start_mark.column + 1)


def yaml_document(shown: str, content: bytes, tags: Tags = MappingProxyType({})) -> Document | Diagnostic:
    """A document in YAML, or the first thing in it that is not YAML or has no JSON."""
    reader = _Reader(tags)
    try:
        for event in _events(content.decode()):
            reader.take(event)
    except UnicodeDecodeError:
        return _refused(Location(shown), "the text is not UTF-8")
    except _NotJson as error:
        return _refused(_place(shown, error.mark), str(error))
    except _LIBRARY.YAMLError as error:
        return _refused(_place(shown, getattr(error, "problem_mark", None)), _words(error))
    return Document(shown, reader.root, reader.positions)


def _events(text: str) -> Iterator[Any]:
    return cast("Iterator[Any]", _LIBRARY.parse(text, Loader=_LOADER))


def _value(event: Any) -> Json:
    text = str(event.value)
    if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
        raise _NotJson(f"the tag {event.tag}", event)
    if event.style or event.tag is not None:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _NUMBER.fullmatch(text):
        return _finite(float(text), event)
    return text


def _finite(value: float, event: Any) -> float:
    if value - value != 0:
        raise _NotJson("a number past the double range", event)
    return value


def _place(shown: str, mark: Any) -> Location:
    return Location(shown) if mark is None else Location(shown, mark.line + 1, mark.column + 1)


def _words(error: Any) -> str:
    """What the library said; some of its versions have a limit to nesting, past ours, that they may come to first."""
    words = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    return _TOO_DEEP if "nesting depth" in words else words


def _refused(where: Location, message: str) -> Diagnostic:
    hint = "documents are JSON, or YAML 1.2 that says what JSON can say"
    return Diagnostic(SOURCE_NOT_YAML, where, f"not YAML that can be read: {message}", hint)
