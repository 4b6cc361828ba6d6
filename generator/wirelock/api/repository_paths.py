"""The files of a report as the repository calls them, which is where a forge looks for them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from wirelock.diagnostics import Diagnostic, Excerpt, Exhibit, Report
from wirelock.source.repository import repository


def annotated(root: Path, report: Report) -> Report:
    """The report of a project with its files named from the top of the repository.

    Those outside of it, and where there is no repository, keep the name that they have.
    """
    names = _Names(root.resolve())
    return replace(
        report,
        diagnostics=tuple(names.diagnostic(one) for one in report.diagnostics),
        exhibits=tuple(names.exhibit(one) for one in report.exhibits),
    )


class _Names:
    """Names of files below the root of a project, or else below the working folder, from the top of the repository."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = repository(root)

    def exhibit(self, one: Exhibit) -> Exhibit:
        """With every file that it shows."""
        return Exhibit(self.diagnostic(one.about), self._excerpt(one.schema), self._excerpt(one.document))

    def diagnostic(self, one: Diagnostic) -> Diagnostic:
        """With the file of its place; a folder is none, and no forge shows an annotation there."""
        file = one.where.file
        return replace(one, where=replace(one.where, file="" if self._is_folder(file) else self._name(file)))

    def _is_folder(self, file: str) -> bool:
        return bool(file) and (self._root / file).is_dir()

    def _excerpt(self, one: Excerpt | None) -> Excerpt | None:
        return one and replace(one, file=self._name(one.file))

    def _name(self, file: str) -> str:
        if not file or Path(file).is_absolute():
            return file
        working = Path.cwd()
        base = working if not (self._root / file).exists() and (working / file).exists() else self._root
        whole = Path(os.path.normpath(base / file))
        return whole.relative_to(self._top).as_posix() if whole.is_relative_to(self._top) else file
