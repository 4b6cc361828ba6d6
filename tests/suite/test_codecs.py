"""Test suite: validator, model and codec agree, and valid documents survive the round trip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from batches import CompiledCase, compile_optional, compile_required
from nonconforming import find_reasons
from official import DRAFTS

from wirelock.runtime.json.text import dump
from wirelock.traffic.conformance.verdict import Verdict, judge

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("suite")]  # its cases are compiled once


def judge_tests(outcomes: Sequence[CompiledCase]) -> Iterator[tuple[str, Verdict]]:
    """Yield the verdict of each test whose schema compiles."""
    for outcome in outcomes:
        if outcome.contract is not None:
            for test in outcome.case.tests:
                yield test.key, judge(outcome.contract, dump(test.data))


def check_agreement(verdicts: Sequence[tuple[str, Verdict]]) -> None:
    """Check that the artifacts agree, and that nothing is lost without a note."""
    assert {key: verdict.disagreement for key, verdict in verdicts if verdict.disagreement} == {}
    assert {key: verdict.loss for key, verdict in verdicts if verdict.loss} == {}


def find_unequal(verdicts: Sequence[tuple[str, Verdict]]) -> list[str]:
    """Return the tests whose valid document differs after the round trip."""
    return sorted(key for key, verdict in verdicts if verdict.is_valid and verdict.round_trip != "equal")


@pytest.mark.parametrize("draft", DRAFTS)
def test_required_tests_survive_the_round_trip(draft: str) -> None:
    verdicts = list(judge_tests(compile_required(draft)))
    check_agreement(verdicts)
    assert find_unequal(verdicts) == []


@pytest.mark.parametrize("draft", DRAFTS)
def test_optional_tests_survive_the_round_trip_or_are_listed(draft: str) -> None:
    verdicts = list(judge_tests(compile_optional(draft)))
    check_agreement(verdicts)
    assert find_unequal(verdicts) == sorted(
        find_reasons("codecs", [outcome.case for outcome in compile_optional(draft)])
    )
