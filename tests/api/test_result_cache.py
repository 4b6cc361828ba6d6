"""A check repeats only what changed, and its report does not depend on the cache."""

from __future__ import annotations

import ast
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from checkout import ROOT, load_config, load_project

import wirelock
from wirelock.api import cache_keys, check
from wirelock.api.cache import ResultCache
from wirelock.api.emit import emit_all
from wirelock.api.excerpts import add_excerpts
from wirelock.api.project import Project
from wirelock.build import build
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity
from wirelock.ir import TypeId
from wirelock.progress import noop_progress
from wirelock.proof.counterexamples import CounterexampleSearch
from wirelock.report import FORMATS
from wirelock.write import Cache, cache, open_user_cache
from wirelock.write.manifest import hash_content

TEXT = {"type": "string", "description": "words"}
TYPES = ("base/base", "near/near", "far/far", "far/ask")


def make_record(**properties: Any) -> dict[str, Any]:
    """Make an object schema whose first property is required."""
    return {"type": "object", "description": "x", "required": [*properties][:1], "properties": properties}


SCHEMAS: dict[str, Any] = {
    "base/base": make_record(id=TEXT),
    "near/near": make_record(base={"$ref": "../base/base.schema.json"}),
    "far/far": make_record(id=TEXT),
    "far/ask": make_record(id=TEXT),
}
METHOD = {"description": "x", "request": "ask.schema.json", "response": "far.schema.json", "http": {"get": "/far/{id}"}}
SERVICE = {"service": "FarService", "description": "x", "methods": {"GetFar": METHOD}}
EXCHANGE = {
    "request": {"method": "GET", "url": "http://localhost/far/1"},
    "response": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"id": "1"}},
}


def write_project_files(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value) + "\n", "utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a project of three packages with a reference between two of them, and two recordings, one with a fault."""
    folder = tmp_path_factory.mktemp("made")
    settings = 'package = "far_api"\n[verify]\nrecordings = ["recordings/*"]\n[lint]\nLINT_UNUSED = "off"\n'
    (folder / "wirelock.toml").write_text(settings, "utf-8")
    for name, schema in SCHEMAS.items():
        write_project_files(folder / f"schemas/{name}.schema.json", schema)
    write_project_files(folder / "schemas/far/far.service.json", SERVICE)
    write_project_files(folder / "recordings/one.ndjson", EXCHANGE)
    write_project_files(
        folder / "recordings/two.ndjson", {**EXCHANGE, "response": {**EXCHANGE["response"], "body": {"id": 1}}}
    )
    assert wirelock.generate(load_project(folder)).exit_code == 0
    return folder


