"""Cases of the suite, compiled in batches as projects in memory, because generating models is slow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from official import SuiteCase, load_suite

from wirelock.api.compile import load_registry
from wirelock.build import Build, compile_documents
from wirelock.config import Config
from wirelock.diagnostics import Diagnostic
from wirelock.emit import EMITTERS
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts, TypeContract, load_artifacts
from wirelock.lower.ledger.ledger import Ledger
from wirelock.runtime.schema.documents import Documents, UnusableSchemaError
from wirelock.source import Document

NEEDED = ("pb2", "models", "validators", "mapping")
CONFIG = Config(Path(), "", "compiled", "compiled", unknown_fields="keep")


@dataclass(slots=True)
class Batch:
    """Cases that may share a project, because their schemas declare different `$id`s."""

    cases: list[SuiteCase] = field(default_factory=list[SuiteCase])
    registry: dict[str, Any] = field(default_factory=dict[str, Any])
    names: set[str] = field(default_factory=set[str])

    def accepts(self, names: set[str], registry: Mapping[str, Any]) -> bool:
        """Return True if a case with these `$id`s and this registry may join."""
        return not names & (self.names | find_ids(self.registry)) and not self.names & find_ids(registry)


@dataclass(frozen=True, slots=True)
class CompiledCase:
    """A compiled case: its artifacts, or the error."""

    case: SuiteCase
    contract: TypeContract | None
    error: Diagnostic | None


@cache
def compile_required(draft: str) -> list[CompiledCase]:
    """Return the required cases of a draft, compiled; cached."""
    return [outcome for batch in build_batches(load_suite().load_required(draft)) for outcome in compile_batch(batch)]


@cache
def compile_optional(draft: str) -> list[CompiledCase]:
    """Return the optional cases of a draft, compiled; cached."""
    return [outcome for batch in build_batches(load_suite().load_optional(draft)) for outcome in compile_batch(batch)]


def build_batches(cases: Iterable[SuiteCase]) -> list[Batch]:
    """Return the cases in as few batches as their `$id`s allow."""
    result: list[Batch] = []
    for case in cases:
        registry = load_suite().build_registry(case)
        names = {uri for uri in find_declared_ids({"main": case.schema}, registry) if not uri.endswith("/main")}
        batch = next((batch for batch in result if batch.accepts(names, registry)), None)
        if batch is None:
            result.append(batch := Batch())
        batch.cases.append(case)
        batch.registry |= registry
        batch.names |= names
    return result


def find_ids(registry: Mapping[str, Any]) -> set[str]:
    """Return the URIs and `$id`s of the schemas of a registry."""
    return set(registry) | find_declared_ids(registry, registry)


def find_declared_ids(schemas: Mapping[str, Any], registry: Mapping[str, Any]) -> set[str]:
    """Return the `$id`s of schemas; none if a dialect is unknown, because such schemas are rejected."""
    try:
        roots = Documents({**registry, **schemas}).resources.items()
    except UnusableSchemaError:
        return set()
    return {resource.base for (file, _), resource in roots if file in schemas}


def compile_batch(batch: Batch) -> list[CompiledCase]:
    """Return the compiled cases of a batch."""
    build, errors = build_valid(batch)
    artifacts = [
        artifact for emitter in EMITTERS if emitter.name in NEEDED for artifact in emit_artifacts(emitter, build)
    ]
    loaded = load_artifacts(build, artifacts)
    contracts = (get_contract(loaded, case, batch, errors) for case in batch.cases)
    return [
        CompiledCase(case, contract, errors.get(get_file(batch, case)))
        for case, contract in zip(batch.cases, contracts, strict=True)
    ]


def get_contract(
    loaded: LoadedArtifacts, case: SuiteCase, batch: Batch, errors: Mapping[str, Diagnostic]
) -> TypeContract | None:
    """Return the artifacts of one case, or None if it was rejected."""
    if get_file(batch, case) in errors:
        return None
    contract = loaded.get_contract(TypeId(get_file(batch, case)))
    assert isinstance(contract, TypeContract)
    return contract


def emit_artifacts(emitter: Any, build: Build) -> Any:
    """Return the artifacts of an emitter, and check that it reports no diagnostics."""
    emitted = emitter.emit(build)
    assert not emitted.diagnostics, emitted.diagnostics[:5]
    return emitted.artifacts


def build_valid(batch: Batch) -> tuple[Build, dict[str, Diagnostic]]:
    """Return the build of the cases that compile, and the diagnostics of the others by file."""
    errors: dict[str, Diagnostic] = {}
    while True:
        remaining = [case for case in batch.cases if get_file(batch, case) not in errors]
        build = compile_documents(
            CONFIG,
            build_documents(batch, remaining),
            Ledger(),
            roots=[TypeId(get_file(batch, case)) for case in remaining],
        )
        failures = {
            diagnostic.location.file.removeprefix("schemas/"): diagnostic
            for diagnostic in build.diagnostics
            if diagnostic.is_failure
        }
        if not failures:
            return build, errors
        assert not failures.keys() - {get_file(batch, case) for case in remaining}, failures
        errors |= failures


def build_documents(batch: Batch, cases: Iterable[SuiteCase]) -> list[Document]:
    """Return the schema documents of a project."""
    own = [Document(f"schemas/{get_file(batch, case)}", case.schema) for case in cases]
    return [*own, *load_registry(batch.registry)]


def get_file(batch: Batch, case: SuiteCase) -> str:
    """Return the file of a case in its project."""
    return f"suite/case{batch.cases.index(case) + 1}.schema.json"
