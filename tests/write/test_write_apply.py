"""Changes become files, or one diagnostic says why not."""

from __future__ import annotations

import json
import os
import stat
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from wirelock.diagnostics import Severity
from wirelock.write import Change, ChangeSet, apply, recover
from wirelock.write.lock import LOCK, locked


def add(path: str, content: bytes = b"new") -> Change:
    return Change(path, "add", None, content)


def codes(root: Path, *changes: Change) -> list[str]:
    return [f"{found.code.id} {found.where.file}" for found in apply(root, ChangeSet(changes))]


def names(root: Path) -> list[str]:
    """Everything in the project, leftovers included."""
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


def unfinished(root: Path, path: str, before: bytes | None, after: bytes | None) -> Path:
    """What a run leaves behind that was killed when it had written one file."""
    hashes = [None if content is None else sha256(content).hexdigest() for content in (before, after)]
    folder = root / ".wirelock-stage-1"
    folder.mkdir(parents=True)
    (folder / "0.old").write_bytes(before or b"")
    step = {"slot": 0, "path": path, "before": hashes[0], "after": hashes[1]}
    (folder / "journal.json").write_text(json.dumps({"steps": [step], "folders": []}))
    return folder


def test_files_appear_with_their_folders_and_nothing_else(tmp_path: Path) -> None:
    assert codes(tmp_path, add("a/b/c.txt"), add("d.txt")) == []
    assert names(tmp_path) == ["a", "a/b", "a/b/c.txt", "d.txt"]
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"new"


def test_no_changes_touch_nothing(tmp_path: Path) -> None:
    assert apply(tmp_path / "not there", ChangeSet()) == ()


def test_a_changed_file_keeps_its_permissions_and_a_new_one_follows_the_umask(tmp_path: Path) -> None:
    (tmp_path / "script").write_bytes(b"old")
    (tmp_path / "script").chmod(0o751)
    umask = os.umask(0o027)
    try:
        assert codes(tmp_path, Change("script", "change", b"old", b"new"), add("fresh")) == []
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "script").stat().st_mode) == 0o751
    assert stat.S_IMODE((tmp_path / "fresh").stat().st_mode) == 0o640


def test_folders_that_deletes_leave_empty_go_too(tmp_path: Path) -> None:
    for path in ("a/b/c/x", "a/keep"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"old")
    assert codes(tmp_path, Change("a/b/c/x", "delete", b"old", None)) == []
    assert names(tmp_path) == ["a", "a/keep"]


def test_a_folder_that_is_emptied_and_filled_again_stays_the_same_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o750)
    (tmp_path / "a/old").write_bytes(b"old")
    assert codes(tmp_path, add("a/new"), Change("a/old", "delete", b"old", None)) == []
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o750


def test_a_file_where_a_folder_is_needed_is_one_finding_and_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"mine")
    (found,) = apply(tmp_path, ChangeSet((add("0"), add("a/b/x"), add("a/y"))))
    assert (found.code.id, found.where.file) == ("OUTPUT_UNWRITABLE", "a/b/x")
    assert found.message == "cannot be written: a file stands where the folder a is needed"
    assert found.hint
    assert names(tmp_path) == ["a"]


def test_a_folder_where_a_file_is_needed_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "a/mine").mkdir(parents=True)
    assert codes(tmp_path, add("a"), add("b")) == ["OUTPUT_UNWRITABLE a"]
    assert names(tmp_path) == ["a", "a/mine"]


