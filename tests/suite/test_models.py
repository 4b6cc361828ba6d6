"""Test suite: models agree with the schema, and accept no invalid document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from batches import CompiledCase, compile_optional, compile_required
from nonconforming import find_reasons
from official import DRAFTS, load_suite

import wirelock
from wirelock.runtime.models.base import check_model

MIN_SHARE = 0.98
"""Share of tests in which models must agree with the schema."""
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("suite")]  # its cases are compiled once


@dataclass(frozen=True, slots=True)
class ModelVerdict:
    """A test with the expected validity of its document and the verdict of the model."""

    key: str
    valid: bool
    accepted: bool


def check_models(outcomes: Sequence[CompiledCase]) -> Iterator[ModelVerdict]:
    """Yield the verdict of each test whose schema has a model."""
    for outcome in outcomes:
        if outcome.contract is not None:
            for test in outcome.case.tests:
                verdicts = check_model(outcome.contract.model, test.data)
                yield ModelVerdict(test.key, test.valid, all(finding.warning for finding in verdicts))


@pytest.mark.parametrize("draft", DRAFTS)
def test_models_agree_with_the_schemas(draft: str) -> None:
    verdicts = list(check_models(compile_required(draft)))
    wrong = [verdict.key for verdict in verdicts if verdict.accepted is not verdict.valid]
    assert [verdict.key for verdict in verdicts if verdict.accepted and not verdict.valid] == []
    assert sorted(wrong) == sorted(find_reasons("models", [outcome.case for outcome in compile_required(draft)]))
    assert len(wrong) <= (1 - MIN_SHARE) * len(verdicts)


@pytest.mark.parametrize("draft", DRAFTS)
def test_models_differ_on_optional_tests_where_validators_do(draft: str) -> None:
    wrong = [verdict.key for verdict in check_models(compile_optional(draft)) if verdict.accepted is not verdict.valid]
    compiled = [outcome.case for outcome in compile_optional(draft) if outcome.contract is not None]
    assert sorted(wrong) == sorted(find_reasons("validators", compiled))


@pytest.mark.parametrize("draft", DRAFTS)
def test_every_schema_of_a_required_test_has_a_model(draft: str) -> None:
    assert [outcome.error for outcome in compile_required(draft) if outcome.contract is None] == []


def test_single_compilation_has_the_same_verdicts() -> None:
    """`wirelock.compile` is called for the cases with the most references to remote schemas."""
    for case in load_suite().load_required("draft2020-12"):
        if case.file == "refRemote":
            compiled = wirelock.compile(case.schema, registry=load_suite().build_registry(case))
            for test in case.tests:
                assert compiled.is_valid_instance(test.data) is test.valid
                assert (not check_model(compiled.model, test.data)) is test.valid


def test_a_class_derived_from_a_generated_one_keeps_its_checks() -> None:
    outcome = next(outcome for outcome in compile_required("draft2020-12") if outcome.case.file == "not")
    assert outcome.contract is not None
    derived = type("Derived", (outcome.contract.model,), {"__module__": __name__})
    for test in outcome.case.tests:
        assert (not check_model(derived, test.data)) is test.valid
