"""The repository that a project is part of: where its top is, and what the last commit has."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def repository(root: Path) -> Path:
    """The top of the repository that holds a folder, which forges name files from; without one, the folder itself.

    That is the workspace of a GitHub runner, where the folder is in it, or the nearest folder that has a `.git`: a
    folder in a clone, a file in a worktree or a submodule.
    """
    root = root.resolve()
    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    if workspace and root.is_relative_to(Path(workspace).resolve()):
        return Path(workspace).resolve()
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def is_committed(root: Path, file: str) -> bool:
    """Whether the last commit has a file, by its path below a folder; False where there is no repository, or no git."""
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), "cat-file", "-e", f"HEAD:./{file}"], capture_output=True, check=False
        )
    except OSError:
        return False
    return asked.returncode == 0
