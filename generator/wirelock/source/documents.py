"""Reading documents: strict JSON, with the place of every value; never outside the project's folder."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.text import Json, MalformedText, parse
from wirelock.source.conflict_markers import CONFLICT
from wirelock.source.positions import positions

SOURCE_MISSING = Code("SOURCE_MISSING", Severity.ERROR, fatal=True)
SOURCE_UNREADABLE = Code("SOURCE_UNREADABLE", Severity.ERROR, fatal=True)
SOURCE_NOT_JSON = Code("SOURCE_NOT_JSON", Severity.ERROR, fatal=True)
SOURCE_TOO_LARGE = Code("SOURCE_TOO_LARGE", Severity.ERROR, fatal=True)
SOURCE_OUTSIDE = Code("SOURCE_OUTSIDE", Severity.ERROR, fatal=True)
MAX_BYTES = 64 * 2**20
_PLACE = re.compile(r" at line (\d+), column (\d+)$")


@dataclass(frozen=True, slots=True)
class Document:
    """One document: its path as users know it, its value, and where each value stands."""

    path: str
    value: Json
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def at(self, pointer: str) -> Location:
        """The location of a pointer, or of its nearest ancestor that is there."""
        known = pointer
        while known not in self.positions and known:
            known = known.rpartition("/")[0]
        line, column = self.positions.get(known, (0, 0))
        return Location(self.path, line, column, pointer)


def read_folder(
    root: Path, folder: str, suffixes: tuple[str, ...]
) -> tuple[tuple[Document, ...], tuple[Diagnostic, ...]]:
    """Every document below a folder of the project whose name ends so, sorted by path."""
    top = root / folder
    if not top.is_dir():
        hint = "create it, or name another folder in [tool.wirelock]"
        return (), (Diagnostic(SOURCE_MISSING, Location(folder), f"there is no folder {folder}", hint),)
    documents: list[Document] = []
    found: list[Diagnostic] = []
    for path in sorted(_files(top, suffixes), key=lambda path: path.relative_to(root).as_posix()):
        match read_document(path, root):
            case Document() as document:
                documents.append(document)
            case Diagnostic() as diagnostic:
                found.append(diagnostic)
    return tuple(documents), tuple(found)


def _files(top: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return [Path(folder, name) for folder, _, names in os.walk(top) for name in names if name.endswith(suffixes)]


def read_document(path: Path, root: Path) -> Document | Diagnostic:
    """One document, or the one thing that keeps it from being read."""
    shown = path.relative_to(root).as_posix()
    content = read_bytes(path, root, shown)
    return content if isinstance(content, Diagnostic) else json_document(shown, content)


def read_bytes(path: Path, root: Path, shown: str) -> bytes | Diagnostic:
    """The bytes of a file below a folder; `shown` is its name in diagnostics."""
    if not path.resolve().is_relative_to(root.resolve()):
        hint = "copy the file into the project; nothing outside it is read"
        return Diagnostic(SOURCE_OUTSIDE, Location(shown), "the file is a link that leads out of the project", hint)
    try:
        if path.stat().st_size > MAX_BYTES:
            words = f"the file is larger than {MAX_BYTES // 2**20} MiB"
            return Diagnostic(SOURCE_TOO_LARGE, Location(shown), words, "split it")
        return path.read_bytes()
    except OSError as error:
        return Diagnostic(
            SOURCE_UNREADABLE, Location(shown), f"cannot be read: {error.strerror}", "check the permissions"
        )


def json_document(shown: str, content: bytes) -> Document | Diagnostic:
    """A document in strict JSON."""
    try:
        value = parse(content)
    except MalformedText as error:
        if conflict := CONFLICT.search(content):
            return _conflict(shown, content.count(b"\n", 0, conflict.start()) + 1)
        return _not_json(shown, error)
    return Document(shown, value, positions(content.decode()))


def _conflict(shown: str, line: int) -> Diagnostic:
    hint = "decide between the two sides, and remove the lines that git wrote: <<<<<<<, =======, >>>>>>>"
    return Diagnostic(SOURCE_NOT_JSON, Location(shown, line, 1), "the file holds a merge conflict", hint)


def _not_json(shown: str, error: MalformedText) -> Diagnostic:
    hint = "schemas are strict JSON (RFC 7493): no comments, no trailing commas, no repeated names"
    place = _PLACE.search(error.finding.message)
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    message = _PLACE.sub("", error.finding.message)
    return Diagnostic(SOURCE_NOT_JSON, Location(shown, line, column), f"not JSON: {message}", hint)
