"""An earlier state, wherever it is kept; and what is said where it cannot be had, which is never that nothing changed."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from checkout import configuration
from shop import SCHEMAS, Shop, codes, copied, made, only

import wirelock
from wirelock.build import build
from wirelock.compat.comparison import compared_as_configured
from wirelock.progress import silent


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The project, changed since v1."""
    project = made(tmp_path / "shop")
    project.drop_note()
    return project


LOST = "FIELD_NO_DELETE"


def lost(found: list[str]) -> bool:
    """Whether the one thing found is that the field went, whatever the JSON verdict calls it."""
    return found in ([LOST], ["PROPERTY_REMOVED"])


# where a state is kept


@pytest.mark.parametrize("reference", ["v1", "HEAD", "main", "refs/heads/main", "HEAD~0"])
def test_a_git_ref(shop: Shop, reference: str) -> None:
    report = shop.breaking(reference)
    assert lost(codes(report))
    assert report.exit_code == 1
    commit = shop.git("rev-parse", "v1")
    assert report.summary["baseline"] == {"state": f"{reference} ({commit[:12]})"}


def test_the_same_state_has_no_changes(shop: Shop) -> None:
    shop.commit()
    report = shop.breaking("HEAD")
    assert (report.exit_code, report.diagnostics) == (0, ())
    assert report.summary["breaking"]["changes"] == 0


def test_a_clean_clone(shop: Shop, tmp_path: Path) -> None:
    shop.commit()
    shop.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Shop(tmp_path / "clone")
    assert lost(codes(clone.breaking("v1")))
    assert codes(clone.breaking("origin/main")) == []


def test_a_worktree(shop: Shop, tmp_path: Path) -> None:
    shop.git("worktree", "add", "-q", str(tmp_path / "beside"), "v1")
    beside = Shop(tmp_path / "beside")
    beside.drop_note()
    assert lost(codes(beside.breaking("main")))


def test_a_detached_head(shop: Shop) -> None:
    shop.commit()
    shop.git("checkout", "-q", "--detach")
    assert lost(codes(shop.breaking("HEAD~1")))
    assert lost(codes(shop.breaking("v1")))


def test_a_project_below_the_top_of_its_repository(tmp_path: Path) -> None:
    inner = made(tmp_path / "all/api")
    (inner.root / ".git").rename(tmp_path / "all/.git")
    whole = Shop(tmp_path / "all")
    commit = whole.commit()
    inner.drop_note()
    assert lost(codes(inner.breaking(commit)))


def test_a_folder(shop: Shop, tmp_path: Path) -> None:
    shop.git("stash", "-q")
    copied(shop, tmp_path / "old")
    shop.git("stash", "pop", "-q")
    report = shop.breaking(str(tmp_path / "old"))
    assert lost(codes(report))
    assert report.summary["baseline"] == {"state": str(tmp_path / "old")}


@pytest.mark.parametrize("name", ["old.zip", "old.tar", "old.tar.gz", "top.zip", "top.tgz"])
def test_an_archive(shop: Shop, tmp_path: Path, name: str) -> None:
    """With and without the folder that forges put around everything."""
    prefix = ["--prefix=shop-1.0/"] if name.startswith("top") else []
    shop.git("archive", *prefix, "-o", str(tmp_path / name), "v1")
    assert lost(codes(shop.breaking(str(tmp_path / name))))


def test_a_descriptor_set_has_no_schemas(shop: Shop, tmp_path: Path) -> None:
    shop.git("stash", "-q")
    (tmp_path / "old.binpb").write_bytes(shop.descriptors())
    shop.git("stash", "pop", "-q")
    report = shop.breaking(str(tmp_path / "old.binpb"))
    assert codes(report) == [LOST]
    assert report.summary["baseline"] == {"state": str(tmp_path / "old.binpb"), "schemas": "no"}
    changes = [found.change for found in report.diagnostics if found.change is not None]
    assert changes and all(change.backward == "" for change in changes)


def test_what_was_not_compared_is_said_even_where_nothing_changed(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "old.binpb").write_bytes(shop.descriptors())
    report = shop.breaking(str(tmp_path / "old.binpb"))
    (found,) = report.diagnostics
    assert (found.code.id, found.level.value) == ("BASELINE_WITHOUT_SCHEMAS", "warning")
    assert found.message == "JSON was not compared: a descriptor set has no schemas"
    assert report.summary["breaking"]["changes"] == 0
    assert report.exit_code == 0


