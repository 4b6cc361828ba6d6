"""Whatever fails and whenever the process dies, the tree is as before or as after, and nothing is left lying about."""

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
from wirelock.write import ChangeSet, apply, plan, recover

MANIFEST = "out/manifest.json"
CALLS = ("open", "write", "fsync", "replace", "unlink", "mkdir", "rmdir", "chmod", "scandir", "listdir", "stat")
OLD = {"out/same": b"same", "out/changed": b"old", "out/gone/deep/er": b"bye", "out/thing": b"file", "out/box/in": b"1"}
NEW = {"out/same": b"same", "out/changed": b"new", "new/deep/file": b"hi", "out/thing/in": b"folder", "out/box": b"2"}
DONE = 100_000  # more calls than any write makes

Tree = dict[str, tuple[int, bytes | None]]


def artifacts(files: dict[str, bytes]) -> list[Artifact]:
    return [Artifact(path, content, "test") for path, content in files.items()]


def tree(root: Path) -> Tree:
    """Every file and folder with its permissions and bytes, leftovers included."""
    return {
        path.relative_to(root).as_posix(): (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
        for path in root.rglob("*")
    }


def prepare(root: Path) -> tuple[ChangeSet, Tree]:
    """A project as an earlier run left it, what the next run changes in it, and how it looks now."""
    root.mkdir()
    changes, _ = plan(root, artifacts(OLD), MANIFEST, {})
    assert apply(root, changes) == ()
    (root / "out/changed").chmod(0o600)
    changes, found = plan(root, artifacts(NEW), MANIFEST, {})
    assert not found
    return changes, tree(root)


Pick = Callable[[int, str, Any], bool]  # which call: its number from 1, the function, its first argument


def nth(number: int) -> Pick:
    """Only that call."""
    return lambda count, *_: count == number


def from_nth(number: int) -> Pick:
    """That call and all after it."""
    return lambda count, *_: count >= number


def declaring(_: int, name: str, path: Any) -> bool:
    """The call after which a write is final."""
    return name == "unlink" and Path(path).name == "journal.json"


@contextmanager
def trap(at: Pick, then: Callable[[], None]) -> Iterator[list[str]]:
    """Count the calls to the file system, and do something instead of those that the condition picks."""
    made: list[str] = []

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            made.append(name)
            if at(len(made), name, args[0] if args else None):
                then()
            return None if name == "fsync" else real(*args, **options)  # a test need not wait for the disk

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, watched(name, getattr(os, name)))
        yield made


def fail() -> None:
    raise OSError(errno.EIO, "Input/output error")


def in_child(work: Callable[[], object], at: Pick) -> bool:
    """Work in a process that dies on the spot at the call that the condition picks; whether it lived to the end."""
    child = os.fork()
    if child == 0:
        try:
            with trap(at, lambda: os._exit(9)):
                work()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """The tree after a write that nothing disturbs."""
    root = tmp_path_factory.mktemp("undisturbed") / "project"
    changes, before = prepare(root)
    assert apply(root, changes) == ()
    done = tree(root)
    assert done != before
    assert {path: content for path, (_, content) in done.items() if content is not None and path != MANIFEST} == NEW
    return done


def test_one_failing_call_changes_nothing_and_leaves_nothing(tmp_path: Path, after: Tree) -> None:
    outcomes = set[bool]()
    for number in range(1, DONE):
        root = tmp_path / str(number)
        changes, before = prepare(root)
        with trap(nth(number), fail) as made:
            found = apply(root, changes)
        assert tree(root) == (before if found else after), f"call {number}, {made[-1]}"
        assert [diagnostic.code.id for diagnostic in found] in ([], ["OUTPUT_UNWRITABLE"])
        outcomes.add(bool(found))
        if len(made) < number:
            break
    assert outcomes == {True, False}