class CheckedProject:
    """A project and its cache folder."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self.folder = folder
        self.kept = kept

    def entries(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.kept.iterdir()} if self.kept.is_dir() else {}

    def check(self) -> tuple[Report, int]:
        """Return the report, which must equal the report without a cache, and the number of new entries."""
        before = self.entries()
        report = wirelock.check(load_project(self.folder))
        added = len(self.entries().keys() - before.keys())
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(cache.VARIABLE, "")
            fresh = wirelock.check(load_project(self.folder))
        assert report == fresh
        return report, added

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture(scope="module")
def checked(made: Path) -> CheckedProject:
    """The project after its first check."""
    one = CheckedProject(made, made.parent / "kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, str(one.kept))
        report, added = one.check()
    assert (report.exit_code, added) == (1, EVERYTHING)
    assert [found.code.id for found in report.diagnostics if found.is_failure] == ["VIOLATION"]
    return one


@pytest.fixture
def project(checked: CheckedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CheckedProject:
    """A copy of the checked project."""
    kept = Path(shutil.copytree(checked.kept, tmp_path / "kept"))
    monkeypatch.setenv(cache.VARIABLE, str(kept))
    return CheckedProject(Path(shutil.copytree(checked.folder, tmp_path / "project")), kept)


EVERYTHING = len(TYPES) + 2


def test_nothing_changed_and_nothing_is_done(project: CheckedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_to_run(*_: object) -> None:
        raise AssertionError("done again")

    monkeypatch.setattr("wirelock.api.prove._ProofRunner.prove_type", fail_to_run)
    monkeypatch.setattr("wirelock.api.verify._check_recording", fail_to_run)
    report = wirelock.check(load_project(project.folder))
    assert report.summary["exchanges"]["total"] == 2
    assert report.summary["proof"]["types"] == len(TYPES)


def regenerate(project: CheckedProject) -> None:
    assert wirelock.generate(load_project(project.folder)).exit_code == 0


def edit_recording(project: CheckedProject) -> None:
    project.edit("recordings/one.ndjson", '"id": "1"', '"id": "one"')


def rename_recording(project: CheckedProject) -> None:
    (project.folder / "recordings/one.ndjson").rename(project.folder / "recordings/three.ndjson")


def edit_far_schema(project: CheckedProject) -> None:
    project.edit("schemas/far/far.schema.json", '"words"', '"other words"')
    regenerate(project)


def edit_base_schema(project: CheckedProject) -> None:
    project.edit("schemas/base/base.schema.json", '"type": "string"', '"type": "string", "minLength": 1')
    regenerate(project)


def edit_service(project: CheckedProject) -> None:
    project.edit("schemas/far/far.service.json", "/far/{id}", "/far/{id}/x")
    regenerate(project)


def change_layout(project: CheckedProject) -> None:
    project.edit("schemas/base/base.schema.json", '"type": "object"', '"type":  "object"')


def change_policy(project: CheckedProject) -> None:
    project.edit("wirelock.toml", "package", 'unknown-fields = "error"\npackage')
    regenerate(project)


def assert_formats(project: CheckedProject) -> None:
    project.edit("wirelock.toml", "package", "format-assertion = true\npackage")
    regenerate(project)


def change_lint(project: CheckedProject) -> None:
    project.edit("wirelock.toml", '"off"', '"note"')


def add_expectation(project: CheckedProject) -> None:
    facts = {"recording": "two.ndjson", "code": "VIOLATION", "pointer": "/id", "reason": "old"}
    lines = "".join(f'{key} = "{value}"\n' for key, value in facts.items())
    project.edit("wirelock.toml", "[lint]", f"[[verify.expect]]\n{lines}[lint]")


CHANGES: dict[str, tuple[Callable[[CheckedProject], None], int]] = {
    "a recording": (edit_recording, 1),
    "the name of a recording": (rename_recording, 1),
    "a schema that nothing refers to": (edit_far_schema, 2 + 2),
    "a schema that another package refers to": (edit_base_schema, 2 + 2),
    "a service": (edit_service, 2 + 2),
    "the layout of a schema": (change_layout, 0),
    "the policy for undeclared properties": (change_policy, EVERYTHING),
    "whether formats are asserted": (assert_formats, EVERYTHING),
    "what is applied to advice": (change_lint, 0),
    "what is applied to findings": (add_expectation, 0),
}


@pytest.mark.long
@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_done_again_and_nothing_else(change: str, project: CheckedProject) -> None:
    make, count = CHANGES[change]
    make(project)
    assert project.check()[1] == count


def test_an_expectation_is_met_by_what_was_kept(project: CheckedProject) -> None:
    add_expectation(project)
    report, _ = project.check()
    assert report.exit_code == 0
    assert [found.expected_reason for found in report.diagnostics if found.code.id == "VIOLATION"] == ["old"]


def find_other_version(name: str) -> str:
    return "9" if name == "jsonschema-rs" else ""


def iter_other_program() -> Iterator[bytes]:
    return iter([b"another line of code"])


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (cache_keys, "VERSION", "9.9.9"),
        (cache_keys, "_find_version", find_other_version),
        (cache_keys, "iter_program_files", iter_other_program),
        (cache_keys.sys, "version", "4.0"),
        (check, "EXAMPLES_PER_TYPE", 6),
    ],
    ids=["wirelock", "an engine", "its code", "python", "how much is proved"],
)
def test_another_program_knows_nothing_of_what_this_one_left(
    module: ModuleType, name: str, value: object, project: CheckedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, value)
    assert project.check()[1] in (EVERYTHING, len(TYPES))


def test_a_disproof_is_remembered_as_it_was(project: CheckedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    disproved = Diagnostic(
        Code("COUNTEREXAMPLE_FOUND", Severity.ERROR), Location("schemas/far/far.schema.json", 1, 1), "no", "so"
    )
    for path in project.kept.iterdir():
        path.unlink()

    def disprove(search: CounterexampleSearch, *_: object) -> Diagnostic:
        search.counts.documents += 5
        search.counts.valid += 3
        return disproved

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CounterexampleSearch, "find", disprove)
        first = wirelock.check(load_project(project.folder))
    again = wirelock.check(load_project(project.folder))
    assert first == again
    assert disproved in again.diagnostics


# untrusted entries


def reseal(key: str, content: bytes) -> bytes:
    """Write an entry with a valid seal."""
    return hash_content(key.encode() + b"\n" + content).encode() + b"\n" + content


SPOILT: dict[str, Callable[[str, bytes], bytes]] = {
    "empty": lambda key, content: b"",
    "cut off": lambda key, content: content[:-7],
    "one bit": lambda key, content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "not text": lambda key, content: b"\xff\xfe\n\0",
    "of another key": lambda key, content: reseal("0" * 64, content.partition(b"\n")[2]),
    "no such result": lambda key, content: reseal(key, b'{"documents": "many"}'),
    "no JSON": lambda key, content: reseal(key, b"{"),
    "too deep": lambda key, content: reseal(key, b"[" * 100_000),
}


@pytest.mark.long
@pytest.mark.parametrize("how", SPOILT)
def test_what_is_spoilt_is_done_again(how: str, project: CheckedProject) -> None:
    before = project.entries()
    for key, content in before.items():
        (project.kept / key).write_bytes(SPOILT[how](key, content))
    project.check()
    assert project.entries() == before


def test_what_stands_in_the_way_is_passed_by(project: CheckedProject) -> None:
    for key in project.entries():
        (project.kept / key).unlink()
        (project.kept / key).mkdir()
    report = wirelock.check(load_project(project.folder))
    assert report.summary["proof"]["types"] == len(TYPES)
    assert all(path.is_dir() for path in project.kept.iterdir())


def test_a_folder_that_cannot_be_written_keeps_nothing(
    project: CheckedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "file").write_text("", "utf-8")
    monkeypatch.setenv(cache.VARIABLE, str(project.folder / "file/kept"))
    assert project.check()[0].exit_code == 1


def test_a_recording_that_changes_while_it_is_read_is_not_kept(project: CheckedProject, tmp_path: Path) -> None:
    stated = iter([b"before", b"after"])
    ResultCache(Cache(tmp_path / "other")).get_or_compute(int, lambda: next(stated), lambda: 1)
    assert not (tmp_path / "other").exists()


def test_a_recording_that_cannot_be_read_is_said_every_time(project: CheckedProject) -> None:
    (project.folder / "recordings/one.ndjson").write_text("{\n", "utf-8")
    for _ in range(2):
        report, _ = project.check()
        assert report.exit_code == 2
        assert report.diagnostics[0].location.file == "recordings/one.ndjson"


# the cache folder


def test_only_its_user_reads_it_and_nothing_is_written_into_the_project(project: CheckedProject) -> None:
    assert project.kept.stat().st_mode & 0o77 == 0
    before = {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts}
    project.check()
    assert {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts} == before


def test_a_copy_of_the_project_elsewhere_has_the_results(project: CheckedProject, tmp_path: Path) -> None:
    project.folder = project.folder.rename(tmp_path / "moved")
    assert project.check()[1] == 0


def test_it_is_in_the_users_folder_unless_another_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert isinstance(open_user_cache(), Cache)
    monkeypatch.setenv(cache.VARIABLE, "")
    assert open_user_cache() is None


def test_what_nobody_asks_for_goes(tmp_path: Path) -> None:
    kept = Cache(tmp_path)
    old, used, new, other = "a" * 64, "b" * 64, "c" * 64, tmp_path / "not-ours"
    for key in (old, used, new):
        kept.put(key, key.encode())
    other.write_text("mine", "utf-8")
    for path in (tmp_path / old, tmp_path / used, other):
        os.utime(path, (0, 0))
    assert kept.get(used) == used.encode()
    kept.prune()
    assert [kept.get(key) for key in (old, used, new)] == [None, used.encode(), new.encode()]
    assert other.exists()


def test_verify_and_prove_do_the_work(project: CheckedProject) -> None:
    for key in project.entries():
        (project.kept / key).unlink()
    assert wirelock.verify(load_project(project.folder)).exit_code == 1
    assert wirelock.prove(load_project(project.folder), 5).exit_code == 0
    assert project.entries() == {}


# this repository


def test_this_project_says_the_same_in_every_format_cold_and_warm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kept"))
    config = load_config(ROOT)
    cold = add_excerpts(config, wirelock.check(Project(config)))
    warm = add_excerpts(config, wirelock.check(Project(config)))
    assert warm == cold
    for name, render in FORMATS.items():
        assert render(warm) == render(cold), name


def test_every_engine_that_a_verdict_comes_from_is_in_the_basis() -> None:
    """The packages that runtime, traffic, proof and source import."""
    known = packages_distributions()
    found: set[str] = set()
    for floor in ("runtime", "traffic", "proof", "source", "loader.py", "oracle.py"):
        place = ROOT / "generator/wirelock" / floor
        for path in [place] if place.suffix else place.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
                found |= {name.replace("_", "-") for n in names for name in known.get(n.partition(".")[0], ())}
    assert found - {"wirelock", "pyyaml", "PyYAML", "types-protobuf", "jsonpath-rfc9535"} <= {*cache_keys.ENGINES}


def test_a_type_has_one_basis_whatever_the_process(project: CheckedProject) -> None:
    built = build(load_config(project.folder))
    output = emit_all(built, noop_progress)
    key = TypeId("far/far.schema.json")
    moved = replace(built, config=replace(built.config, root=Path("/elsewhere")))
    assert cache_keys.CacheKeys(built, output).for_type(key, 5, 0) == cache_keys.CacheKeys(moved, output).for_type(
        key, 5, 0
    )
    assert cache_keys.CacheKeys(built, output).for_type(key, 5, 0) != cache_keys.CacheKeys(built, output).for_type(
        key, 5, 1
    )


def test_a_result_comes_back_equal() -> None:
    report = Diagnostic(Code("X", Severity.NOTE), Location("a", 1, 2, "/b"), "ü\u2028\0", raised_by=("model",))
    assert msgspec.json.decode(msgspec.json.encode(report), type=Diagnostic) == report