def test_protos_that_others_wrote_are_not_ours_to_compare(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    (shop.root / "proto/theirs.proto").write_text('syntax = "proto3";\npackage theirs;\nmessage Theirs {}\n', "utf-8")
    shop.commit()
    assert shop.breaking("HEAD").diagnostics == ()


def test_what_was_never_committed_as_proto_is_made_from_the_schemas(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    for path in (shop.root / "proto").rglob("*.proto"):
        path.unlink()
    commit = shop.commit()
    shop.drop_note()
    assert lost(codes(shop.breaking(commit)))


# branches


def test_a_branch_is_where_this_one_left_it(tmp_path: Path) -> None:
    """What main did since is none of ours; one commit by its hash is compared as it is."""
    shop = made(tmp_path / "shop")
    shop.git("checkout", "-q", "-b", "mine")
    shop.git("checkout", "-q", "main")
    shop.schema(
        "order", {**SCHEMAS["order"], "properties": {**SCHEMAS["order"]["properties"], "total": {"type": "integer"}}}
    )
    shop.generate()
    ahead = shop.commit()
    shop.git("checkout", "-q", "mine")
    assert codes(shop.breaking("main")) == []
    assert codes(shop.breaking(ahead)) != []


def test_branches_with_nothing_in_common(shop: Shop) -> None:
    shop.git("checkout", "-q", "--orphan", "other")
    shop.commit()
    found = only(shop.breaking("main"))
    assert found.code.id == "BASELINE_MISSING"
    assert "no commit in common" in found.message


# what cannot be had


def test_no_ref_of_that_name(shop: Shop) -> None:
    found = only(shop.breaking("orign/main"))
    assert (found.code.id, found.message) == ("BASELINE_MISSING", "there is no path and no git ref orign/main")
    assert "git branch --all" in found.hint


@pytest.mark.parametrize("reference", ["--output=x", "-x", "", " ", "v1 v1", "v1\nv1", "v1:schemas", "\x1b[31m"])
def test_what_is_no_ref(shop: Shop, reference: str) -> None:
    found = only(shop.breaking(reference))
    assert found.code.id == ("BASELINE_MISSING" if reference else "BASELINE_NOT_SET")


def test_a_shallow_clone_says_how_to_deepen_it(shop: Shop, tmp_path: Path) -> None:
    shop.commit()
    shop.git("clone", "-q", "--depth=1", f"file://{shop.root}", str(tmp_path / "clone"))
    found = only(Shop(tmp_path / "clone").breaking("v1"))
    assert found.code.id == "BASELINE_MISSING"
    assert found.hint.startswith("this clone is shallow: git fetch --unshallow")


def test_a_shallow_clone_whose_branches_do_not_meet(shop: Shop, tmp_path: Path) -> None:
    shop.git("checkout", "-q", "-b", "mine")
    shop.commit()
    shop.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{shop.root}", str(tmp_path / "clone"))
    found = only(Shop(tmp_path / "clone").breaking("origin/main"))
    assert "this clone is shallow" in found.hint


def test_no_repository_at_all(shop: Shop, tmp_path: Path) -> None:
    elsewhere = copied(shop, tmp_path / "elsewhere")
    found = only(elsewhere.breaking("v1"))
    assert "this is no git repository" in found.hint


def test_no_git_at_all(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = only(shop.breaking("v1"))
    assert "git, which might know it, is not installed" in found.message


def test_a_path_and_a_ref_of_one_name(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.root)
    (shop.root / "v1").mkdir()
    assert only(shop.breaking("v1")).code.id == "BASELINE_AMBIGUOUS"
    assert lost(codes(shop.breaking("refs/tags/v1")))


def test_an_empty_baseline(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert only(shop.breaking(str(tmp_path / "empty"))).code.id == "BASELINE_EMPTY"


def test_a_baseline_before_the_project(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.root.mkdir()
    shop.git("init", "-q")
    (shop.root / "pyproject.toml").write_text('[project]\nname = "shop"\n', "utf-8")
    before = shop.commit()
    shop.configure()
    without = shop.commit()
    shop.schema("order", {"type": "object"})
    for commit in (before, without):
        assert only(shop.breaking(commit)).code.id == "BASELINE_EMPTY"


def test_an_old_version_that_does_not_parse(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    (shop.root / "schemas/shop/order.schema.json").write_text('{"type": "object",', "utf-8")
    commit = shop.commit()
    shop.schema("order", SCHEMAS["order"])
    found = only(shop.breaking(commit))
    assert found.code.id == "BASELINE_UNREADABLE"
    assert found.where.file == f"{commit}:schemas/shop/order.schema.json"
    assert found.where.line > 0


def test_a_merge_conflict_left_in_the_old_ledger(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    ledger = shop.root / "proto/numbers.json"
    sound = ledger.read_text("utf-8")
    ledger.write_text(f"<<<<<<< HEAD\n{sound}=======\n{sound}>>>>>>> theirs\n", "utf-8")
    commit = shop.commit()
    ledger.write_text(sound, "utf-8")
    found = only(shop.breaking(commit))
    assert found.code.id == "BASELINE_UNREADABLE"
    assert found.where.file == f"{commit}:proto/numbers.json"


def test_a_merge_conflict_left_in_this_ledger(shop: Shop) -> None:
    ledger = shop.root / "proto/numbers.json"
    ledger.write_text(f"<<<<<<< HEAD\n{ledger.read_text('utf-8')}", "utf-8")
    assert only(shop.breaking("v1")).where.file == "proto/numbers.json"


def test_old_protos_that_do_not_compile(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    proto = shop.root / "proto/shop.proto"
    sound = proto.read_text("utf-8")
    proto.write_text(sound.replace("message", "massage"), "utf-8")
    commit = shop.commit()
    proto.write_text(sound, "utf-8")
    assert only(shop.breaking(commit)).code.id == "BASELINE_UNREADABLE"


def test_an_old_configuration_that_is_wrong(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    shop.configure("unknown-felds = 1\n")
    commit = shop.commit()
    shop.configure()
    found = only(shop.breaking(commit))
    assert (found.code.id, found.where.file) == ("BASELINE_UNREADABLE", f"{commit}:wirelock.toml")


BAD: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello",
    "json": b'{"a": 1}',
    "cut.zip": b"PK\x03\x04" + b"\0" * 30,
    "cut.gz": b"\x1f\x8b\x08\0\0\0\0\0\0\0",
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_state(shop: Shop, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BAD[name])
    assert only(shop.breaking(str(tmp_path / name))).code.id == "BASELINE_UNREADABLE"


def test_archives_that_lead_out_of_themselves(shop: Shop, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../wirelock.toml", "package = 'evil'")
    with tarfile.open(tmp_path / "bad.tar", "w") as archive_tar:
        entry = tarfile.TarInfo(f"{tmp_path}/wirelock.toml")
        entry.size = 1
        archive_tar.addfile(entry, io.BytesIO(b"x"))
    for name in ("bad.zip", "bad.tar"):
        found = only(shop.breaking(str(tmp_path / name)))
        assert found.code.id == "BASELINE_UNREADABLE"
        assert "lead out of it" in found.message
    assert not (tmp_path / "wirelock.toml").exists()


def test_a_bomb(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirelock.compat.baseline_reader.MOST_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("wirelock.toml", b"\0" * (2 << 20))
    assert "unpacks to more than" in only(shop.breaking(str(tmp_path / "bomb.zip"))).message


def test_links_in_a_commit_are_not_followed(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    (tmp_path / "secret.schema.json").write_text('{"type": "string"}', "utf-8")
    (shop.root / "schemas/shop/link.schema.json").symlink_to(tmp_path / "secret.schema.json")
    commit = shop.commit()
    (shop.root / "schemas/shop/link.schema.json").unlink()
    assert shop.breaking(commit).diagnostics == ()


def test_a_project_with_faults_is_not_compared(shop: Shop) -> None:
    shop.schema("order", {"$ref": "nowhere.schema.json"})
    report = shop.breaking("v1")
    assert report.exit_code != 0
    assert "breaking" not in report.summary


def test_from_a_hook_of_git(shop: Shop) -> None:
    """git sets variables for its hooks; they must not lead elsewhere."""
    hook = shop.root / ".git/hooks/pre-commit"
    words = "import sys; from wirelock.cli import main; sys.exit(main(['breaking', '--against', 'v1']))"
    hook.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{words}"\n', "utf-8")
    hook.chmod(0o755)
    shop.git("add", "-A")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    ran = subprocess.run(["git", *who, "commit", "-m", "x"], cwd=shop.root, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert LOST in ran.stdout + ran.stderr or "PROPERTY_REMOVED" in ran.stdout + ran.stderr


def test_check_compares_when_a_state_is_configured(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    built = build(configuration(shop.root))
    assert compared_as_configured(built, silent).summary == {"breaking": {"changes": "not configured"}}
    shop.configure('[breaking]\nagainst = "v1"\n')
    shop.drop_note()
    found = compared_as_configured(build(configuration(shop.root)), silent)
    assert lost(codes(found))
    assert found.advice is None
    whole = wirelock.check(configuration(shop.root))
    assert whole.summary["breaking"] == found.summary["breaking"]
    assert set(codes(found)) <= set(codes(whole))


def test_check_cannot_run_without_the_state_that_is_configured(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    shop.configure('[breaking]\nagainst = "origin/main"\n')
    report = wirelock.check(configuration(shop.root))
    assert report.exit_code == 2
    assert "BASELINE_MISSING" in codes(report)
