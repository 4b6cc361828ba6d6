"""Prints the lowest version of each dependency that pyproject.toml allows, those of `live` too, as pins for pip."""

from __future__ import annotations

import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def pins(text: str) -> list[str]:
    """One `name==version` for each requirement, which must have a lower bound or a pin."""
    project = tomllib.loads(text)["project"]
    requirements: list[str] = [*project["dependencies"], *project["optional-dependencies"]["live"]]
    return [requirement.replace(">=", "==") for requirement in requirements]


if __name__ == "__main__":
    print("\n".join(pins(PROJECT.read_text("utf-8"))))
