"""The git repository of a project."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def find_repository_root(root: Path) -> Path:
    """Return the root of the repository that contains a folder, to which forges resolve file names; else the folder.

    The root is the workspace of a GitHub runner if it contains the folder, or else the nearest folder with `.git`
    (a folder in a clone, a file in a worktree or submodule).
    """
    root = root.resolve()
    workspace = os.environ.get("GITHUB_WORKSPACE", "")
    if workspace and root.is_relative_to(Path(workspace).resolve()):
        return Path(workspace).resolve()
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def is_committed(root: Path, file: str) -> bool:
    """Return True if the last commit contains a file; False without a repository or without git."""
    try:
        result = subprocess.run(
            ["git", "-C", str(root), "cat-file", "-e", f"HEAD:./{file}"], capture_output=True, check=False
        )
    except OSError:
        return False
    return result.returncode == 0
