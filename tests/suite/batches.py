"""Cases of the suite compiled many at a time, as one project in memory: models are written by a slow tool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from official import Case, suite

from wirelock.api.compile import registered
from wirelock.build import Build, compiled
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic
from wirelock.emit import EMITTERS
from wirelock.ir import TypeId
from wirelock.loader import Loaded, TypeContract, load
from wirelock.lower.ledger.ledger import Ledger
from wirelock.runtime.schema.documents import Documents, SchemaRefused
from wirelock.source import Document

NEEDED = ("pb2", "models", "validators", "mapping")
CONFIG = Config(Path(), "", "compiled", "compiled", unknown_fields="keep")


@dataclass(slots=True)
class Batch:
    """Cases whose schemas may stand beside each other: no two have a name in common."""

    cases: list[Case] = field(default_factory=list[Case])
    registry: dict[str, Any] = field(default_factory=dict[str, Any])
    names: set[str] = field(default_factory=set[str])

    def takes(self, names: set[str], registry: Mapping[str, Any]) -> bool:
        """Whether a case with those names and that registry may join."""
        return not names & (self.names | ids(self.registry)) and not self.names & ids(registry)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case compiled: its artefacts, or why there are none."""

    case: Case
    contract: TypeContract | None
    refusal: Diagnostic | None


@cache
def required(draft: str) -> list[Outcome]:
    """The required cases of a draft, compiled once a run."""
    return [outcome for batch in batches(suite().required(draft)) for outcome in outcomes(batch)]


@cache
def optional(draft: str) -> list[Outcome]:
    """The optional cases of a draft, compiled once a run."""
    return [outcome for batch in batches(suite().optional(draft)) for outcome in outcomes(batch)]


def batches(cases: Iterable[Case]) -> list[Batch]:
    """The cases in as few projects as their names allow."""
    found: list[Batch] = []
    for case in cases:
        registry = suite().registry(case)
        names = {uri for uri in named({"main": case.schema}, registry) if not uri.endswith("/main")}
        batch = next((batch for batch in found if batch.takes(names, registry)), None)
        if batch is None:
            found.append(batch := Batch())
        batch.cases.append(case)
        batch.registry |= registry
        batch.names |= names
    return found


def ids(registry: Mapping[str, Any]) -> set[str]:
    """What the schemas of a registry are called."""
    return set(registry) | named(registry, registry)


def named(schemas: Mapping[str, Any], registry: Mapping[str, Any]) -> set[str]:
    """What schemas are called by their `$id`; nothing where a dialect is not known, as they will be refused."""
    try:
        roots = Documents({**registry, **schemas}).roots.items()
    except SchemaRefused:
        return set()
    return {resource.base for (file, _), resource in roots if file in schemas}


def outcomes(batch: Batch) -> list[Outcome]:
    """Every case of a batch compiled; those that are refused do not take part."""
    build, refused = sound(batch)
    artifacts = [artifact for emitter in EMITTERS if emitter.name in NEEDED for artifact in checked(emitter, build)]
    loaded = load(build, artifacts)
    contracts = (contract(loaded, case, batch, refused) for case in batch.cases)
    return [
        Outcome(case, ours, refused.get(file(batch, case))) for case, ours in zip(batch.cases, contracts, strict=True)
    ]


def contract(loaded: Loaded, case: Case, batch: Batch, refused: Mapping[str, Diagnostic]) -> TypeContract | None:
    """The artefacts of one case."""
    if file(batch, case) in refused:
        return None
    found = loaded.contract(TypeId(file(batch, case)))
    assert isinstance(found, TypeContract)
    return found


def checked(emitter: Any, build: Build) -> Any:
    """What an emitter gives, which must be without a fault."""
    emitted = emitter.emit(build)
    assert not emitted.diagnostics, emitted.diagnostics[:5]
    return emitted.artifacts


def sound(batch: Batch) -> tuple[Build, dict[str, Diagnostic]]:
    """The project of the cases that are not refused, and why the others are."""
    refused: dict[str, Diagnostic] = {}
    while True:
        left = [case for case in batch.cases if file(batch, case) not in refused]
        build = compiled(CONFIG, documents(batch, left), Ledger(), roots=[TypeId(file(batch, case)) for case in left])
        faults = {fault.where.file.removeprefix("schemas/"): fault for fault in build.diagnostics if fault.fails}
        if not faults:
            return build, refused
        assert not faults.keys() - {file(batch, case) for case in left}, faults
        refused |= faults


def documents(batch: Batch, cases: Iterable[Case]) -> list[Document]:
    """The schema files of a project."""
    own = [Document(f"schemas/{file(batch, case)}", case.schema) for case in cases]
    return [*own, *registered(batch.registry)]


def file(batch: Batch, case: Case) -> str:
    """The file of a case in its project."""
    return f"suite/case{batch.cases.index(case) + 1}.schema.json"
