"""A project for programs: its configuration, compiled when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from pathlib import Path

from wirelock.build import Build, build
from wirelock.config import Config, read_config
from wirelock.diagnostics import Diagnostic


class ProjectError(ValueError):
    """There is no project to work with; `diagnostics` say why."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(f"{d.where}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics


class Project:
    """One project on disk."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def _build(self) -> Build:
        return build(self.config)

    def build(self) -> Build:
        """The compiled project, with what is wrong in its `diagnostics`."""
        return self._build


def load(path: str | PathLike[str] = ".") -> Project:
    """The project that a folder belongs to; raises ProjectError."""
    config = read_config(Path(path))
    if isinstance(config, Config):
        return Project(config)
    raise ProjectError(config)
