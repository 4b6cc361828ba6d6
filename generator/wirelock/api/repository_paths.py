"""File names relative to the repository, as GitHub and other forges expect them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from wirelock.diagnostics import Diagnostic, Example, Excerpt, Report
from wirelock.source.repository import find_repository_root


def use_repository_paths(root: Path, report: Report) -> Report:
    """Return a report whose files are named relative to the top of the repository.

    Files outside of the repository keep their names, and so do all files where there is no repository.
    """
    names = _RepositoryPaths(root.resolve())
    return replace(
        report,
        diagnostics=tuple(names.diagnostic(item) for item in report.diagnostics),
        examples=tuple(names.exhibit(item) for item in report.examples),
    )


class _RepositoryPaths:
    """Maps file names from the project root, or else from the working folder, to the repository."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = find_repository_root(root)

    def exhibit(self, item: Example) -> Example:
        """Return an exhibit with all its file names mapped."""
        return Example(self.diagnostic(item.diagnostic), self._excerpt(item.schema), self._excerpt(item.document))

    def diagnostic(self, item: Diagnostic) -> Diagnostic:
        """Return a diagnostic with its file mapped; a folder is dropped, because forges annotate files only."""
        file = item.location.file
        return replace(item, location=replace(item.location, file="" if self._is_folder(file) else self._name(file)))

    def _is_folder(self, file: str) -> bool:
        return bool(file) and (self._root / file).is_dir()

    def _excerpt(self, excerpt: Excerpt | None) -> Excerpt | None:
        return excerpt and replace(excerpt, file=self._name(excerpt.file))

    def _name(self, file: str) -> str:
        if not file or Path(file).is_absolute():
            return file
        working = Path.cwd()
        base = working if not (self._root / file).exists() and (working / file).exists() else self._root
        path = Path(os.path.normpath(base / file))
        return path.relative_to(self._top).as_posix() if path.is_relative_to(self._top) else file
