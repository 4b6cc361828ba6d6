"""Print the commands of the README: the lines of its blocks marked `console`."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def list_commands(text: str) -> list[str]:
    """Return the command lines of the console blocks without comments."""
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line.split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


if __name__ == "__main__":
    print("\n".join(list_commands(README.read_text("utf-8"))))
