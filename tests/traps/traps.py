"""A trap as data: a schema that misleads generators, the texts that show it, and what the proto must say."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark import ParameterSet
from checkout import configuration

from wirelock.api.emit import Output, emitted
from wirelock.build import SCHEMA_SUFFIX, SERVICE_SUFFIX, Build, build, compiled
from wirelock.diagnostics import Diagnostic, Location
from wirelock.ir import TypeId
from wirelock.loader import Loaded, TypeContract, load
from wirelock.lower.ledger.ledger import Ledger, read_ledger
from wirelock.progress import silent
from wirelock.runtime.findings import Finding
from wirelock.source import read_folder
from wirelock.traffic.conformance.verdict import Verdict, judge

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DRAFT_07 = "http://json-schema.org/draft-07/schema#"


@dataclass(frozen=True, slots=True)
class Trap:
    """One trap: `good` texts are valid and come back equal, `bad` ones are refused by validator, model and codec.

    `uncarried` are valid texts that protobuf cannot hold, each said so; `noted` are valid ones with something
    undeclared; `proto` are lines of the messages, `never` text that they must not have; `codes` is what generation says.
    """

    number: int
    words: str
    schema: dict[str, Any]
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    uncarried: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    proto: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The number and the words, as pytest shows them."""
        return f"{self.number}-{self.words.replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class Project:
    """Schemas by name (`t/order`), compiled and loaded."""

    build: Build
    output: Output
    loaded: Loaded

    def contract(self, name: str) -> TypeContract:
        """Validator, model and codec of a type."""
        return self.loaded.contract(TypeId(f"{name}{SCHEMA_SUFFIX}"))

    def judge(self, name: str, text: str | bytes) -> Verdict:
        """What all of them say of a text."""
        return judge(self.contract(name), text if isinstance(text, bytes) else text.encode())

    def findings(self, name: str, text: str | bytes) -> list[Finding]:
        """The findings of a text, whoever found them."""
        return [raised.finding for raised in self.judge(name, text).raised]

    @property
    def proto(self) -> str:
        """All protos as one text."""
        return "".join(a.content.decode() for a in self.output.artifacts if a.path.endswith(".proto"))


def written(folder: Path, schemas: dict[str, Any], settings: str = "") -> None:
    """Write a project of schemas by name, and services by file name."""
    (folder / "wirelock.toml").write_text(f'package = "traps"\n{settings}', "utf-8")
    for name, schema in schemas.items():
        path = folder / "schemas" / (name if name.endswith(".json") else f"{name}{SCHEMA_SUFFIX}")
        path.parent.mkdir(parents=True, exist_ok=True)
        stated = {"$schema": DIALECT, **schema} if path.name.endswith(SCHEMA_SUFFIX) else schema
        path.write_text(json.dumps(stated), "utf-8")


def made(
    folder: Path, schemas: dict[str, Any], settings: str = "", roots: Sequence[str] = (), *, kept: bool = False
) -> Project:
    """Compile and load a project of schemas by name; each, or else each of `roots`, has a message of its own.

    With `kept`, the project goes on with the ledger in its folder.
    """
    written(folder, schemas, settings)
    config = configuration(folder)
    documents, found = read_folder(config.root, config.schemas, (SCHEMA_SUFFIX, SERVICE_SUFFIX))
    rooted = [TypeId(f"{name}{SCHEMA_SUFFIX}") for name in roots or schemas if not name.endswith(SERVICE_SUFFIX)]
    built = compiled(config, documents, _ledger(folder) if kept else Ledger(), found, rooted)
    output = emitted(built, silent)
    assert output.sound, output.diagnostics
    return Project(built, output, load(built, output.artifacts))


def _ledger(folder: Path) -> Ledger:
    read = read_ledger((folder / "proto/numbers.json").read_bytes(), Location("numbers.json"))
    assert isinstance(read, Ledger), read
    return read


def refusals(folder: Path, schemas: dict[str, Any], settings: str = "") -> tuple[Diagnostic, ...]:
    """What keeps a project from being generated."""
    written(folder, schemas, settings)
    return tuple(diagnostic for diagnostic in build(configuration(folder)).diagnostics if diagnostic.fails)


class Traps:
    """The traps of one subject, in one project."""

    def __init__(self, folder: Path, traps: Sequence[Trap]) -> None:
        self._names = {trap.id: f"trap{chr(ord('a') + index)}" for index, trap in enumerate(traps)}
        assert len(self._names) == len(traps) <= 26
        schemas = {f"t/{self._names[trap.id]}": trap.schema for trap in traps}
        self._project = made(folder, schemas)

    def contract(self, trap: Trap) -> TypeContract:
        """Validator, model and codec of a trap's schema."""
        return self._project.contract(f"t/{self._names[trap.id]}")

    def spring(self, trap: Trap) -> None:
        """Hold everything that a trap states against the project."""
        name = self._names[trap.id]
        for text in trap.good:
            verdict = self._project.judge(f"t/{name}", text)
            assert (verdict.accepted, verdict.round_trip, verdict.raised) == (True, "equal", ()), (text, verdict)
        for text in trap.uncarried:
            verdict = self._project.judge(f"t/{name}", text)
            assert (verdict.valid, verdict.loss, bool(verdict.raised)) == (True, None, True), (text, verdict)
            assert {r.finding.code for r in verdict.raised} <= {"NOT_REPRESENTABLE", "PRECISION_LOST"}, (text, verdict)
        for text in trap.noted:
            verdict = self._project.judge(f"t/{name}", text)
            assert (verdict.valid, verdict.accepted) == (True, True), (text, verdict)
            assert {r.finding.code for r in verdict.raised} == {"UNDECLARED_FIELD"}, (text, verdict)
        for text in trap.bad:
            verdict = self._project.judge(f"t/{name}", text)
            assert (verdict.valid, verdict.disagreement, bool(verdict.raised)) == (False, "", True), (text, verdict)
        self._proto_of(name, trap)
        assert tuple(d.code.id for d in self._project.output.diagnostics if name in d.where.file) == trap.codes

    def _proto_of(self, name: str, trap: Trap) -> None:
        blocks = re.findall(rf"^(?:message|enum) {name.capitalize()}\w* \{{.*?^\}}", self._project.proto, re.M | re.S)
        text = "\n".join(blocks)
        for line in trap.proto:
            assert line in text, text
        for line in trap.never:
            assert line not in text, text


def cases(traps: Sequence[Trap]) -> list[ParameterSet]:
    """The traps as pytest's parameters."""
    return [pytest.param(trap, id=trap.id) for trap in traps]


def properties(*required: str, **schemas: Any) -> dict[str, Any]:
    """An object with these properties."""
    return {"type": "object", "properties": schemas, **({"required": list(required)} if required else {})}
