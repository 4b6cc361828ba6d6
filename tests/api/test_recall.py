"""A check does again only what changed, and says the same with and without what earlier runs left."""

from __future__ import annotations

import ast
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import msgspec
import pytest
from checkout import ROOT, configuration

import wirelock
from wirelock.api import cache_keys, check, prove
from wirelock.api.cache import Recall
from wirelock.api.emit import emitted
from wirelock.api.excerpts import illustrated
from wirelock.build import build
from wirelock.diagnostics import Code, Diagnostic, Location, Report, Severity
from wirelock.ir import TypeId
from wirelock.progress import silent
from wirelock.report import FORMATS
from wirelock.write import Cache, cache, users_cache
from wirelock.write.manifest import digest

TEXT = {"type": "string", "description": "words"}
TYPES = ("base/base", "near/near", "far/far", "far/ask")


def record(**properties: Any) -> dict[str, Any]:
    """A described object with these properties, the first of them required."""
    return {"type": "object", "description": "x", "required": [*properties][:1], "properties": properties}


SCHEMAS: dict[str, Any] = {
    "base/base": record(id=TEXT),
    "near/near": record(base={"$ref": "../base/base.schema.json"}),
    "far/far": record(id=TEXT),
    "far/ask": record(id=TEXT),
}
METHOD = {"description": "x", "request": "ask.schema.json", "response": "far.schema.json", "http": {"get": "/far/{id}"}}
SERVICE = {"service": "FarService", "description": "x", "methods": {"GetFar": METHOD}}
EXCHANGE = {
    "request": {"method": "GET", "url": "http://localhost/far/1"},
    "response": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"id": "1"}},
}


def written(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value) + "\n", "utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of three packages, one of which refers to another, with two recordings; one has a fault."""
    folder = tmp_path_factory.mktemp("made")
    settings = 'package = "far_api"\n[verify]\nrecordings = ["recordings/*"]\n[lint]\nLINT_UNUSED = "off"\n'
    (folder / "wirelock.toml").write_text(settings, "utf-8")
    for name, schema in SCHEMAS.items():
        written(folder / f"schemas/{name}.schema.json", schema)
    written(folder / "schemas/far/far.service.json", SERVICE)
    written(folder / "recordings/one.ndjson", EXCHANGE)
    written(folder / "recordings/two.ndjson", {**EXCHANGE, "response": {**EXCHANGE["response"], "body": {"id": 1}}})
    assert wirelock.generate(configuration(folder)).exit_code == 0
    return folder


class Project:
    """A project, and what a check of it leaves."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self.folder = folder
        self.kept = kept

    def entries(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.kept.iterdir()} if self.kept.is_dir() else {}

    def check(self) -> tuple[Report, int]:
        """The report, which must be the one of a check that knows nothing, and how many results it added."""
        before = self.entries()
        report = wirelock.check(configuration(self.folder))
        added = len(self.entries().keys() - before.keys())
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(cache.VARIABLE, "")
            fresh = wirelock.check(configuration(self.folder))
        assert report == fresh
        return report, added

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture(scope="module")
def checked(made: Path) -> Project:
    """The project after its first check."""
    one = Project(made, made.parent / "kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, str(one.kept))
        report, added = one.check()
    assert (report.exit_code, added) == (1, EVERYTHING)
    assert [found.code.id for found in report.diagnostics if found.fails] == ["VIOLATION"]
    return one


@pytest.fixture
def project(checked: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of the project that was checked once."""
    kept = Path(shutil.copytree(checked.kept, tmp_path / "kept"))
    monkeypatch.setenv(cache.VARIABLE, str(kept))
    return Project(Path(shutil.copytree(checked.folder, tmp_path / "project")), kept)


EVERYTHING = len(TYPES) + 2


