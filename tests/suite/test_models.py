"""Models have the schema's verdict on the suite, and accept nothing that the schema refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from batches import Outcome, optional, required
from nonconforming import reasons
from official import DRAFTS, suite

import wirelock
from wirelock.runtime.models.base import model_findings

LEAST = 0.98
"""The share of tests on which models must have the schema's verdict."""
pytestmark = pytest.mark.xdist_group("suite")  # its cases are compiled once


@dataclass(frozen=True, slots=True)
class Judgement:
    """One test: what the suite says of its document, and what the model says."""

    key: str
    valid: bool
    accepted: bool


def judgements(outcomes: Sequence[Outcome]) -> Iterator[Judgement]:
    """Every test of the schemas that have a model."""
    for outcome in outcomes:
        if outcome.contract is not None:
            for test in outcome.case.tests:
                found = model_findings(outcome.contract.model, test.data)
                yield Judgement(test.key, test.valid, all(finding.warning for finding in found))


@pytest.mark.parametrize("draft", DRAFTS)
def test_models_say_what_the_schemas_say(draft: str) -> None:
    found = list(judgements(required(draft)))
    wrong = [one.key for one in found if one.accepted is not one.valid]
    assert [one.key for one in found if one.accepted and not one.valid] == []
    assert sorted(wrong) == sorted(reasons("models", [outcome.case for outcome in required(draft)]))
    assert len(wrong) <= (1 - LEAST) * len(found)


@pytest.mark.parametrize("draft", DRAFTS)
def test_on_optional_tests_models_differ_where_validators_do(draft: str) -> None:
    wrong = [one.key for one in judgements(optional(draft)) if one.accepted is not one.valid]
    compiled = [outcome.case for outcome in optional(draft) if outcome.contract is not None]
    assert sorted(wrong) == sorted(reasons("validators", compiled))


@pytest.mark.parametrize("draft", DRAFTS)
def test_every_schema_of_a_required_test_has_a_model(draft: str) -> None:
    assert [outcome.refusal for outcome in required(draft) if outcome.contract is None] == []


def test_one_at_a_time_the_verdicts_are_the_same() -> None:
    """By `wirelock.compile`, the cases that need most of its registry."""
    for case in suite().required("draft2020-12"):
        if case.file == "refRemote":
            compiled = wirelock.compile(case.schema, registry=suite().registry(case))
            for test in case.tests:
                assert compiled.is_valid_instance(test.data) is test.valid
                assert (not model_findings(compiled.model, test.data)) is test.valid


def test_a_class_derived_from_a_generated_one_keeps_its_checks() -> None:
    outcome = next(outcome for outcome in required("draft2020-12") if outcome.case.file == "not")
    assert outcome.contract is not None
    derived = type("Derived", (outcome.contract.model,), {"__module__": __name__})
    for test in outcome.case.tests:
        assert (not model_findings(derived, test.data)) is test.valid
