"""Validators have the suite's verdict, and findings exactly when a document is invalid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from nonconforming import reasons
from official import DRAFTS, Case, suite

from wirelock.runtime.schema.validator import SchemaRefused, Schemas


def differing(cases: Iterable[Case]) -> Iterator[tuple[str, str]]:
    """The tests whose verdict is not the suite's, each with what happened instead."""
    for case in cases:
        documents = {"main": case.schema, **suite().registry(case)}
        try:
            validator = Schemas(documents, unknown_fields="keep", format_assertion=False).validator("main")
        except SchemaRefused as refused:
            yield from ((test.key, f"refused: {refused}") for test in case.tests)
            continue
        for test in case.tests:
            verdict, findings = validator.is_valid_instance(test.data), validator.instance_findings(test.data)
            if verdict is not test.valid or (not findings) is not test.valid:
                yield test.key, f"verdict {verdict}, findings {findings}"


@pytest.mark.parametrize("draft", DRAFTS)
def test_every_required_test_is_right(draft: str) -> None:
    assert dict(differing(suite().required(draft))) == {}


@pytest.mark.parametrize("draft", DRAFTS)
def test_optional_tests_are_right_or_listed_with_a_reason(draft: str) -> None:
    wrong = dict(differing(suite().optional(draft)))
    assert sorted(wrong) == sorted(reasons("validators", suite().optional(draft))), wrong