def test_nothing_changed_and_nothing_is_done(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def undone(*_: object) -> None:
        raise AssertionError("done again")

    monkeypatch.setattr(prove._Work, "proof", undone)
    monkeypatch.setattr("wirelock.api.verify._held", undone)
    report = wirelock.check(configuration(project.folder))
    assert report.summary["exchanges"]["total"] == 2
    assert report.summary["proof"]["types"] == len(TYPES)


def regenerated(project: Project) -> None:
    assert wirelock.generate(configuration(project.folder)).exit_code == 0


def recording(project: Project) -> None:
    project.edit("recordings/one.ndjson", '"id": "1"', '"id": "one"')


def another_name(project: Project) -> None:
    (project.folder / "recordings/one.ndjson").rename(project.folder / "recordings/three.ndjson")


def far_schema(project: Project) -> None:
    project.edit("schemas/far/far.schema.json", '"words"', '"other words"')
    regenerated(project)


def base_schema(project: Project) -> None:
    project.edit("schemas/base/base.schema.json", '"type": "string"', '"type": "string", "minLength": 1')
    regenerated(project)


def service(project: Project) -> None:
    project.edit("schemas/far/far.service.json", "/far/{id}", "/far/{id}/x")
    regenerated(project)


def layout(project: Project) -> None:
    project.edit("schemas/base/base.schema.json", '"type": "object"', '"type":  "object"')


def policy(project: Project) -> None:
    project.edit("wirelock.toml", "package", 'unknown-fields = "error"\npackage')
    regenerated(project)


def formats(project: Project) -> None:
    project.edit("wirelock.toml", "package", "format-assertion = true\npackage")
    regenerated(project)


def lint(project: Project) -> None:
    project.edit("wirelock.toml", '"off"', '"note"')


def expectation(project: Project) -> None:
    facts = {"recording": "two.ndjson", "code": "VIOLATION", "pointer": "/id", "reason": "old"}
    lines = "".join(f'{key} = "{value}"\n' for key, value in facts.items())
    project.edit("wirelock.toml", "[lint]", f"[[verify.expect]]\n{lines}[lint]")


CHANGES: dict[str, tuple[Callable[[Project], None], int]] = {
    "a recording": (recording, 1),
    "the name of a recording": (another_name, 1),
    "a schema that nothing refers to": (far_schema, 2 + 2),
    "a schema that another package refers to": (base_schema, 2 + 2),
    "a service": (service, 2 + 2),
    "the layout of a schema": (layout, 0),
    "the policy for undeclared properties": (policy, EVERYTHING),
    "whether formats are asserted": (formats, EVERYTHING),
    "what is applied to advice": (lint, 0),
    "what is applied to findings": (expectation, 0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_is_done_again_and_nothing_else(change: str, project: Project) -> None:
    make, count = CHANGES[change]
    make(project)
    assert project.check()[1] == count


def test_an_expectation_is_met_by_what_was_kept(project: Project) -> None:
    expectation(project)
    report, _ = project.check()
    assert report.exit_code == 0
    assert [found.expected for found in report.diagnostics if found.code.id == "VIOLATION"] == ["old"]


@pytest.mark.parametrize(
    "patch",
    [
        lambda monkeypatch: monkeypatch.setattr(cache_keys, "VERSION", "9.9.9"),
        lambda monkeypatch: monkeypatch.setattr(
            cache_keys, "_version", lambda name: "9" if name == "jsonschema-rs" else ""
        ),
        lambda monkeypatch: monkeypatch.setattr(cache_keys, "_program", lambda: iter([b"another line of code"])),
        lambda monkeypatch: monkeypatch.setattr(cache_keys.sys, "version", "4.0"),
        lambda monkeypatch: monkeypatch.setattr(check, "EXAMPLES", 6),
    ],
    ids=["wirelock", "an engine", "its code", "python", "how much is proved"],
)
def test_another_program_knows_nothing_of_what_this_one_left(
    patch: Callable[[pytest.MonkeyPatch], None], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch(monkeypatch)
    assert project.check()[1] in (EVERYTHING, len(TYPES))


def test_a_disproof_is_remembered_as_it_was(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    disproved = Diagnostic(
        Code("COUNTEREXAMPLE_FOUND", Severity.ERROR), Location("schemas/far/far.schema.json", 1, 1), "no", "so"
    )
    for path in project.kept.iterdir():
        path.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prove._Work, "proof", lambda *_: prove._Proof(5, 3, disproved))
        first = wirelock.check(configuration(project.folder))
    again = wirelock.check(configuration(project.folder))
    assert first == again
    assert disproved in again.diagnostics


# what is not to be trusted


def resealed(key: str, content: bytes) -> bytes:
    """An entry whose seal fits whatever it holds."""
    return digest(key.encode() + b"\n" + content).encode() + b"\n" + content


SPOILT: dict[str, Callable[[str, bytes], bytes]] = {
    "empty": lambda key, content: b"",
    "cut off": lambda key, content: content[:-7],
    "one bit": lambda key, content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "not text": lambda key, content: b"\xff\xfe\n\0",
    "of another key": lambda key, content: resealed("0" * 64, content.partition(b"\n")[2]),
    "no such result": lambda key, content: resealed(key, b'{"documents": "many"}'),
    "no JSON": lambda key, content: resealed(key, b"{"),
    "too deep": lambda key, content: resealed(key, b"[" * 100_000),
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_spoilt_is_done_again(how: str, project: Project) -> None:
    before = project.entries()
    for key, content in before.items():
        (project.kept / key).write_bytes(SPOILT[how](key, content))
    project.check()
    assert project.entries() == before


def test_what_stands_in_the_way_is_passed_by(project: Project) -> None:
    for key in project.entries():
        (project.kept / key).unlink()
        (project.kept / key).mkdir()
    report = wirelock.check(configuration(project.folder))
    assert report.summary["proof"]["types"] == len(TYPES)
    assert all(path.is_dir() for path in project.kept.iterdir())


def test_a_folder_that_cannot_be_written_keeps_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.folder / "file").write_text("", "utf-8")
    monkeypatch.setenv(cache.VARIABLE, str(project.folder / "file/kept"))
    assert project.check()[0].exit_code == 1


def test_a_recording_that_changes_while_it_is_read_is_not_kept(project: Project, tmp_path: Path) -> None:
    stated = iter([b"before", b"after"])
    Recall(Cache(tmp_path / "other")).found(int, lambda: next(stated), lambda: 1)
    assert not (tmp_path / "other").exists()


def test_a_recording_that_cannot_be_read_is_said_every_time(project: Project) -> None:
    (project.folder / "recordings/one.ndjson").write_text("{\n", "utf-8")
    for _ in range(2):
        report, _ = project.check()
        assert report.exit_code == 2
        assert report.diagnostics[0].where.file == "recordings/one.ndjson"


# the folder


def test_only_its_user_reads_it_and_nothing_is_written_into_the_project(project: Project) -> None:
    assert project.kept.stat().st_mode & 0o77 == 0
    before = {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts}
    project.check()
    assert {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts} == before


def test_a_copy_of_the_project_elsewhere_has_the_results(project: Project, tmp_path: Path) -> None:
    project.folder = project.folder.rename(tmp_path / "moved")
    assert project.check()[1] == 0


def test_it_is_in_the_users_folder_unless_another_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert isinstance(users_cache(), Cache)
    monkeypatch.setenv(cache.VARIABLE, "")
    assert users_cache() is None


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


def test_verify_and_prove_do_the_work(project: Project) -> None:
    for key in project.entries():
        (project.kept / key).unlink()
    assert wirelock.verify(configuration(project.folder)).exit_code == 1
    assert wirelock.prove(configuration(project.folder), 5).exit_code == 0
    assert project.entries() == {}


# this repository


def test_this_project_says_the_same_in_every_format_cold_and_warm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kept"))
    config = configuration(ROOT)
    cold = illustrated(config, wirelock.check(config))
    warm = illustrated(config, wirelock.check(config))
    assert warm == cold
    for name, render in FORMATS.items():
        assert render(warm) == render(cold), name


def test_every_engine_that_a_verdict_comes_from_is_in_the_basis() -> None:
    """What runtime, traffic, prove and source import, by the names of their packages."""
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


def test_a_type_has_one_basis_whatever_the_process(project: Project) -> None:
    built = build(configuration(project.folder))
    output = emitted(built, silent)
    key = TypeId("far/far.schema.json")
    moved = replace(built, config=replace(built.config, root=Path("/elsewhere")))
    assert cache_keys.Basis(built, output).of_type(key, 5, 0) == cache_keys.Basis(moved, output).of_type(key, 5, 0)
    assert cache_keys.Basis(built, output).of_type(key, 5, 0) != cache_keys.Basis(built, output).of_type(key, 5, 1)


def test_a_result_comes_back_equal() -> None:
    report = Diagnostic(Code("X", Severity.NOTE), Location("a", 1, 2, "/b"), "ü\u2028\0", raised_by=("model",))
    assert msgspec.json.decode(msgspec.json.encode(report), type=Diagnostic) == report
