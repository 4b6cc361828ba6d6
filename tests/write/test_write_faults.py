"""Failures at any call and death at any time leave the tree before or after the write."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from wirelock.artifact import Artifact
from wirelock.write import ChangeSet, apply_changes, plan_changes, recover

pytestmark = pytest.mark.long

MANIFEST = "out/manifest.json"
CALLS = ("open", "write", "fsync", "replace", "unlink", "mkdir", "rmdir", "chmod", "scandir", "listdir", "stat")
OLD = {"out/same": b"same", "out/changed": b"old", "out/gone/deep/er": b"bye", "out/thing": b"file", "out/box/in": b"1"}
NEW = {"out/same": b"same", "out/changed": b"new", "new/deep/file": b"hi", "out/thing/in": b"folder", "out/box": b"2"}
MAX_CALLS = 100_000  # above the number of calls of any write

Tree = dict[str, tuple[int, bytes | None]]


def make_artifacts(files: dict[str, bytes]) -> list[Artifact]:
    return [Artifact(path, content, "test") for path, content in files.items()]


def read_tree(root: Path) -> Tree:
    """Return all files and folders with permissions and content, including temporary ones."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in root.rglob("*")
    }


def prepare_project(root: Path) -> tuple[ChangeSet, Tree]:
    """Create a project of an earlier run; return the changes of the next run and the current tree."""
    root.mkdir()
    changes, _ = plan_changes(root, make_artifacts(OLD), MANIFEST, {})
    assert apply_changes(root, changes) == ()
    (root / "out/changed").chmod(0o600)
    changes, diagnostics = plan_changes(root, make_artifacts(NEW), MANIFEST, {})
    assert not diagnostics
    return changes, read_tree(root)


Condition = Callable[[int, str, Any], bool]  # a predicate on calls: number from 1, function name, first argument


def pick_nth(number: int) -> Condition:
    """Select one call."""
    return lambda count, *_: count == number


def pick_from_nth(number: int) -> Condition:
    """Return a predicate for a call and all later ones."""
    return lambda count, *_: count >= number


def pick_completion(_: int, name: str, path: Any) -> bool:
    """Select the call that completes a write."""
    return name == "unlink" and Path(path).name == "journal.json"


@contextmanager
def trap_calls(condition: Condition, action: Callable[[], None]) -> Iterator[list[str]]:
    """Record the calls to the file system, and run an action before those that a condition selects."""
    calls: list[str] = []

    def watch_calls(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            calls.append(name)
            if condition(len(calls), name, args[0] if args else None):
                action()
            return None if name == "fsync" else function(*args, **options)  # a test need not wait for the disk

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, watch_calls(name, getattr(os, name)))
        yield calls


def fail() -> None:
    raise OSError(errno.EIO, "Input/output error")


