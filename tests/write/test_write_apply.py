"""Application of change sets: files are written, or one diagnostic has the reason."""

from __future__ import annotations

import json
import os
import stat
import sys
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from wirelock.diagnostics import Severity
from wirelock.write import Change, ChangeSet, apply_changes, recover
from wirelock.write.lock import LOCK_NAME, acquire_lock


def make_addition(path: str, content: bytes = b"new") -> Change:
    return Change(path, "add", None, content)


def apply_and_list(root: Path, *changes: Change) -> list[str]:
    return [f"{d.code.id} {d.location.file}" for d in apply_changes(root, ChangeSet(changes))]


def list_paths(root: Path) -> list[str]:
    """List all files of the project, leftovers included."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def write_unfinished_stage(root: Path, path: str, before: bytes | None, after: bytes | None) -> Path:
    """Leave the state of a run that was killed after its first file."""
    hashes = [None if content is None else sha256(content).hexdigest() for content in (before, after)]
    folder = root / ".wirelock-stage-1"
    folder.mkdir(parents=True)
    (folder / "0.old").write_bytes(before or b"")
    step = {"slot": 0, "path": path, "before": hashes[0], "after": hashes[1]}
    (folder / "journal.json").write_text(json.dumps({"steps": [step], "folders": []}))
    return folder


def test_files_appear_with_their_folders_and_nothing_else(tmp_path: Path) -> None:
    assert apply_and_list(tmp_path, make_addition("a/b/c.txt"), make_addition("d.txt")) == []
    assert list_paths(tmp_path) == ["a", "a/b", "a/b/c.txt", "d.txt"]
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"new"


def test_no_changes_touch_nothing(tmp_path: Path) -> None:
    assert apply_changes(tmp_path / "not there", ChangeSet()) == ()


def test_a_changed_file_keeps_its_permissions_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    (tmp_path / "script").write_bytes(b"old")
    (tmp_path / "script").chmod(0o751)
    umask = os.umask(0o027)
    try:
        assert apply_and_list(tmp_path, Change("script", "change", b"old", b"new"), make_addition("fresh")) == []
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "script").stat().st_mode) == 0o751
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


def test_folders_that_deletes_leave_empty_go_too(tmp_path: Path) -> None:
    for path in ("a/b/c/x", "a/keep"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"old")
    assert apply_and_list(tmp_path, Change("a/b/c/x", "delete", b"old", None)) == []
    assert list_paths(tmp_path) == ["a", "a/keep"]


def test_a_folder_that_is_emptied_and_filled_again_stays_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o750)
    (tmp_path / "a/old").write_bytes(b"old")
    assert apply_and_list(tmp_path, make_addition("a/new"), Change("a/old", "delete", b"old", None)) == []
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o750


def test_a_file_where_a_folder_is_needed_is_one_finding_and_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    (diagnostic,) = apply_changes(
        tmp_path, ChangeSet((make_addition("0"), make_addition("a/b/x"), make_addition("a/y")))
    )
    assert (diagnostic.code.id, diagnostic.location.file) == ("OUTPUT_UNWRITABLE", "a/b/x")
    assert diagnostic.message == "cannot be written: the folder a is needed, and a file has that name"
    assert diagnostic.hint
    assert list_paths(tmp_path) == ["a"]


def test_a_folder_where_a_file_is_needed_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "a/mine").mkdir(parents=True)
    assert apply_and_list(tmp_path, make_addition("a"), make_addition("b")) == ["OUTPUT_UNWRITABLE a"]
    assert list_paths(tmp_path) == ["a", "a/mine"]


def test_a_folder_that_would_not_be_empty_is_found_while_writing_and_everything_is_restored(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/ours").write_bytes(b"old")
    (tmp_path / "a/mine").write_bytes(b"mine")
    assert apply_and_list(
        tmp_path, make_addition("0"), make_addition("a"), Change("a/ours", "delete", b"old", None)
    ) == ["OUTPUT_UNWRITABLE a"]
    assert list_paths(tmp_path) == ["a", "a/mine", "a/ours"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_without_permission_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o500)
    assert apply_and_list(tmp_path, make_addition("0"), make_addition("a/x")) == ["OUTPUT_UNWRITABLE a/x"]
    assert list_paths(tmp_path) == ["a"]


def test_a_project_that_is_not_there_is_one_finding(tmp_path: Path) -> None:
    assert apply_and_list(tmp_path / "nowhere", make_addition("x")) == [f"OUTPUT_UNWRITABLE {LOCK_NAME}"]


@pytest.mark.parametrize("change", [Change("x", "change", b"planned", b"new"), make_addition("x")])
def test_a_file_that_changed_since_the_plan_is_not_overwritten(tmp_path: Path, change: Change) -> None:
    (tmp_path / "x").write_bytes(b"edited")
    assert apply_and_list(tmp_path, change) == ["OUTPUT_CHANGED x"]
    assert (tmp_path / "x").read_bytes() == b"edited"


def test_links_are_looked_for_again_when_writing(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a").symlink_to(tmp_path)
    assert apply_and_list(root, make_addition("a/x"), make_addition("../y")) == ["OUTPUT_IS_SYMLINK a/x"]
    assert list_paths(tmp_path) == ["project", "project/a"]


def test_two_runs_do_not_write_at_once(tmp_path: Path) -> None:
    with acquire_lock(tmp_path):
        assert apply_and_list(tmp_path, make_addition("x")) == [f"WRITE_LOCKED {LOCK_NAME}"]
        assert [d.code.id for d in recover(tmp_path)] == ["WRITE_LOCKED"]
        assert list_paths(tmp_path) == [LOCK_NAME], "the lock of the holder still exists"
    assert apply_and_list(tmp_path, make_addition("x")) == []


def test_a_lock_whose_holder_died_is_available(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).touch()
    assert apply_and_list(tmp_path, make_addition("x")) == []
    assert list_paths(tmp_path) == ["x"]


@pytest.mark.skipif(sys.platform == "win32", reason="no lock file is left there")
def test_a_lock_that_its_holder_removes_during_the_attempt_is_acquired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    flock, calls = fcntl.flock, count()

    def flock_late(handle: int, operation: int) -> None:
        if next(calls) == 0:
            (tmp_path / LOCK_NAME).unlink()
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", flock_late)
    with acquire_lock(tmp_path) as diagnostic:
        assert diagnostic is None
        assert list_paths(tmp_path) == [LOCK_NAME], "other processes see the lock"


def test_an_unfinished_write_is_undone_and_reported(tmp_path: Path) -> None:
    write_unfinished_stage(tmp_path, "x", b"old", b"half")
    (tmp_path / "x").write_bytes(b"half")
    (diagnostic,) = recover(tmp_path)
    assert (diagnostic.code.id, diagnostic.level, diagnostic.is_failure) == ("WRITE_RECOVERED", Severity.NOTE, False)
    assert list_paths(tmp_path) == ["x"]
    assert (tmp_path / "x").read_bytes() == b"old"
    assert recover(tmp_path) == ()


def test_the_next_write_undoes_an_unfinished_one_first(tmp_path: Path) -> None:
    write_unfinished_stage(tmp_path, "x", None, b"half")
    (tmp_path / "x").write_bytes(b"half")
    assert apply_and_list(tmp_path, make_addition("y")) == ["WRITE_RECOVERED .wirelock-stage-1"]
    assert list_paths(tmp_path) == ["y"]


def test_a_file_edited_after_the_kill_is_left_alone(tmp_path: Path) -> None:
    write_unfinished_stage(tmp_path, "x", b"old", b"half")
    (tmp_path / "x").write_bytes(b"edited since")
    assert [d.code.id for d in recover(tmp_path)] == ["WRITE_RECOVERED"]
    assert (tmp_path / "x").read_bytes() == b"edited since"


@pytest.mark.parametrize("path", ["../outside", ".git/hooks/post-checkout"])
def test_a_forged_journal_writes_nowhere(tmp_path: Path, path: str) -> None:
    root = tmp_path / "project"
    write_unfinished_stage(root, path, b"evil", None)
    (diagnostic,) = recover(root)
    assert (diagnostic.code.id, diagnostic.is_failure) == ("WRITE_UNRECOVERABLE", True)
    assert list_paths(root) == [".wirelock-stage-1", ".wirelock-stage-1/0.old", ".wirelock-stage-1/journal.json"]


def test_nothing_is_written_while_a_write_cannot_be_undone(tmp_path: Path) -> None:
    (write_unfinished_stage(tmp_path, "x", None, b"half") / "journal.json").write_text("{}")
    assert apply_and_list(tmp_path, make_addition("y")) == ["WRITE_UNRECOVERABLE .wirelock-stage-1"]
    assert not (tmp_path / "y").exists()


def test_a_stage_without_a_journal_is_removed_without_a_report(tmp_path: Path) -> None:
    (write_unfinished_stage(tmp_path, "x", None, b"half") / "journal.json").unlink()
    assert recover(tmp_path) == ()
    assert list_paths(tmp_path) == []


def test_a_symbolic_link_is_not_a_stage(tmp_path: Path) -> None:
    root = tmp_path / "project"
    folder = write_unfinished_stage(tmp_path / "elsewhere", "x", b"old", None)
    root.mkdir()
    (root / folder.name).symlink_to(folder)
    assert recover(root) == ()
    assert (folder / "journal.json").exists()
    assert list_paths(root) == [folder.name]
