"""Where output may go: inside the root, through no link, each place once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.write.disk import unwritable

OUTPUT_OUTSIDE = Code("OUTPUT_OUTSIDE", Severity.ERROR, fatal=True)
OUTPUT_IS_SYMLINK = Code("OUTPUT_IS_SYMLINK", Severity.ERROR, fatal=True)
OUTPUT_COLLISION = Code("OUTPUT_COLLISION", Severity.ERROR, fatal=True)


def fault(root: Path, path: str) -> Diagnostic | None:
    """Why nothing may be written or deleted at a path, if so."""
    if not _inside(path):
        hint = "output paths are relative to the project, with forward slashes, without `..`, and not in .git"
        return Diagnostic(OUTPUT_OUTSIDE, Location(path), "the output would be outside the project's files", hint)
    parts = PurePosixPath(path)
    try:
        links = [part for part in (*parts.parents, parts) if part.parts and (root / part).is_symlink()]
    except OSError as error:
        return unwritable(path, error)
    if not links:
        return None
    hint = f"replace the link {links[-1]} by a file or folder, or write to another folder"
    return Diagnostic(
        OUTPUT_IS_SYMLINK, Location(path), f"{links[-1]} is a link; nothing is written through links", hint
    )


def _inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    plain = parts != () and path == "/".join(parts) and path.isprintable()
    portable = not PureWindowsPath(path).drive and "\\" not in path
    # a file in .git can be a program that git runs
    return plain and portable and ".." not in parts and not any(part.casefold() == ".git" for part in parts)


def collisions(paths: Iterable[str]) -> tuple[Diagnostic, ...]:
    """Paths that cannot all be files: given twice, told apart by case alone, or one a folder of another."""
    found: list[Diagnostic] = []
    seen: dict[str, str] = {}
    for path in sorted(paths):
        if (other := seen.get(_key(path))) is not None:
            words = "is written twice" if other == path else f"differs from {other} in case only"
            found.append(_collision(path, words))
        seen.setdefault(_key(path), path)
    for key, path in seen.items():
        for folder in PurePosixPath(key).parents:
            if (other := seen.get(str(folder))) is not None:
                found.append(_collision(path, f"needs a folder where {other} is a file"))
    return tuple(found)


def _key(path: str) -> str:
    """What file systems that ignore case and Unicode's forms take for the same path."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _collision(path: str, words: str) -> Diagnostic:
    hint = "give the schemas or packages that they come from names that differ in more than case"
    return Diagnostic(OUTPUT_COLLISION, Location(path), f"{path} {words}", hint)
