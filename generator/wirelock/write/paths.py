"""Checks of output paths: inside the project, not through a symbolic link, and no two for the same file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.write.disk import build_unwritable

OUTPUT_OUTSIDE = Code("OUTPUT_OUTSIDE", Severity.ERROR, fatal=True)
OUTPUT_IS_SYMLINK = Code("OUTPUT_IS_SYMLINK", Severity.ERROR, fatal=True)
OUTPUT_COLLISION = Code("OUTPUT_COLLISION", Severity.ERROR, fatal=True)


def find_path_problem(root: Path, path: str) -> Diagnostic | None:
    """Return the reason why a path must not be written or deleted, if there is one."""
    if not _is_allowed(path):
        hint = "output paths are relative to the project, with forward slashes, without `..`, and not in .git"
        return Diagnostic(OUTPUT_OUTSIDE, Location(path), "the output would be outside the project's files", hint)
    parts = PurePosixPath(path)
    try:
        links = [part for part in (*parts.parents, parts) if part.parts and (root / part).is_symlink()]
    except OSError as error:
        return build_unwritable(path, error)
    if not links:
        return None
    message = f"{links[-1]} is a symbolic link; wirelock does not write through links"
    hint = f"replace the link {links[-1]} by a file or folder, or write to another folder"
    return Diagnostic(OUTPUT_IS_SYMLINK, Location(path), message, hint)


def _is_allowed(path: str) -> bool:
    parts = PurePosixPath(path).parts
    is_normal = parts != () and path == "/".join(parts) and path.isprintable()
    is_portable = not PureWindowsPath(path).drive and "\\" not in path
    # git runs some of the files in .git as programs
    return is_normal and is_portable and ".." not in parts and not any(part.casefold() == ".git" for part in parts)


def find_collisions(paths: Iterable[str]) -> tuple[Diagnostic, ...]:
    """Report paths that cannot all be files: equal, equal except for case, or one a folder of another."""
    diagnostics: list[Diagnostic] = []
    seen: dict[str, str] = {}
    for path in sorted(paths):
        if (other := seen.get(_fold_path(path))) is not None:
            problem = "is written twice" if other == path else f"differs from {other} in case only"
            diagnostics.append(_build_collision(path, problem))
        seen.setdefault(_fold_path(path), path)
    for key, path in seen.items():
        for folder in PurePosixPath(key).parents:
            if (other := seen.get(str(folder))) is not None:
                diagnostics.append(_build_collision(path, f"needs a folder named like the file {other}"))
    return tuple(diagnostics)


def _fold_path(path: str) -> str:
    """Return the form in which file systems compare paths if they ignore case and Unicode normalization."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _build_collision(path: str, problem: str) -> Diagnostic:
    hint = "rename one of the schemas or packages that they come from, so that the names differ in more than case"
    return Diagnostic(OUTPUT_COLLISION, Location(path), f"{path} {problem}", hint)
