"""Test suite: validators agree with it, and have findings exactly for invalid documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from nonconforming import find_reasons
from official import DRAFTS, SuiteCase, load_suite

from wirelock.runtime.schema.validator import Schemas, UnusableSchemaError

pytestmark = pytest.mark.long


def find_differences(cases: Iterable[SuiteCase]) -> Iterator[tuple[str, str]]:
    """Yield the tests that the validator fails, each with the actual result."""
    for case in cases:
        documents = {"main": case.schema, **load_suite().build_registry(case)}
        try:
            validator = Schemas(documents, unknown_fields="keep", format_assertion=False).get_validator("main")
        except UnusableSchemaError as error:
            yield from ((test.key, f"rejected: {error}") for test in case.tests)
            continue
        for test in case.tests:
            verdict, findings = validator.is_valid_instance(test.data), validator.check_instance(test.data)
            if verdict is not test.valid or (not findings) is not test.valid:
                yield test.key, f"verdict {verdict}, findings {findings}"


@pytest.mark.parametrize("draft", DRAFTS)
def test_required_tests_pass(draft: str) -> None:
    assert dict(find_differences(load_suite().load_required(draft))) == {}


@pytest.mark.parametrize("draft", DRAFTS)
def test_optional_tests_pass_or_are_listed_with_a_reason(draft: str) -> None:
    wrong = dict(find_differences(load_suite().load_optional(draft)))
    assert sorted(wrong) == sorted(find_reasons("validators", load_suite().load_optional(draft))), wrong
