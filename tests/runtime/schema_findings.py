"""Validators of single schemas, and their findings."""

from __future__ import annotations

from typing import Any

from wirelock.runtime.findings import Finding
from wirelock.runtime.json.text import dump
from wirelock.runtime.schema.validator import Schemas, Validator

DRAFT_07 = "http://json-schema.org/draft-07/schema#"


def build_validator(schema: Any, policy: str = "keep", formats: bool = False, **others: Any) -> Validator:
    """Return the validator of a schema named `main`; it may refer to the others by name."""
    return Schemas({"main": schema, **others}, unknown_fields=policy, format_assertion=formats).get_validator("main")


def find_findings(schema: Any, value: Any, policy: str = "keep", **others: Any) -> tuple[Finding, ...]:
    """Return the findings for a value, and check that they agree with the verdict."""
    validator = build_validator(schema, policy, formats=True, **others)
    findings = validator.check(dump(value))
    assert validator.is_valid(dump(value)) is all(finding.warning for finding in findings)
    assert findings == validator.check_instance(value)
    return findings
