"""The journal of a write in progress: the previous state of all files, so that the write can be undone at any time.

It is in the stage folder, with the old and the new bytes. While it exists, the write is unfinished and can be undone;
its removal completes the write.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from wirelock.write.changes import ChangeSet
from wirelock.write.disk import read_file, sync_folders, write_new_file
from wirelock.write.manifest import hash_content

JOURNAL_NAME = "journal.json"


@dataclass(frozen=True, slots=True)
class WriteStep:
    """One file to write or delete; `before` and `after` are hashes, None for no file.

    The bytes are in the stage folder, in `<slot>.old` and `<slot>.new`.
    """

    slot: int
    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class WriteJournal:
    """All steps in order, deletes first, and the folders that the write creates."""

    steps: tuple[WriteStep, ...]
    folders: tuple[str, ...]

    def get_touched_folders(self, root: Path) -> set[Path]:
        """Return all folders whose entries may change."""
        return {root / folder for step in self.steps for folder in PurePosixPath(step.path).parents}


def build_journal(root: Path, changes: ChangeSet) -> WriteJournal:
    """Build the journal of a change set.

    Deletes come first, because a deleted file may have the name of a new folder, or a folder that of a new file.
    """
    ordered = sorted(changes.changes, key=lambda item: (item.after is not None, item.path))
    steps = tuple(
        WriteStep(slot, item.path, _hash_content(item.before), _hash_content(item.after))
        for slot, item in enumerate(ordered)
    )
    needed = {folder for step in steps if step.after for folder in PurePosixPath(step.path).parents}
    return WriteJournal(steps, tuple(sorted(str(folder) for folder in needed if not (root / folder).is_dir())))


def write_stage(root: Path, folder: Path, changes: ChangeSet, journal: WriteJournal) -> None:
    """Write old bytes, new bytes and finally the journal, atomically, to a new stage folder."""
    changes_by_path = {item.path: item for item in changes.changes}
    folder.mkdir(mode=0o700)  # the old bytes may be private
    for step in journal.steps:
        item = changes_by_path[step.path]
        mode = None if item.before is None else (root / step.path).stat().st_mode & 0o7777
        if item.before is not None:
            write_new_file(folder / f"{step.slot}.old", item.before, mode)
        if item.after is not None:
            write_new_file(folder / f"{step.slot}.new", item.after, mode)
    draft = folder / "draft"
    write_new_file(draft, json.dumps(asdict(journal)).encode())
    sync_folders([folder])
    draft.replace(folder / JOURNAL_NAME)
    sync_folders([folder, root])


def read_journal(folder: Path) -> WriteJournal | None:
    """Return the journal of a stage folder; None if there is none, because no write has begun or it is complete.

    Raises ValueError if the file is not a journal. wirelock writes it atomically, so another program changed it.
    """
    text = read_file(folder, JOURNAL_NAME)
    if text is None:
        return None
    try:
        value: Any = json.loads(text)
        steps = tuple(WriteStep(int(s["slot"]), str(s["path"]), s["before"], s["after"]) for s in value["steps"])
        return WriteJournal(steps, tuple(str(path) for path in value["folders"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"the journal cannot be read: {error}") from error


def undo_write(root: Path, folder: Path, journal: WriteJournal) -> None:
    """Restore the previous state, last step first; an interrupted undo can be repeated.

    A file with neither the old nor the new content was changed since by another program and is left alone.
    """
    for step in reversed([step for step in journal.steps if step.after is not None]):
        _undo_step(root, folder, step)
    for path in sorted(journal.folders, reverse=True):
        if (root / path).is_dir() and not any((root / path).iterdir()):
            (root / path).rmdir()
    for step in reversed([step for step in journal.steps if step.after is None]):
        _undo_step(root, folder, step)
    sync_folders(journal.get_touched_folders(root))


def _undo_step(root: Path, folder: Path, step: WriteStep) -> None:
    target = root / step.path
    current = _hash_content(read_file(root, step.path))
    if current == step.before or current != step.after:
        return
    if step.before is None:
        target.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{step.slot}.old").replace(target)


def _hash_content(content: bytes | None) -> str | None:
    return None if content is None else hash_content(content)
