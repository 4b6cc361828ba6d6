"""Folders, configuration and recordings of this checkout."""

from __future__ import annotations

from pathlib import Path

from wirelock.api.project import Project
from wirelock.config import Config, read_config
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.recordings.formats import read_recording

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / "tests/recordings"


def load_config(folder: Path) -> Config:
    """Load the configuration of a project, which must be valid."""
    config = read_config(folder)
    assert isinstance(config, Config), config
    return config


def load_project(folder: Path) -> Project:
    """Load the project in a folder, whose configuration must be valid."""
    return Project(load_config(folder))


def read_exchanges(name: str) -> tuple[Exchange, ...]:
    """Read the exchanges of a shipped recording."""
    exchanges, diagnostics = read_recording(RECORDINGS / name, name)
    assert diagnostics == ()
    return exchanges