def test_a_disk_that_stays_broken_is_put_right_by_the_next_run(tmp_path: Path, after: Tree) -> None:
    codes = set[str]()
    for number in range(1, DONE):
        root = tmp_path / str(number)
        changes, before = prepare(root)
        with trap(from_nth(number), fail) as made:
            found = apply(root, changes)
        assert len(found) <= 1
        codes |= {diagnostic.code.id for diagnostic in found}
        assert not [diagnostic for diagnostic in recover(root) if diagnostic.fails]
        assert tree(root) == (before if found else after), f"call {number}"
        if len(made) < number:
            break
    assert codes == {"OUTPUT_UNWRITABLE", "WRITE_UNRECOVERABLE"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process to kill")
def test_a_killed_run_is_undone_by_the_next_one(tmp_path: Path, after: Tree) -> None:
    seen = set[tuple[str, ...]]()
    for number in range(1, DONE):
        root = tmp_path / str(number)
        changes, before = prepare(root)
        lived = in_child(partial(apply, root, changes), nth(number))
        found = tuple(diagnostic.code.id for diagnostic in recover(root))
        seen.add(found)
        assert tree(root) in ((before,) if found else (before, after)), f"call {number}"
        assert recover(root) == ()
        if lived:
            break
    assert tree(root) == after
    assert seen == {(), ("WRITE_RECOVERED",)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process to kill")
def test_a_killed_recovery_is_finished_by_the_one_after(tmp_path: Path) -> None:
    for number in range(1, DONE):
        root = tmp_path / str(number)
        changes, before = prepare(root)
        assert not in_child(partial(apply, root, changes), declaring), "all is written, but not declared so"
        lived = in_child(partial(recover, root), nth(number))
        assert not [diagnostic for diagnostic in recover(root) if diagnostic.fails]
        assert tree(root) == before, f"call {number}"
        if lived:
            break


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interruption_is_passed_on_after_everything_was_put_back(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    def interrupt() -> None:
        raise interruption

    changes, before = prepare(tmp_path / "project")
    replaced = iter(range(DONE))
    with (
        pytest.raises(interruption),
        trap(lambda _, name, __: name == "replace" and next(replaced) == 3, interrupt),
    ):
        apply(tmp_path / "project", changes)
    assert tree(tmp_path / "project") == before


def test_a_write_is_final_before_its_stage_is_swept_away(
    tmp_path: Path, after: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    changes, _ = prepare(root)
    monkeypatch.setattr("wirelock.write.apply.discard", lambda place: None)
    assert apply(root, changes) == ()
    monkeypatch.undo()
    assert recover(root) == (), "there is nothing to undo"
    assert tree(root) == after


def test_the_disk_has_everything_before_the_first_move_and_before_the_write_is_final(tmp_path: Path) -> None:
    changes, _ = prepare(tmp_path / "project")
    with trap(lambda *_: False, fail) as made:
        apply(tmp_path / "project", changes)
    order = "".join(name[0] for name in made if name in ("write", "fsync", "replace", "unlink"))
    staged, journal, deletes, writes, folders, swept = "(wf)+f", "rff", "uuu", "r{5}", "f+", "u+"
    assert re.fullmatch(staged + journal + deletes + writes + folders + swept, order)


def test_a_disk_that_takes_a_byte_at_a_time_gets_them_all(
    tmp_path: Path, after: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "project"
    changes, _ = prepare(root)
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:1]))
    assert apply(root, changes) == ()
    assert tree(root) == after


def test_planning_on_a_failing_disk_is_a_diagnostic(tmp_path: Path) -> None:
    prepare(tmp_path / "project")
    codes = set[str]()
    for number in range(1, DONE):
        with trap(nth(number), fail) as made:
            changes, found = plan(tmp_path / "project", artifacts(NEW), MANIFEST, {})
        assert bool(found) != bool(changes.changes)
        codes |= {diagnostic.code.id for diagnostic in found}
        if len(made) < number:
            break
    assert codes == {"OUTPUT_UNWRITABLE", "MANIFEST_UNREADABLE"}
