"""Atomic write of a change set: all of it or nothing, whatever fails and whenever the process dies."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.write.changes import ChangeSet
from wirelock.write.disk import build_unwritable, discard, read_file, sync_folders
from wirelock.write.journal import JOURNAL_NAME, WriteJournal, build_journal, read_journal, undo_write, write_stage
from wirelock.write.lock import LOCK_NAME, acquire_lock
from wirelock.write.paths import find_path_problem

OUTPUT_CHANGED = Code("OUTPUT_CHANGED", Severity.ERROR, fatal=True)
WRITE_RECOVERED = Code("WRITE_RECOVERED", Severity.NOTE)
WRITE_UNRECOVERABLE = Code("WRITE_UNRECOVERABLE", Severity.ERROR, fatal=True)
STAGE_PREFIX = ".wirelock-stage-"


def apply_changes(root: Path, changes: ChangeSet) -> tuple[Diagnostic, ...]:
    """Write and delete all files of a change set, or none and return a diagnostic.

    An unfinished write of an earlier run is undone first. Under the lock, the paths are checked again for links, and
    the files for changes since the change set was made.
    """
    if not changes.changes:
        return ()
    return _apply_locked(root, changes)


def recover(root: Path) -> tuple[Diagnostic, ...]:
    """Undo the unfinished write of a killed run and report it in a note."""
    return _apply_locked(root, ChangeSet()) if _find_stage_folders(root) or (root / LOCK_NAME).exists() else ()


def _apply_locked(root: Path, changes: ChangeSet) -> tuple[Diagnostic, ...]:
    try:
        with acquire_lock(root) as locked:
            if locked:
                return (locked,)
            notes = [note for folder in _find_stage_folders(root) if (note := _roll_back(root, folder))]
            if changes.changes and not any(note.is_failure for note in notes):
                problem = _find_obstacle(root, changes) or _write(root, changes)
                if problem:
                    notes.append(problem)
            return tuple(notes)
    except OSError as error:
        return (build_unwritable(_describe_path(root, error), error),)


def _find_stage_folders(root: Path) -> list[Path]:
    return sorted(path for path in root.glob(f"{STAGE_PREFIX}*") if path.is_dir() and not path.is_symlink())


def _roll_back(root: Path, folder: Path) -> Diagnostic | None:
    """Undo the steps in the journal of a stage folder, if it has one, and remove the folder."""
    location = Location(folder.name)
    try:
        journal = read_journal(folder)
        if journal is not None:
            paths = (*(step.path for step in journal.steps), *journal.folders)
            if any(find_path_problem(root, path) for path in paths):
                raise ValueError("the journal contains paths outside of the files that wirelock may write")
            undo_write(root, folder, journal)
            (folder / JOURNAL_NAME).unlink()
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        hint = (
            "remove the cause and run the command again; "
            f"or restore the files that git status shows and delete {folder.name}"
        )
        return Diagnostic(WRITE_UNRECOVERABLE, location, f"an unfinished write cannot be undone: {reason}", hint)
    discard(folder)
    if journal is None:
        return None
    message = f"an unfinished write of {len(journal.steps)} files was undone"
    return Diagnostic(WRITE_RECOVERED, location, message, "to write the files again, run: wirelock generate")


def _find_obstacle(root: Path, changes: ChangeSet) -> Diagnostic | None:
    """Return the first problem that would make a change fail."""
    deleted = {item.path for item in changes.changes if item.after is None}
    emptied = {str(folder) for path in deleted for folder in PurePosixPath(path).parents}
    for item in changes.changes:
        if problem := find_path_problem(root, item.path):
            return problem
        try:
            if read_file(root, item.path) != item.before:
                return _build_output_changed(item.path)
            if (root / item.path).is_dir() and item.path not in emptied:
                raise IsADirectoryError("a folder has that name")
            _check_folder(root, PurePosixPath(item.path).parent, deleted)
        except OSError as error:
            return build_unwritable(item.path, error)
    return None


def _check_folder(root: Path, folder: PurePosixPath, deleted: set[str]) -> None:
    """Raise OSError unless the folder, or its nearest existing parent, is a writable folder."""
    while not (root / folder).is_dir():
        if (root / folder).exists() and str(folder) not in deleted:
            raise NotADirectoryError(f"the folder {folder} is needed, and a file has that name")
        folder = folder.parent
    if not os.access(root / folder, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {folder} is not writable")


def _build_output_changed(path: str) -> Diagnostic:
    hint = "run the command again when no other program writes to the project"
    return Diagnostic(OUTPUT_CHANGED, Location(path), "the file changed while wirelock was running", hint)


def _write(root: Path, changes: ChangeSet) -> Diagnostic | None:
    folder = root / f"{STAGE_PREFIX}{os.getpid()}"
    try:
        journal = build_journal(root, changes)
        write_stage(root, folder, changes, journal)
        _perform(root, folder, journal)
        (folder / JOURNAL_NAME).unlink()
    except (Exception, KeyboardInterrupt) as error:
        rollback = _roll_back(root, folder)
        if rollback is not None and rollback.is_failure:
            return rollback
        if isinstance(error, OSError):
            return build_unwritable(_describe_path(root, error), error)
        raise
    discard(folder)
    return None


def _perform(root: Path, folder: Path, journal: WriteJournal) -> None:
    kept = {root / parent for step in journal.steps if step.after for parent in PurePosixPath(step.path).parents}
    for step in journal.steps:
        target = root / step.path
        if step.after is None:
            target.unlink()
            _prune(target.parent, {root, *kept})
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            (folder / f"{step.slot}.new").replace(target)
    sync_folders(journal.get_touched_folders(root))


def _prune(folder: Path, kept: set[Path]) -> None:
    """Remove an empty folder, and its parents as long as they are empty."""
    while folder not in kept and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _describe_path(root: Path, error: OSError) -> str:
    """Return the path of an error relative to the project, or `.` if it is not a file of the project."""
    for name in (error.filename2, error.filename):
        path = Path(name) if isinstance(name, str) else root
        if path.is_relative_to(root) and path != root and not path.relative_to(root).parts[0].startswith(STAGE_PREFIX):
            return path.relative_to(root).as_posix()
    return "."
