"""This checkout for its tests: its folders, its configuration and its recordings."""

from __future__ import annotations

from pathlib import Path

from wirelock.api.project import Project
from wirelock.config import Config, read_config
from wirelock.traffic.http.exchange import Exchange
from wirelock.traffic.recordings.formats import read_recording

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / "tests/recordings"


def load_config(folder: Path) -> Config:
    """The configuration of a project that must have a sound one."""
    config = read_config(folder)
    assert isinstance(config, Config), config
    return config


def load_project(folder: Path) -> Project:
    """Load the project in a folder, whose configuration must be valid."""
    return Project(load_config(folder))


def read_exchanges(name: str) -> tuple[Exchange, ...]:
    """The exchanges of a shipped recording."""
    read, faults = read_recording(RECORDINGS / name, name)
    assert faults == ()
    return read
