"""Baselines in every supported form, and the diagnostics of unusable ones."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from checkout import load_config, load_project
from shop import SCHEMAS, Shop, copy_shop, create_shop, get_failure_codes, get_only_diagnostic

import wirelock
from wirelock.build import build
from wirelock.compat.comparison import compare_with_configured_baseline
from wirelock.progress import noop_progress


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The project, changed since v1."""
    project = create_shop(tmp_path / "shop")
    project.drop_note()
    return project


DELETION = "FIELD_NO_DELETE"


def has_deletion(codes: list[str]) -> bool:
    """Return True if the only failure is the deleted field, by either verdict."""
    return codes in ([DELETION], ["PROPERTY_REMOVED"])


# forms of a baseline


@pytest.mark.parametrize("reference", ["v1", "HEAD", "main", "refs/heads/main", "HEAD~0"])
def test_a_git_ref(shop: Shop, reference: str) -> None:
    report = shop.compare(reference)
    assert has_deletion(get_failure_codes(report))
    assert report.exit_code == 1
    commit = shop.git("rev-parse", "v1")
    assert report.summary["baseline"] == {"state": f"{reference} ({commit[:12]})"}


def test_the_same_state_has_no_changes(shop: Shop) -> None:
    shop.commit()
    report = shop.compare("HEAD")
    assert (report.exit_code, report.diagnostics) == (0, ())
    assert report.summary["breaking"]["changes"] == 0


def test_a_clean_clone(shop: Shop, tmp_path: Path) -> None:
    shop.commit()
    shop.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Shop(tmp_path / "clone")
    assert has_deletion(get_failure_codes(clone.compare("v1")))
    assert get_failure_codes(clone.compare("origin/main")) == []


def test_a_worktree(shop: Shop, tmp_path: Path) -> None:
    shop.git("worktree", "add", "-q", str(tmp_path / "beside"), "v1")
    beside = Shop(tmp_path / "beside")
    beside.drop_note()
    assert has_deletion(get_failure_codes(beside.compare("main")))


def test_a_detached_head(shop: Shop) -> None:
    shop.commit()
    shop.git("checkout", "-q", "--detach")
    assert has_deletion(get_failure_codes(shop.compare("HEAD~1")))
    assert has_deletion(get_failure_codes(shop.compare("v1")))


def test_a_project_below_the_top_of_its_repository(tmp_path: Path) -> None:
    inner = create_shop(tmp_path / "all/api")
    (inner.root / ".git").rename(tmp_path / "all/.git")
    outer = Shop(tmp_path / "all")
    commit = outer.commit()
    inner.drop_note()
    assert has_deletion(get_failure_codes(inner.compare(commit)))


def test_a_folder(shop: Shop, tmp_path: Path) -> None:
    shop.git("stash", "-q")
    copy_shop(shop, tmp_path / "old")
    shop.git("stash", "pop", "-q")
    report = shop.compare(str(tmp_path / "old"))
    assert has_deletion(get_failure_codes(report))
    assert report.summary["baseline"] == {"state": str(tmp_path / "old")}


@pytest.mark.parametrize("name", ["old.zip", "old.tar", "old.tar.gz", "top.zip", "top.tgz"])
def test_an_archive(shop: Shop, tmp_path: Path, name: str) -> None:
    """With and without the top folder that forges add."""
    prefix = ["--prefix=shop-1.0/"] if name.startswith("top") else []
    shop.git("archive", *prefix, "-o", str(tmp_path / name), "v1")
    assert has_deletion(get_failure_codes(shop.compare(str(tmp_path / name))))


def test_a_descriptor_set_has_no_schemas(shop: Shop, tmp_path: Path) -> None:
    shop.git("stash", "-q")
    (tmp_path / "old.binpb").write_bytes(shop.compile_descriptors())
    shop.git("stash", "pop", "-q")
    report = shop.compare(str(tmp_path / "old.binpb"))
    assert get_failure_codes(report) == [DELETION]
    assert report.summary["baseline"] == {"state": str(tmp_path / "old.binpb"), "schemas": "no"}
    changes = [diagnostic.impact for diagnostic in report.diagnostics if diagnostic.impact is not None]
    assert changes and all(change.backward is None for change in changes)


def test_missing_schemas_are_reported_without_changes(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "old.binpb").write_bytes(shop.compile_descriptors())
    report = shop.compare(str(tmp_path / "old.binpb"))
    (diagnostic,) = report.diagnostics
    assert (diagnostic.code.id, diagnostic.level.value) == ("BASELINE_WITHOUT_SCHEMAS", "warning")
    assert diagnostic.message == "JSON was not compared: a descriptor set has no schemas"
    assert report.summary["breaking"]["changes"] == 0
    assert report.exit_code == 0


