"""A project: its configuration, compiled at first use."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from wirelock.config import Config, read_config
from wirelock.diagnostics import Diagnostic

if TYPE_CHECKING:
    from wirelock.build import Build


class ProjectError(ValueError):
    """Raised when a project cannot be loaded or compiled; `diagnostics` has the reasons."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(f"{d.location}: {d.message}" for d in diagnostics))
        self.diagnostics = diagnostics


class Project:
    """One project on disk."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def _build(self) -> Build:
        from wirelock.build import build  # imported on use, since `wirelock --help` compiles nothing

        return build(self.config)

    def build(self) -> Build:
        """Return the compiled project; its `diagnostics` list all faults."""
        return self._build


def load(path: str | PathLike[str] = ".") -> Project:
    """Load the project that a folder belongs to; raises ProjectError."""
    config = read_config(Path(path))
    if isinstance(config, Config):
        return Project(config)
    raise ProjectError(config)