def test_a_folder_that_would_not_be_empty_is_found_while_writing_and_all_is_put_back(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/ours").write_bytes(b"old")
    (tmp_path / "a/mine").write_bytes(b"mine")
    assert codes(tmp_path, add("0"), add("a"), Change("a/ours", "delete", b"old", None)) == ["OUTPUT_UNWRITABLE a"]
    assert names(tmp_path) == ["a", "a/mine", "a/ours"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_without_permission_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o500)
    assert codes(tmp_path, add("0"), add("a/x")) == ["OUTPUT_UNWRITABLE a/x"]
    assert names(tmp_path) == ["a"]


def test_a_project_that_is_not_there_is_one_finding(tmp_path: Path) -> None:
    assert codes(tmp_path / "nowhere", add("x")) == [f"OUTPUT_UNWRITABLE {LOCK}"]


@pytest.mark.parametrize("change", [Change("x", "change", b"planned", b"new"), add("x")])
def test_a_file_that_changed_since_the_plan_is_not_overwritten(tmp_path: Path, change: Change) -> None:
    (tmp_path / "x").write_bytes(b"edited")
    assert codes(tmp_path, change) == ["OUTPUT_CHANGED x"]
    assert (tmp_path / "x").read_bytes() == b"edited"


def test_links_are_looked_for_again_when_writing(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a").symlink_to(tmp_path)
    assert codes(root, add("a/x"), add("../y")) == ["OUTPUT_IS_SYMLINK a/x"]
    assert names(tmp_path) == ["project", "project/a"]


def test_two_runs_do_not_write_at_once(tmp_path: Path) -> None:
    with locked(tmp_path):
        assert codes(tmp_path, add("x")) == [f"WRITE_LOCKED {LOCK}"]
        assert [found.code.id for found in recover(tmp_path)] == ["WRITE_LOCKED"]
        assert names(tmp_path) == [LOCK], "the holder's lock stands"
    assert codes(tmp_path, add("x")) == []


def test_a_lock_whose_holder_is_dead_binds_nobody(tmp_path: Path) -> None:
    (tmp_path / LOCK).touch()
    assert codes(tmp_path, add("x")) == []
    assert names(tmp_path) == ["x"]


@pytest.mark.skipif(sys.platform == "win32", reason="no lock file is left there")
def test_a_lock_that_its_holder_removed_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    flock, calls = fcntl.flock, iter(range(2))

    def late(handle: int, operation: int) -> None:
        if next(calls) == 0:
            (tmp_path / LOCK).unlink()
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with locked(tmp_path) as refused:
        assert refused is None
        assert names(tmp_path) == [LOCK], "others see that it is taken"


def test_an_unfinished_write_is_undone_and_told(tmp_path: Path) -> None:
    unfinished(tmp_path, "x", b"old", b"half")
    (tmp_path / "x").write_bytes(b"half")
    (found,) = recover(tmp_path)
    assert (found.code.id, found.level, found.fails) == ("WRITE_RECOVERED", Severity.NOTE, False)
    assert names(tmp_path) == ["x"]
    assert (tmp_path / "x").read_bytes() == b"old"
    assert recover(tmp_path) == ()


def test_the_next_write_undoes_an_unfinished_one_first(tmp_path: Path) -> None:
    unfinished(tmp_path, "x", None, b"half")
    (tmp_path / "x").write_bytes(b"half")
    assert codes(tmp_path, add("y")) == ["WRITE_RECOVERED .wirelock-stage-1"]
    assert names(tmp_path) == ["y"]


def test_what_somebody_changed_after_the_kill_is_left_alone(tmp_path: Path) -> None:
    unfinished(tmp_path, "x", b"old", b"half")
    (tmp_path / "x").write_bytes(b"edited since")
    assert [found.code.id for found in recover(tmp_path)] == ["WRITE_RECOVERED"]
    assert (tmp_path / "x").read_bytes() == b"edited since"


@pytest.mark.parametrize("path", ["../outside", ".git/hooks/post-checkout"])
def test_a_forged_journal_writes_nowhere(tmp_path: Path, path: str) -> None:
    root = tmp_path / "project"
    unfinished(root, path, b"evil", None)
    (found,) = recover(root)
    assert (found.code.id, found.fails) == ("WRITE_UNRECOVERABLE", True)
    assert names(root) == [".wirelock-stage-1", ".wirelock-stage-1/0.old", ".wirelock-stage-1/journal.json"]


def test_nothing_is_written_beside_a_write_that_cannot_be_undone(tmp_path: Path) -> None:
    (unfinished(tmp_path, "x", None, b"half") / "journal.json").write_text("{}")
    assert codes(tmp_path, add("y")) == ["WRITE_UNRECOVERABLE .wirelock-stage-1"]
    assert not (tmp_path / "y").exists()


def test_a_stage_without_a_journal_is_swept_away_in_silence(tmp_path: Path) -> None:
    (unfinished(tmp_path, "x", None, b"half") / "journal.json").unlink()
    assert recover(tmp_path) == ()
    assert names(tmp_path) == []


def test_a_link_is_no_stage(tmp_path: Path) -> None:
    root = tmp_path / "project"
    folder = unfinished(tmp_path / "elsewhere", "x", b"old", None)
    root.mkdir()
    (root / folder.name).symlink_to(folder)
    assert recover(root) == ()
    assert (folder / "journal.json").exists()
    assert names(root) == [folder.name]