def run_in_child(work: Callable[[], object], at: Condition) -> bool:
    """Run a function in a process that dies at the selected call; return True if it finished."""
    child = os.fork()
    if child == 0:
        try:
            with trap_calls(at, lambda: os._exit(9)):
                work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The tree after a complete write."""
    root = tmp_path_factory.mktemp("complete") / "project"
    changes, before = prepare_project(root)
    assert apply_changes(root, changes) == ()
    done = read_tree(root)
    assert done != before
    assert {path: content for path, (_, content) in done.items() if content is not None and path != MANIFEST} == NEW
    return done


def test_one_failing_call_changes_nothing_and_leaves_nothing(tmp_path: Path, after: Tree) -> None:
    outcomes = set[bool]()
    for number in range(1, MAX_CALLS):
        root = tmp_path / str(number)
        changes, before = prepare_project(root)
        with trap_calls(pick_nth(number), fail) as calls:
            diagnostics = apply_changes(root, changes)
        assert read_tree(root) == (before if diagnostics else after), f"call {number}, {calls[-1]}"
        assert [diagnostic.code.id for diagnostic in diagnostics] in ([], ["OUTPUT_UNWRITABLE"])
        outcomes.add(bool(diagnostics))
        if len(calls) < number:
            break
    assert outcomes == {True, False}


def test_the_next_run_recovers_from_a_disk_that_stayed_broken(tmp_path: Path, after: Tree) -> None:
    codes = set[str]()
    for number in range(1, MAX_CALLS):
        root = tmp_path / str(number)
        changes, before = prepare_project(root)
        with trap_calls(pick_from_nth(number), fail) as calls:
            diagnostics = apply_changes(root, changes)
        assert len(diagnostics) <= 1
        codes |= {diagnostic.code.id for diagnostic in diagnostics}
        assert not [diagnostic for diagnostic in recover(root) if diagnostic.is_failure]
        assert read_tree(root) == (before if diagnostics else after), f"call {number}"
        if len(calls) < number:
            break
    assert codes == {"OUTPUT_UNWRITABLE", "WRITE_UNRECOVERABLE"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process to kill")
def test_a_killed_run_is_undone_by_the_next_one(tmp_path: Path, after: Tree) -> None:
    seen = set[tuple[str, ...]]()
    for number in range(1, MAX_CALLS):
        root = tmp_path / str(number)
        changes, before = prepare_project(root)
        finished = run_in_child(partial(apply_changes, root, changes), pick_nth(number))
        codes = tuple(diagnostic.code.id for diagnostic in recover(root))
        seen.add(codes)
        assert read_tree(root) in ((before,) if codes else (before, after)), f"call {number}"
        assert recover(root) == ()
        if finished:
            break
    assert read_tree(root) == after
    assert seen == {(), ("WRITE_RECOVERED",)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process to kill")
def test_a_killed_recovery_is_finished_by_the_next_one(tmp_path: Path) -> None:
    for number in range(1, MAX_CALLS):
        root = tmp_path / str(number)
        changes, before = prepare_project(root)
        assert not run_in_child(partial(apply_changes, root, changes), pick_completion), (
            "everything is written, but the write is not complete"
        )
        finished = run_in_child(partial(recover, root), pick_nth(number))
        assert not [diagnostic for diagnostic in recover(root) if diagnostic.is_failure]
        assert read_tree(root) == before, f"call {number}"
        if finished:
            break


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interruption_is_raised_after_everything_is_restored(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    def interrupt() -> None:
        raise interruption

    changes, before = prepare_project(tmp_path / "project")
    replaced = iter(range(MAX_CALLS))
    with (
        pytest.raises(interruption),
        trap_calls(lambda _, name, __: name == "replace" and next(replaced) == 3, interrupt),
    ):
        apply_changes(tmp_path / "project", changes)
    assert read_tree(tmp_path / "project") == before


def test_a_write_is_complete_before_its_stage_is_removed(
    tmp_path: Path, after: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    changes, _ = prepare_project(root)
    monkeypatch.setattr("wirelock.write.apply.discard", lambda place: None)
    assert apply_changes(root, changes) == ()
    monkeypatch.undo()
    assert recover(root) == (), "nothing to undo"
    assert read_tree(root) == after


def test_everything_is_synced_before_the_first_rename_and_before_completion(tmp_path: Path) -> None:
    changes, _ = prepare_project(tmp_path / "project")
    with trap_calls(lambda *_: False, fail) as calls:
        apply_changes(tmp_path / "project", changes)
    order = "".join(name[0] for name in calls if name in ("write", "fsync", "replace", "unlink"))
    staged, journal, deletes, writes, folders, cleanup = "(wf)+f", "rff", "uuu", "r{5}", "f+", "u+"
    assert re.fullmatch(staged + journal + deletes + writes + folders + cleanup, order)


def test_partial_writes_are_continued(tmp_path: Path, after: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "project"
    changes, _ = prepare_project(root)
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:1]))
    assert apply_changes(root, changes) == ()
    assert read_tree(root) == after


def test_planning_on_a_failing_disk_is_a_diagnostic(tmp_path: Path) -> None:
    prepare_project(tmp_path / "project")
    codes = set[str]()
    for number in range(1, MAX_CALLS):
        with trap_calls(pick_nth(number), fail) as calls:
            changes, diagnostics = plan_changes(tmp_path / "project", make_artifacts(NEW), MANIFEST, {})
        assert bool(diagnostics) != bool(changes.changes)
        codes |= {diagnostic.code.id for diagnostic in diagnostics}
        if len(calls) < number:
            break
    assert codes == {"OUTPUT_UNWRITABLE", "MANIFEST_UNREADABLE"}
