"""Excerpts of schema files for reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, Example, Excerpt, Report, Severity, get_group_key
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.source.documents import read_bytes
from wirelock.source.positions import find_positions

LINES_BEFORE = 6
LINES_AFTER = 10
"""Lines of context after the marked ones."""
MAX_MARKED_LINES = 12
MAX_EXHIBITS = 200
"""Maximum number of exhibits for diagnostics about files."""
MAX_LINE_LENGTH = 200
"""Maximum number of characters shown per line."""
_SHOWN = (".json", ".yaml", ".yml", ".toml", ".proto")


def add_excerpts(config: Config, report: Report) -> Report:
    """Add schema lines to the exhibits of a report, and exhibits for diagnostics about files."""
    files = _ProjectFiles(config.root)
    traffic = tuple(
        replace(
            exhibit,
            schema=files.excerpt_keyword(f"{config.schemas}/{exhibit.diagnostic.schema_location}")
            if exhibit.diagnostic.schema_location
            else None,
        )
        for exhibit in report.examples
    )
    return replace(report, examples=(*traffic, *_collect_exhibits(files, report)))


def _collect_exhibits(files: _ProjectFiles, report: Report) -> list[Example]:
    exhibits: dict[object, Example] = {}
    for diagnostic in report.diagnostics:
        if diagnostic.exchange is not None or diagnostic.level is Severity.NOTE or len(exhibits) >= MAX_EXHIBITS:
            continue
        key = get_group_key(diagnostic)
        excerpt = files.excerpt_location(diagnostic) if key not in exhibits else None
        if excerpt is not None:
            exhibits[key] = Example(diagnostic, excerpt)
    return list(exhibits.values())


class _ProjectFiles:
    """Lines and positions of the project's files, each file read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines = cache(self._read_lines)
        self._positions = cache(self._read_positions)

    def excerpt_keyword(self, schema: str) -> Excerpt | None:
        """Return the lines of a schema at `file#pointer`, or None if there are none."""
        file, _, pointer = schema.partition("#")
        positions_by_pointer = self._positions(file)
        if pointer not in positions_by_pointer:
            return None
        first = positions_by_pointer[pointer][0]
        inner_lines = (line for inner, (line, _) in positions_by_pointer.items() if inner.startswith(f"{pointer}/"))
        return self._cut_excerpt(file, first, max(inner_lines, default=first))

    def excerpt_location(self, diagnostic: Diagnostic) -> Excerpt | None:
        """Return the lines around a diagnostic about a file, or None if its line is unknown."""
        location = diagnostic.location
        if not location.line or not location.file.endswith(_SHOWN):
            return None
        return self._cut_excerpt(location.file, location.line, location.line)

    def _cut_excerpt(self, file: str, first: int, last: int) -> Excerpt | None:
        lines = self._lines(file)
        if not first <= len(lines):
            return None
        top = max(1, first - LINES_BEFORE)
        last = min(last, first + MAX_MARKED_LINES - 1)
        excerpt_lines = (
            line[:MAX_LINE_LENGTH] + ("…" if len(line) > MAX_LINE_LENGTH else "")
            for line in lines[top - 1 : last + LINES_AFTER]
        )
        return Excerpt(tuple(excerpt_lines), tuple(range(first - top, last - top + 1)), file, top)

    def _read_lines(self, file: str) -> tuple[str, ...]:
        content = read_bytes(self._root / file, self._root, file)
        return () if isinstance(content, Diagnostic) else tuple(content.decode(errors="replace").split("\n"))

    def _read_positions(self, file: str) -> Mapping[str, tuple[int, int]]:
        text = "\n".join(self._lines(file))
        try:
            parse(text.encode())
        except MalformedText:
            return {}
        return find_positions(text)
