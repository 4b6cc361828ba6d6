"""Writes a change set as one: all of it or nothing, whatever fails and whenever the process dies."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from wirelock.diagnostics import Code, Diagnostic, Location, Severity
from wirelock.write.changes import ChangeSet
from wirelock.write.disk import discard, read, sync, unwritable
from wirelock.write.journal import FILE, Journal, journal_of, read_journal, stage, undo
from wirelock.write.lock import LOCK, locked
from wirelock.write.paths import fault

OUTPUT_CHANGED = Code("OUTPUT_CHANGED", Severity.ERROR, fatal=True)
WRITE_RECOVERED = Code("WRITE_RECOVERED", Severity.NOTE)
WRITE_UNRECOVERABLE = Code("WRITE_UNRECOVERABLE", Severity.ERROR, fatal=True)
STAGE = ".wirelock-stage-"


def apply(root: Path, changes: ChangeSet) -> tuple[Diagnostic, ...]:
    """Write and delete everything, or nothing and say why in one diagnostic.

    What an earlier run that was killed left behind is put right first. Links and files that changed since the
    change set was made are looked for again, under the lock.
    """
    if not changes.changes:
        return ()
    return _alone(root, changes)


def recover(root: Path) -> tuple[Diagnostic, ...]:
    """Undo what a run that was killed while it wrote had done, and say so in a note."""
    return _alone(root, ChangeSet()) if _stages(root) or (root / LOCK).exists() else ()


def _alone(root: Path, changes: ChangeSet) -> tuple[Diagnostic, ...]:
    try:
        with locked(root) as refused:
            if refused:
                return (refused,)
            found = tuple(note for folder in _stages(root) if (note := _roll_back(root, folder)))
            if changes.changes and not any(diagnostic.fails for diagnostic in found):
                trouble = _obstacle(root, changes) or _write(root, changes)
                return (*found, trouble) if trouble else found
            return found
    except OSError as error:
        return (unwritable(_place(root, error), error),)


def _stages(root: Path) -> list[Path]:
    return sorted(path for path in root.glob(f"{STAGE}*") if path.is_dir() and not path.is_symlink())


def _roll_back(root: Path, folder: Path) -> Diagnostic | None:
    """Undo what a stage folder's journal tells of, if it has one, and remove the folder."""
    where = Location(folder.name)
    try:
        journal = read_journal(folder)
        if journal is not None:
            paths = (*(step.path for step in journal.steps), *journal.folders)
            if any(fault(root, path) for path in paths):
                raise ValueError("the journal names places that wirelock does not write to")
            undo(root, folder, journal)
            (folder / FILE).unlink()
    except (OSError, ValueError) as error:
        words = (isinstance(error, OSError) and error.strerror) or str(error)
        hint = f"remove the cause and run it again; or put right what git status shows and delete {folder.name}"
        return Diagnostic(WRITE_UNRECOVERABLE, where, f"an unfinished write cannot be undone: {words}", hint)
    discard(folder)
    if journal is None:
        return None
    hint = "nothing needs to be done; run wirelock generate to write the files again"
    return Diagnostic(WRITE_RECOVERED, where, f"an unfinished write of {len(journal.steps)} files was undone", hint)


def _obstacle(root: Path, changes: ChangeSet) -> Diagnostic | None:
    """The first thing that is certain to keep a change from happening."""
    leaving = {item.path for item in changes.changes if item.after is None}
    emptied = {str(folder) for path in leaving for folder in PurePosixPath(path).parents}
    for item in changes.changes:
        if found := fault(root, item.path):
            return found
        try:
            if read(root, item.path) != item.before:
                return _changed(item.path)
            if (root / item.path).is_dir() and item.path not in emptied:
                raise IsADirectoryError("a folder stands there")
            _check_folder(root, PurePosixPath(item.path).parent, leaving)
        except OSError as error:
            return unwritable(item.path, error)
    return None


def _check_folder(root: Path, folder: PurePosixPath, leaving: set[str]) -> None:
    """Raise OSError unless files can be made in a folder, or the folder in the nearest one that is there."""
    while not (root / folder).is_dir():
        if (root / folder).exists() and str(folder) not in leaving:
            raise NotADirectoryError(f"a file stands where the folder {folder} is needed")
        folder = folder.parent
    if not os.access(root / folder, os.W_OK | os.X_OK):
        raise PermissionError(f"the folder {folder} is not writable")


def _changed(path: str) -> Diagnostic:
    hint = "run it again when nothing else writes to the project"
    return Diagnostic(OUTPUT_CHANGED, Location(path), "the file was changed while wirelock ran", hint)


def _write(root: Path, changes: ChangeSet) -> Diagnostic | None:
    folder = root / f"{STAGE}{os.getpid()}"
    try:
        journal = journal_of(root, changes)
        stage(root, folder, changes, journal)
        _perform(root, folder, journal)
        (folder / FILE).unlink()
    except (Exception, KeyboardInterrupt) as error:
        undone = _roll_back(root, folder)
        if undone is not None and undone.fails:
            return undone
        if isinstance(error, OSError):
            return unwritable(_place(root, error), error)
        raise
    discard(folder)
    return None


def _perform(root: Path, folder: Path, journal: Journal) -> None:
    kept = {root / parent for step in journal.steps if step.after for parent in PurePosixPath(step.path).parents}
    for step in journal.steps:
        target = root / step.path
        if step.after is None:
            target.unlink()
            _prune(target.parent, {root, *kept})
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            (folder / f"{step.slot}.new").replace(target)
    sync(journal.touched(root))


def _prune(folder: Path, kept: set[Path]) -> None:
    """Remove a folder that a delete left empty, and those above it that are empty then."""
    while folder not in kept and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _place(root: Path, error: OSError) -> str:
    """The file that an error is about as the user knows it; the project's folder when it has no such name."""
    for name in (error.filename2, error.filename):
        path = Path(name) if isinstance(name, str) else root
        if path.is_relative_to(root) and path != root and not path.relative_to(root).parts[0].startswith(STAGE):
            return path.relative_to(root).as_posix()
    return "."
