"""The journal of a write under way: what stood there before, so that any stop can be undone.

It lies in the stage folder beside the old and the new bytes. While it is there the write is not done, and undoing it
is always right; removing it is the one step that makes the write final.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from wirelock.write.changes import ChangeSet
from wirelock.write.disk import read, sync, write
from wirelock.write.manifest import digest

FILE = "journal.json"


@dataclass(frozen=True, slots=True)
class Step:
    """One file to write or delete; `before` and `after` are hashes (None: no file).

    Its bytes are in the stage folder, in `<slot>.old` and `<slot>.new`.
    """

    slot: int
    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Journal:
    """Every step in order, deletes first, and the folders that the writes need and that were not there."""

    steps: tuple[Step, ...]
    folders: tuple[str, ...]

    def touched(self, root: Path) -> set[Path]:
        """Every folder in which a name may come, go or change."""
        return {root / folder for step in self.steps for folder in PurePosixPath(step.path).parents}


def journal_of(root: Path, changes: ChangeSet) -> Journal:
    """What will be done for a change set.

    Deletes come first: a file may stand where a folder is needed, or the other way round.
    """
    ordered = sorted(changes.changes, key=lambda item: (item.after is not None, item.path))
    steps = tuple(Step(slot, item.path, _hash(item.before), _hash(item.after)) for slot, item in enumerate(ordered))
    needed = {folder for step in steps if step.after for folder in PurePosixPath(step.path).parents}
    return Journal(steps, tuple(sorted(str(folder) for folder in needed if not (root / folder).is_dir())))


def stage(root: Path, folder: Path, changes: ChangeSet, journal: Journal) -> None:
    """Put old bytes, new bytes and last the journal into a new stage folder; the journal's name appears at once."""
    contents = {item.path: item for item in changes.changes}
    folder.mkdir(mode=0o700)  # the old bytes may be private
    for step in journal.steps:
        item = contents[step.path]
        mode = None if item.before is None else (root / step.path).stat().st_mode & 0o7777
        if item.before is not None:
            write(folder / f"{step.slot}.old", item.before, mode)
        if item.after is not None:
            write(folder / f"{step.slot}.new", item.after, mode)
    draft = folder / "draft"
    write(draft, json.dumps(asdict(journal)).encode())
    sync([folder])
    draft.replace(folder / FILE)
    sync([folder, root])


def read_journal(folder: Path) -> Journal | None:
    """The journal of a stage folder; None where there is none, that is where nothing was changed or all is done.

    Raises ValueError when it is not a journal: it is written whole or not at all, so somebody else changed it.
    """
    text = read(folder, FILE)
    if text is None:
        return None
    try:
        value: Any = json.loads(text)
        steps = tuple(Step(int(s["slot"]), str(s["path"]), s["before"], s["after"]) for s in value["steps"])
        return Journal(steps, tuple(str(path) for path in value["folders"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the journal cannot be read: {error}") from error


def undo(root: Path, folder: Path, journal: Journal) -> None:
    """Put back what stood there before, last step first; may itself be stopped and done again.

    A file that is neither as before nor as this write made it was changed by somebody since, and is left alone.
    """
    for step in reversed([step for step in journal.steps if step.after is not None]):
        _undo(root, folder, step)
    for path in sorted(journal.folders, reverse=True):
        if (root / path).is_dir() and not any((root / path).iterdir()):
            (root / path).rmdir()
    for step in reversed([step for step in journal.steps if step.after is None]):
        _undo(root, folder, step)
    sync(journal.touched(root))


def _undo(root: Path, folder: Path, step: Step) -> None:
    target = root / step.path
    now = _hash(read(root, step.path))
    if now == step.before or now != step.after:
        return
    if step.before is None:
        target.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{step.slot}.old").replace(target)


def _hash(content: bytes | None) -> str | None:
    return None if content is None else digest(content)
