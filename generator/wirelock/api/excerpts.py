"""The text of the schemas that a report is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from wirelock.config import Config
from wirelock.diagnostics import Diagnostic, Excerpt, Exhibit, Report, Severity, group_key
from wirelock.runtime.json.text import MalformedText, parse
from wirelock.source.documents import read_bytes
from wirelock.source.positions import positions

BEFORE = 6
AFTER = 10
"""How many lines around those at fault are shown."""
MOST_MARKED = 12
MOST = 200
"""How many diagnostics about files get an exhibit."""
LONGEST = 200
"""How many characters of a line are shown."""
_SHOWN = (".json", ".yaml", ".yml", ".toml", ".proto")


def illustrated(config: Config, report: Report) -> Report:
    """The report with the lines of the schemas in its exhibits, and exhibits for what is wrong in files themselves."""
    files = _Files(config.root)
    traffic = tuple(
        replace(one, schema=files.keyword(f"{config.schemas}/{one.about.schema}") if one.about.schema else None)
        for one in report.exhibits
    )
    return replace(report, exhibits=(*traffic, *_of_files(files, report)))


def _of_files(files: _Files, report: Report) -> list[Exhibit]:
    found: dict[object, Exhibit] = {}
    for diagnostic in report.diagnostics:
        if diagnostic.exchange is not None or diagnostic.level is Severity.NOTE or len(found) >= MOST:
            continue
        key = group_key(diagnostic)
        excerpt = files.place(diagnostic) if key not in found else None
        if excerpt is not None:
            found[key] = Exhibit(diagnostic, excerpt)
    return list(found.values())


class _Files:
    """Texts of the project's files, each read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines = cache(self._read)
        self._places = cache(self._read_places)

    def keyword(self, schema: str) -> Excerpt | None:
        """The lines of the schema at `file#pointer`; None where there are none."""
        file, _, pointer = schema.partition("#")
        places = self._places(file)
        if pointer not in places:
            return None
        first = places[pointer][0]
        inside = (line for inner, (line, _) in places.items() if inner.startswith(f"{pointer}/"))
        return self._around(file, first, max(inside, default=first))

    def place(self, diagnostic: Diagnostic) -> Excerpt | None:
        """The lines around the place of a diagnostic about a file; None where no line is known."""
        where = diagnostic.where
        if not where.line or not where.file.endswith(_SHOWN):
            return None
        return self._around(where.file, where.line, where.line)

    def _around(self, file: str, first: int, last: int) -> Excerpt | None:
        lines = self._lines(file)
        if not first <= len(lines):
            return None
        top = max(1, first - BEFORE)
        last = min(last, first + MOST_MARKED - 1)
        shown = (line[:LONGEST] + ("…" if len(line) > LONGEST else "") for line in lines[top - 1 : last + AFTER])
        return Excerpt(tuple(shown), tuple(range(first - top, last - top + 1)), file, top)

    def _read(self, file: str) -> tuple[str, ...]:
        content = read_bytes(self._root / file, self._root, file)
        return () if isinstance(content, Diagnostic) else tuple(content.decode(errors="replace").split("\n"))

    def _read_places(self, file: str) -> Mapping[str, tuple[int, int]]:
        text = "\n".join(self._lines(file))
        try:
            parse(text.encode())
        except MalformedText:
            return {}
        return positions(text)
