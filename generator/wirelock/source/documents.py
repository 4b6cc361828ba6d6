"""Reading of strict JSON documents inside the project folder, with the location of every value."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.runtime.json.text import Json, MalformedText, parse
from wirelock.source.conflict_markers import CONFLICT_MARKER
from wirelock.source.positions import find_positions

SOURCE_MISSING = Code("SOURCE_MISSING", Severity.ERROR, fatal=True)
SOURCE_UNREADABLE = Code("SOURCE_UNREADABLE", Severity.ERROR, fatal=True)
SOURCE_NOT_JSON = Code("SOURCE_NOT_JSON", Severity.ERROR, fatal=True)
SOURCE_TOO_LARGE = Code("SOURCE_TOO_LARGE", Severity.ERROR, fatal=True)
SOURCE_OUTSIDE = Code("SOURCE_OUTSIDE", Severity.ERROR, fatal=True)
MAX_BYTES = 64 * 2**20
_POSITION_SUFFIX = re.compile(r" at line (\d+), column (\d+)$")


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its path for display, its value, and line and column of each JSON Pointer."""

    path: str
    value: Json
    positions: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def get_location(self, pointer: str) -> Location:
        """Return the location of a pointer, with the position of the nearest ancestor if the pointer does not exist."""
        existing = pointer
        while existing not in self.positions and existing:
            existing = existing.rpartition("/")[0]
        line, column = self.positions.get(existing, (0, 0))
        return Location(self.path, line, column, pointer)


def read_folder(
    root: Path, folder: str, suffixes: tuple[str, ...]
) -> tuple[tuple[Document, ...], tuple[Diagnostic, ...]]:
    """Read all documents below a folder whose names have one of the suffixes; returns them sorted by path."""
    top = root / folder
    if not top.is_dir():
        hint = "create it, or configure another folder in [tool.wirelock]"
        return (), (Diagnostic(SOURCE_MISSING, Location(folder), f"the folder {folder} does not exist", hint),)
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    for path in sorted(_find_files(top, suffixes), key=lambda path: path.relative_to(root).as_posix()):
        match read_document(path, root):
            case Document() as document:
                documents.append(document)
            case Diagnostic() as diagnostic:
                diagnostics.append(diagnostic)
    return tuple(documents), tuple(diagnostics)


def _find_files(top: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return [Path(folder, name) for folder, _, names in os.walk(top) for name in names if name.endswith(suffixes)]


def read_document(path: Path, root: Path) -> Document | Diagnostic:
    """Read one document; returns a diagnostic if it cannot be read."""
    display_name = path.relative_to(root).as_posix()
    content = read_bytes(path, root, display_name)
    return content if isinstance(content, Diagnostic) else parse_json_document(display_name, content)


def read_bytes(path: Path, root: Path, display_name: str) -> bytes | Diagnostic:
    """Read a file below a folder, at most 64 MiB; `display_name` is its name in diagnostics."""
    if not path.resolve().is_relative_to(root.resolve()):
        hint = "copy the file into the project; files outside of it are not read"
        message = "the file is a symbolic link to a target outside of the project"
        return Diagnostic(SOURCE_OUTSIDE, Location(display_name), message, hint)
    try:
        if path.stat().st_size > MAX_BYTES:
            message = f"the file is larger than {MAX_BYTES // 2**20} MiB"
            return Diagnostic(SOURCE_TOO_LARGE, Location(display_name), message, "split the file")
        return path.read_bytes()
    except OSError as error:
        return Diagnostic(
            SOURCE_UNREADABLE,
            Location(display_name),
            f"cannot read the file: {error.strerror}",
            "check the permissions",
        )


def parse_json_document(display_name: str, content: bytes) -> Document | Diagnostic:
    """Parse a document in strict JSON (RFC 7493)."""
    try:
        value = parse(content)
    except MalformedText as error:
        if conflict := CONFLICT_MARKER.search(content):
            return _report_conflict(display_name, content.count(b"\n", 0, conflict.start()) + 1)
        return _report_malformed_json(display_name, error)
    return Document(display_name, value, find_positions(content.decode()))


def _report_conflict(display_name: str, line: int) -> Diagnostic:
    hint = "resolve the conflict, and remove the conflict markers: <<<<<<<, =======, >>>>>>>"
    return Diagnostic(SOURCE_NOT_JSON, Location(display_name, line, 1), "the file contains a merge conflict", hint)


def _report_malformed_json(display_name: str, error: MalformedText) -> Diagnostic:
    hint = "write strict JSON (RFC 7493): no comments, no trailing commas, no duplicate names"
    position = _POSITION_SUFFIX.search(error.finding.message)
    line, column = (int(position[1]), int(position[2])) if position else (0, 0)
    message = _POSITION_SUFFIX.sub("", error.finding.message)
    return Diagnostic(SOURCE_NOT_JSON, Location(display_name, line, column), f"not JSON: {message}", hint)
