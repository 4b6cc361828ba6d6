"""Random documents find faults and shrink to the smallest one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import ROOT, load_config, load_project

import wirelock
from wirelock.api.project import Project
from wirelock.build import Build
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts, TypeContract
from wirelock.oracle import ReferenceValidator
from wirelock.proof.counterexamples import CounterexampleSearch
from wirelock.runtime.findings import Finding
from wirelock.source import Document

TIME = TypeId("session/sessionTime.schema.json")
SCENARIOS = sorted(
    path.parent.name for path in (ROOT / "tests/scenarios").glob("*/output") if (path / "proto").is_dir()
)


@pytest.mark.long
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_proved(name: str) -> None:
    report = wirelock.prove(load_project(ROOT / "tests/scenarios" / name / "input"), examples=60)
    assert [d.message for d in report.diagnostics if d.is_failure] == []
    counts = report.summary["proof"]
    assert int(counts["documents"]) >= 20
    assert 0 < int(counts["valid"]) < int(counts["documents"])


class FaultyContract:
    """A contract with replaced parts."""

    def __init__(self, contract: TypeContract, **faults: Callable[[bytes], object]) -> None:
        self._contract = contract
        self._faults = faults

    def __getattr__(self, name: str) -> object:
        return self._faults.get(name) or getattr(self._contract, name)


def reject_zero(text: bytes) -> tuple[Finding, ...]:
    return (Finding("/created", "VIOLATION", "zero"),) if json.loads(text).get("created") == 0 else ()


def search_with_faults(project: Build, loaded: LoadedArtifacts, **faults: Callable[[bytes], object]) -> str:
    """Return the diagnostic for a contract with a wrong artifact."""
    prover = CounterexampleSearch(project, lambda key: FaultyContract(loaded.get_contract(key), **faults))  # type: ignore[arg-type,return-value]
    found = prover.find(TIME, 300, 0)
    return "" if found is None else found.message


def test_a_correct_contract_has_no_counterexample(project: Build, loaded: LoadedArtifacts) -> None:
    assert search_with_faults(project, loaded) == ""


def test_a_wrong_verdict_is_found_and_shrunk(project: Build, loaded: LoadedArtifacts) -> None:
    found = search_with_faults(
        project,
        loaded,
        check_schema=lambda text: (),
        check_model=lambda text: (),
        check_codec=lambda text: (),
    )
    assert found.startswith("session/sessionTime: the schema rejects it, validator, model and codec do not: ")
    assert len(found.rpartition(": ")[2]) < 40


def test_a_disagreement_is_found(project: Build, loaded: LoadedArtifacts) -> None:
    honest = loaded.get_contract(TIME)
    found = search_with_faults(
        project, loaded, check_model=lambda text: (*honest.check_model(text), *_reject_if_valid(honest, text))
    )
    assert "refused by model, accepted by validator and codec" in found


def _reject_if_valid(honest: object, text: bytes) -> tuple[Finding, ...]:
    valid = not honest.check_schema(text)  # type: ignore[attr-defined]
    return (Finding("", "VIOLATION", "no reason"),) if valid else ()


def test_a_loss_is_found(project: Build, loaded: LoadedArtifacts) -> None:
    found = search_with_faults(project, loaded, round_trip=lambda text: b'{"created":0,"updated":0}')
    assert "the value changed on its way through protobuf" in found


def test_the_same_seed_draws_the_same_documents() -> None:
    config = load_config(ROOT / "tests/scenarios/unions/input")
    one, two, other = (wirelock.prove(Project(config), examples=40, seed=seed).summary for seed in (1, 1, 2))
    assert one == two
    assert one["proof"]["documents"] == other["proof"]["documents"] or one != other


# the reference


def is_valid_for_reference(schema: object, value: object, **more: object) -> bool:
    """Return the verdict of the reference on one schema, with other schema files by name."""
    values = {"main.schema.json": schema, **more}
    documents = {file: Document(f"schemas/{file}", value) for file, value in values.items()}  # type: ignore[arg-type]
    return ReferenceValidator(documents, format_assertion=False).is_valid(TypeId("main.schema.json"), value)  # type: ignore[arg-type]


@pytest.mark.parametrize("dialect", [{}, {"$schema": "https://json-schema.org/draft/2020-12/schema"}])
def test_the_reference_knows_ecma_patterns_and_exact_multiples(dialect: dict[str, str]) -> None:
    assert not is_valid_for_reference({**dialect, "pattern": r"^\d$"}, "٣")
    assert not is_valid_for_reference({**dialect, "pattern": "a$"}, "a\n")
    assert is_valid_for_reference({**dialect, "pattern": r"^\p{L}$"}, "é")
    assert is_valid_for_reference({**dialect, "multipleOf": 0.01}, 19.99)
    assert is_valid_for_reference({**dialect, "enum": ["a"], "x-extensible-enum": True}, "b")
    assert not is_valid_for_reference({**dialect, "enum": ["a"]}, "b")


def test_the_reference_follows_references_as_the_project_means_them() -> None:
    order = {"$id": "https://example.com/order", "$ref": "place.json"}
    place = {"$id": "https://example.com/place.json", "type": "integer"}
    assert is_valid_for_reference(order, 1, **{"place.schema.json": place})
    assert not is_valid_for_reference(order, "1", **{"place.schema.json": place})


def test_the_command_prints_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wirelock.cli import main

    monkeypatch.chdir(ROOT / "tests/scenarios/unions/input")
    assert main(["prove", "--examples", "20", "--seed", "7"]) == 0
    assert "2 types: 40 documents" in capsys.readouterr().out
