"""Validator, model and codec have one verdict on every test of the suite, and protobuf gives back what is valid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from batches import Outcome, optional, required
from nonconforming import reasons
from official import DRAFTS

from wirelock.runtime.json.text import dump
from wirelock.traffic.conformance.verdict import Verdict, judge

pytestmark = pytest.mark.xdist_group("suite")  # its cases are compiled once


def judged(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, Verdict]]:
    """Every test of the schemas that are compiled, with what all artefacts say of it."""
    for outcome in outcomes:
        if outcome.contract is not None:
            for test in outcome.case.tests:
                yield test.key, judge(outcome.contract, dump(test.data))


def agree(found: Sequence[tuple[str, Verdict]]) -> None:
    """No two artefacts differ, and no value comes back as another one without a word."""
    assert {key: verdict.disagreement for key, verdict in found if verdict.disagreement} == {}
    assert {key: verdict.loss for key, verdict in found if verdict.loss} == {}


def not_equal(found: Sequence[tuple[str, Verdict]]) -> list[str]:
    """The valid documents that do not come back as they were."""
    return sorted(key for key, verdict in found if verdict.valid and verdict.round_trip != "equal")


@pytest.mark.parametrize("draft", DRAFTS)
def test_required_tests_come_back_equal(draft: str) -> None:
    found = list(judged(required(draft)))
    agree(found)
    assert not_equal(found) == []


@pytest.mark.parametrize("draft", DRAFTS)
def test_optional_tests_come_back_equal_or_are_listed(draft: str) -> None:
    found = list(judged(optional(draft)))
    agree(found)
    assert not_equal(found) == sorted(reasons("codecs", [outcome.case for outcome in optional(draft)]))
