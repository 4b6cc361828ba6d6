"""Print pins of the lowest dependency versions in pyproject.toml, with those of the extra `live`."""

from __future__ import annotations

import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def list_pins(text: str) -> list[str]:
    """Return `name==version` for each requirement, which must have a lower bound or a pin."""
    project = tomllib.loads(text)["project"]
    requirements: list[str] = [*project["dependencies"], *project["optional-dependencies"]["live"]]
    return [requirement.replace(">=", "==") for requirement in requirements]


if __name__ == "__main__":
    print("\n".join(list_pins(PROJECT.read_text("utf-8"))))
