"""The repository that a project is part of."""

from __future__ import annotations

import os
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
