"""Edge cases as data: a schema that is hard to map to protobuf, JSON texts, and the expected proto."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from checkout import load_config

from wirelock.api.emit import EmittedFiles, emit_all
from wirelock.build import SCHEMA_SUFFIX, SERVICE_SUFFIX, Build, build, compile_documents
from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts, TypeContract, load_artifacts
from wirelock.lower.ledger.ledger import Ledger, read_ledger
from wirelock.progress import noop_progress
from wirelock.source import read_folder
from wirelock.traffic.conformance.verdict import Verdict, judge

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DRAFT_07 = "http://json-schema.org/draft-07/schema#"


@dataclass(frozen=True, slots=True)
class EdgeCase:
    """A schema with JSON texts.

    `valid` texts round-trip unchanged; validator, model and codec reject `invalid` ones. `unrepresentable` texts are
    valid, but protobuf cannot represent them. `undeclared` texts are valid and have undeclared properties. The messages
    contain the lines in `proto` and none of the texts in `absent`. `codes` are the diagnostics of the generation.
    """

    number: int
    title: str
    schema: dict[str, Any]
    valid: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    unrepresentable: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()
    proto: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The number and the title, as in the output of pytest."""
        return f"{self.number}-{self.title.replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class LoadedProject:
    """A compiled and loaded project; its types have names such as `t/order`."""

    build: Build
    output: EmittedFiles
    artifacts: LoadedArtifacts

    def get_contract(self, name: str) -> TypeContract:
        """Return validator, model and codec of a type."""
        return self.artifacts.get_contract(TypeId(f"{name}{SCHEMA_SUFFIX}"))

    def judge(self, name: str, text: str | bytes) -> Verdict:
        """Return the verdict of validator, model and codec on a text."""
        return judge(self.get_contract(name), text if isinstance(text, bytes) else text.encode())

    @property
    def proto(self) -> str:
        """The text of all protos."""
        return "".join(a.content.decode() for a in self.output.artifacts if a.path.endswith(".proto"))


def write_project(folder: Path, schemas: dict[str, Any], settings: str = "") -> None:
    """Write a project of schemas by name, and services by file name."""
    (folder / "wirelock.toml").write_text(f'package = "edge_cases"\n{settings}', "utf-8")
    for name, schema in schemas.items():
        path = folder / "schemas" / (name if name.endswith(".json") else f"{name}{SCHEMA_SUFFIX}")
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {"$schema": DIALECT, **schema} if path.name.endswith(SCHEMA_SUFFIX) else schema
        path.write_text(json.dumps(document), "utf-8")


def build_project(
    folder: Path, schemas: dict[str, Any], settings: str = "", roots: Sequence[str] = (), *, keep_ledger: bool = False
) -> LoadedProject:
    """Compile and load a project of schemas by name; all types, or those in `roots`, have a message of their own.

    With `keep_ledger`, the project continues with the ledger in its folder.
    """
    write_project(folder, schemas, settings)
    config = load_config(folder)
    documents, diagnostics = read_folder(config.root, config.schemas, (SCHEMA_SUFFIX, SERVICE_SUFFIX))
    root_types = [TypeId(f"{name}{SCHEMA_SUFFIX}") for name in roots or schemas if not name.endswith(SERVICE_SUFFIX)]
    ledger = _read_ledger(folder) if keep_ledger else Ledger()
    project = compile_documents(config, documents, ledger, diagnostics, root_types)
    output = emit_all(project, noop_progress)
    assert output.is_sound, output.diagnostics
    return LoadedProject(project, output, load_artifacts(project, output.artifacts))


def _read_ledger(folder: Path) -> Ledger:
    ledger = read_ledger((folder / "proto/numbers.json").read_bytes(), Location("numbers.json"))
    assert isinstance(ledger, Ledger), ledger
    return ledger


def find_errors(folder: Path, schemas: dict[str, Any], settings: str = "") -> tuple[Diagnostic, ...]:
    """Return the diagnostics that prevent the generation of a project."""
    write_project(folder, schemas, settings)
    return tuple(diagnostic for diagnostic in build(load_config(folder)).diagnostics if diagnostic.is_failure)


class EdgeCaseSuite:
    """The edge cases of one subject, compiled as one project."""

    def __init__(self, folder: Path, cases: Sequence[EdgeCase]) -> None:
        self._names = {case.id: f"case{chr(ord('a') + index)}" for index, case in enumerate(cases)}
        assert len(self._names) == len(cases) <= 26
        self._project = build_project(folder, {f"t/{self._names[case.id]}": case.schema for case in cases})

    def get_contract(self, case: EdgeCase) -> TypeContract:
        """Return validator, model and codec of the schema of an edge case."""
        return self._project.get_contract(f"t/{self._names[case.id]}")

    def check(self, case: EdgeCase) -> None:
        """Check all expectations of an edge case."""
        name = self._names[case.id]
        for text in case.valid:
            verdict = self._project.judge(f"t/{name}", text)
            assert (verdict.is_accepted, verdict.round_trip, verdict.findings) == (True, "equal", ()), (text, verdict)
        for text in case.unrepresentable:
            verdict = self._project.judge(f"t/{name}", text)
            assert (verdict.is_valid, verdict.loss, bool(verdict.findings)) == (True, None, True), (text, verdict)
            codes = {item.finding.code for item in verdict.findings}
            assert codes <= {"NOT_REPRESENTABLE", "PRECISION_LOST"}, (text, verdict)
        for text in case.undeclared:
            verdict = self._project.judge(f"t/{name}", text)
            assert (verdict.is_valid, verdict.is_accepted) == (True, True), (text, verdict)
            assert {item.finding.code for item in verdict.findings} == {"UNDECLARED_FIELD"}, (text, verdict)
        for text in case.invalid:
            verdict = self._project.judge(f"t/{name}", text)
            summary = (verdict.is_valid, verdict.disagreement, bool(verdict.findings))
            assert summary == (False, "", True), (text, verdict)
        self._check_proto(name, case)
        assert tuple(d.code.id for d in self._project.output.diagnostics if name in d.location.file) == case.codes

    def _check_proto(self, name: str, case: EdgeCase) -> None:
        blocks = re.findall(rf"^(?:message|enum) {name.capitalize()}\w* \{{.*?^\}}", self._project.proto, re.M | re.S)
        text = "\n".join(blocks)
        for line in case.proto:
            assert line in text, text
        for line in case.absent:
            assert line not in text, text


def parametrize_cases(cases: Sequence[EdgeCase]) -> list[ParameterSet]:
    """Return the edge cases as parameters of pytest."""
    return [pytest.param(case, id=case.id) for case in cases]


def build_object(*required: str, **schemas: Any) -> dict[str, Any]:
    """Build the schema of an object with these properties."""
    return {"type": "object", "properties": schemas, **({"required": list(required)} if required else {})}