def test_foreign_protos_are_not_compared(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    (shop.root / "proto/theirs.proto").write_text('syntax = "proto3";\npackage theirs;\nmessage Theirs {}\n', "utf-8")
    shop.commit()
    assert shop.compare("HEAD").diagnostics == ()


def test_missing_protos_are_generated_from_the_schemas(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    for path in (shop.root / "proto").rglob("*.proto"):
        path.unlink()
    commit = shop.commit()
    shop.drop_note()
    assert has_deletion(get_failure_codes(shop.compare(commit)))


# branches


def test_branch_means_its_merge_base(tmp_path: Path) -> None:
    """Later commits on main are ignored; a commit named by its hash is compared itself."""
    shop = create_shop(tmp_path / "shop")
    shop.git("checkout", "-q", "-b", "mine")
    shop.git("checkout", "-q", "main")
    shop.write_schema(
        "order", {**SCHEMAS["order"], "properties": {**SCHEMAS["order"]["properties"], "total": {"type": "integer"}}}
    )
    shop.generate()
    ahead = shop.commit()
    shop.git("checkout", "-q", "mine")
    assert get_failure_codes(shop.compare("main")) == []
    assert get_failure_codes(shop.compare(ahead)) != []


def test_branches_without_a_common_commit(shop: Shop) -> None:
    shop.git("checkout", "-q", "--orphan", "other")
    shop.commit()
    diagnostic = get_only_diagnostic(shop.compare("main"))
    assert diagnostic.code.id == "BASELINE_MISSING"
    assert "no commit in common" in diagnostic.message


# unusable baselines


def test_unknown_ref(shop: Shop) -> None:
    diagnostic = get_only_diagnostic(shop.compare("orign/main"))
    assert (diagnostic.code.id, diagnostic.message) == (
        "BASELINE_MISSING",
        "no path and no git ref is named orign/main",
    )
    assert "git branch --all" in diagnostic.hint


@pytest.mark.parametrize("reference", ["--output=x", "-x", "", " ", "v1 v1", "v1\nv1", "v1:schemas", "\x1b[31m"])
def test_invalid_ref(shop: Shop, reference: str) -> None:
    diagnostic = get_only_diagnostic(shop.compare(reference))
    assert diagnostic.code.id == ("BASELINE_MISSING" if reference else "BASELINE_NOT_SET")


def test_hint_for_a_shallow_clone(shop: Shop, tmp_path: Path) -> None:
    shop.commit()
    shop.git("clone", "-q", "--depth=1", f"file://{shop.root}", str(tmp_path / "clone"))
    diagnostic = get_only_diagnostic(Shop(tmp_path / "clone").compare("v1"))
    assert diagnostic.code.id == "BASELINE_MISSING"
    assert diagnostic.hint.startswith("this clone is shallow; run: git fetch --unshallow")


def test_hint_for_a_shallow_clone_without_a_merge_base(shop: Shop, tmp_path: Path) -> None:
    shop.git("checkout", "-q", "-b", "mine")
    shop.commit()
    shop.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{shop.root}", str(tmp_path / "clone"))
    diagnostic = get_only_diagnostic(Shop(tmp_path / "clone").compare("origin/main"))
    assert "this clone is shallow" in diagnostic.hint


def test_no_repository(shop: Shop, tmp_path: Path) -> None:
    elsewhere = copy_shop(shop, tmp_path / "elsewhere")
    diagnostic = get_only_diagnostic(elsewhere.compare("v1"))
    assert "this is not a git repository" in diagnostic.hint


def test_git_is_not_installed(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    diagnostic = get_only_diagnostic(shop.compare("v1"))
    assert "git is not installed" in diagnostic.message


def test_ambiguous_path_and_ref(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.root)
    (shop.root / "v1").mkdir()
    assert get_only_diagnostic(shop.compare("v1")).code.id == "BASELINE_AMBIGUOUS"
    assert has_deletion(get_failure_codes(shop.compare("refs/tags/v1")))


def test_an_empty_baseline(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert get_only_diagnostic(shop.compare(str(tmp_path / "empty"))).code.id == "BASELINE_EMPTY"


def test_a_baseline_before_the_project(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "shop")
    shop.root.mkdir()
    shop.git("init", "-q")
    (shop.root / "pyproject.toml").write_text('[project]\nname = "shop"\n', "utf-8")
    before = shop.commit()
    shop.configure()
    without = shop.commit()
    shop.write_schema("order", {"type": "object"})
    for commit in (before, without):
        assert get_only_diagnostic(shop.compare(commit)).code.id == "BASELINE_EMPTY"


def test_an_old_version_that_does_not_parse(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    (shop.root / "schemas/shop/order.schema.json").write_text('{"type": "object",', "utf-8")
    commit = shop.commit()
    shop.write_schema("order", SCHEMAS["order"])
    diagnostic = get_only_diagnostic(shop.compare(commit))
    assert diagnostic.code.id == "BASELINE_UNREADABLE"
    assert diagnostic.location.file == f"{commit}:schemas/shop/order.schema.json"
    assert diagnostic.location.line > 0


def test_a_merge_conflict_left_in_the_old_ledger(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    ledger = shop.root / "proto/numbers.json"
    sound = ledger.read_text("utf-8")
    ledger.write_text(f"<<<<<<< HEAD\n{sound}=======\n{sound}>>>>>>> theirs\n", "utf-8")
    commit = shop.commit()
    ledger.write_text(sound, "utf-8")
    diagnostic = get_only_diagnostic(shop.compare(commit))
    assert diagnostic.code.id == "BASELINE_UNREADABLE"
    assert diagnostic.location.file == f"{commit}:proto/numbers.json"


def test_a_merge_conflict_left_in_this_ledger(shop: Shop) -> None:
    ledger = shop.root / "proto/numbers.json"
    ledger.write_text(f"<<<<<<< HEAD\n{ledger.read_text('utf-8')}", "utf-8")
    assert get_only_diagnostic(shop.compare("v1")).location.file == "proto/numbers.json"


def test_old_protos_that_do_not_compile(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    proto = shop.root / "proto/shop.proto"
    sound = proto.read_text("utf-8")
    proto.write_text(sound.replace("message", "massage"), "utf-8")
    commit = shop.commit()
    proto.write_text(sound, "utf-8")
    assert get_only_diagnostic(shop.compare(commit)).code.id == "BASELINE_UNREADABLE"


def test_invalid_old_configuration(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    shop.configure("unknown-felds = 1\n")
    commit = shop.commit()
    shop.configure()
    diagnostic = get_only_diagnostic(shop.compare(commit))
    assert (diagnostic.code.id, diagnostic.location.file) == ("BASELINE_UNREADABLE", f"{commit}:wirelock.toml")


INVALID_FILES: dict[str, bytes] = {
    "empty": b"",
    "text": b"hello",
    "json": b'{"a": 1}',
    "cut.zip": b"PK\x03\x04" + b"\0" * 30,
    "cut.gz": b"\x1f\x8b\x08\0\0\0\0\0\0\0",
}


@pytest.mark.parametrize("name", INVALID_FILES)
def test_invalid_baseline_file(shop: Shop, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(INVALID_FILES[name])
    assert get_only_diagnostic(shop.compare(str(tmp_path / name))).code.id == "BASELINE_UNREADABLE"


def test_archive_members_outside_of_the_archive(shop: Shop, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../wirelock.toml", "package = 'evil'")
    with tarfile.open(tmp_path / "bad.tar", "w") as archive_tar:
        entry = tarfile.TarInfo(f"{tmp_path}/wirelock.toml")
        entry.size = 1
        archive_tar.addfile(entry, io.BytesIO(b"x"))
    for name in ("bad.zip", "bad.tar"):
        diagnostic = get_only_diagnostic(shop.compare(str(tmp_path / name)))
        assert diagnostic.code.id == "BASELINE_UNREADABLE"
        assert "is outside of the archive" in diagnostic.message
    assert not (tmp_path / "wirelock.toml").exists()


def test_archive_size_limit(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirelock.compat.baseline_reader.MAX_UNPACKED_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("wirelock.toml", b"\0" * (2 << 20))
    assert "unpacks to more than" in get_only_diagnostic(shop.compare(str(tmp_path / "bomb.zip"))).message


def test_links_in_a_commit_are_not_followed(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    (tmp_path / "secret.schema.json").write_text('{"type": "string"}', "utf-8")
    (shop.root / "schemas/shop/link.schema.json").symlink_to(tmp_path / "secret.schema.json")
    commit = shop.commit()
    (shop.root / "schemas/shop/link.schema.json").unlink()
    assert shop.compare(commit).diagnostics == ()


def test_invalid_project_is_not_compared(shop: Shop) -> None:
    shop.write_schema("order", {"$ref": "nowhere.schema.json"})
    report = shop.compare("v1")
    assert report.exit_code != 0
    assert "breaking" not in report.summary


def test_inside_a_git_hook(shop: Shop) -> None:
    """git sets variables for its hooks; they must not affect the comparison."""
    hook = shop.root / ".git/hooks/pre-commit"
    script = "import sys; from wirelock.cli import main; sys.exit(main(['breaking', '--against', 'v1']))"
    hook.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{script}"\n', "utf-8")
    hook.chmod(0o755)
    shop.git("add", "-A")
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    process = subprocess.run(
        ["git", *identity, "commit", "-m", "x"], cwd=shop.root, capture_output=True, text=True, check=False
    )
    assert process.returncode == 1
    assert DELETION in process.stdout + process.stderr or "PROPERTY_REMOVED" in process.stdout + process.stderr


def test_check_compares_with_the_configured_baseline(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    built = build(load_config(shop.root))
    assert compare_with_configured_baseline(built, noop_progress).summary == {"breaking": {"changes": "not configured"}}
    shop.configure('[breaking]\nagainst = "v1"\n')
    shop.drop_note()
    report = compare_with_configured_baseline(build(load_config(shop.root)), noop_progress)
    assert has_deletion(get_failure_codes(report))
    assert report.advice is None
    check_report = wirelock.check(load_project(shop.root))
    assert check_report.summary["breaking"] == report.summary["breaking"]
    assert set(get_failure_codes(report)) <= set(get_failure_codes(check_report))


def test_check_fails_without_the_configured_baseline(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    shop.configure('[breaking]\nagainst = "origin/main"\n')
    report = wirelock.check(load_project(shop.root))
    assert report.exit_code == 2
    assert "BASELINE_MISSING" in get_failure_codes(report)
