"""Documents drawn from schemas find what is wrong, and shrink it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from checkout import ROOT, configuration

import wirelock
from wirelock.build import Build
from wirelock.ir import TypeId
from wirelock.loader import Loaded, TypeContract
from wirelock.oracle import Reference
from wirelock.proof.counterexamples import Prover
from wirelock.runtime.findings import Finding
from wirelock.source import Document

TIME = TypeId("session/sessionTime.schema.json")
SCENARIOS = sorted(
    path.parent.name for path in (ROOT / "tests/scenarios").glob("*/output") if (path / "proto").is_dir()
)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_proved(name: str) -> None:
    report = wirelock.prove(configuration(ROOT / "tests/scenarios" / name / "input"), examples=60)
    assert [d.message for d in report.diagnostics if d.fails] == []
    counts = report.summary["proof"]
    assert int(counts["documents"]) >= 20
    assert 0 < int(counts["valid"]) < int(counts["documents"])


class Lying:
    """A contract one part of which says something else."""

    def __init__(self, contract: TypeContract, **lies: Callable[[bytes], object]) -> None:
        self._contract = contract
        self._lies = lies

    def __getattr__(self, name: str) -> object:
        return self._lies.get(name) or getattr(self._contract, name)


def model_takes_no_zero(text: bytes) -> tuple[Finding, ...]:
    return (Finding("/created", "VIOLATION", "zero"),) if json.loads(text).get("created") == 0 else ()


def proved(project: Build, loaded: Loaded, **lies: Callable[[bytes], object]) -> str:
    """What is found when parts of a contract lie."""
    prover = Prover(project, lambda key: Lying(loaded.contract(key), **lies))  # type: ignore[arg-type,return-value]
    found = prover.prove(TIME, 300, 0)
    return "" if found is None else found.message


def test_an_honest_contract_is_proved(project: Build, loaded: Loaded) -> None:
    assert proved(project, loaded) == ""


def test_a_wrong_verdict_is_found_and_shrunk(project: Build, loaded: Loaded) -> None:
    found = proved(
        project,
        loaded,
        validator_findings=lambda text: (),
        model_findings=lambda text: (),
        codec_findings=lambda text: (),
    )
    assert found.startswith("session/sessionTime: the schema refuses it, validator, model and codec do not: ")
    assert len(found.rpartition(": ")[2]) < 40


def test_a_disagreement_is_found(project: Build, loaded: Loaded) -> None:
    honest = loaded.contract(TIME)
    found = proved(
        project, loaded, model_findings=lambda text: (*honest.model_findings(text), *_if_valid(honest, text))
    )
    assert "refused by model, accepted by validator and codec" in found


def _if_valid(honest: object, text: bytes) -> tuple[Finding, ...]:
    valid = not honest.validator_findings(text)  # type: ignore[attr-defined]
    return (Finding("", "VIOLATION", "no reason"),) if valid else ()


def test_a_loss_is_found(project: Build, loaded: Loaded) -> None:
    found = proved(project, loaded, round_trip=lambda text: b'{"created":0,"updated":0}')
    assert "comes back from protobuf is another one" in found


def test_the_same_seed_draws_the_same_documents() -> None:
    config = configuration(ROOT / "tests/scenarios/unions/input")
    one, two, other = (wirelock.prove(config, examples=40, seed=seed).summary for seed in (1, 1, 2))
    assert one == two
    assert one["proof"]["documents"] == other["proof"]["documents"] or one != other


# the reference


def verdict(schema: object, value: object, **more: object) -> bool:
    """The reference's verdict on one schema, with others beside it by file."""
    values = {"main.schema.json": schema, **more}
    documents = {file: Document(f"schemas/{file}", value) for file, value in values.items()}  # type: ignore[arg-type]
    return Reference(documents, format_assertion=False).is_valid(TypeId("main.schema.json"), value)  # type: ignore[arg-type]


@pytest.mark.parametrize("stated", [{}, {"$schema": "https://json-schema.org/draft/2020-12/schema"}])
def test_the_reference_knows_ecma_patterns_and_exact_multiples(stated: dict[str, str]) -> None:
    assert not verdict({**stated, "pattern": r"^\d$"}, "٣")
    assert not verdict({**stated, "pattern": "a$"}, "a\n")
    assert verdict({**stated, "pattern": r"^\p{L}$"}, "é")
    assert verdict({**stated, "multipleOf": 0.01}, 19.99)
    assert verdict({**stated, "enum": ["a"], "x-extensible-enum": True}, "b")
    assert not verdict({**stated, "enum": ["a"]}, "b")


def test_the_reference_follows_references_as_the_project_means_them() -> None:
    order = {"$id": "https://example.com/order", "$ref": "place.json"}
    place = {"$id": "https://example.com/place.json", "type": "integer"}
    assert verdict(order, 1, **{"place.schema.json": place})
    assert not verdict(order, "1", **{"place.schema.json": place})


def test_the_command_prints_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from wirelock.cli import main

    monkeypatch.chdir(ROOT / "tests/scenarios/unions/input")
    assert main(["prove", "--examples", "20", "--seed", "7"]) == 0
    assert "2 types: 40 documents" in capsys.readouterr().out
