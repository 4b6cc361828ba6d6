"""Validators of one small schema, for the tests of validators."""

from __future__ import annotations

from typing import Any

from wirelock.runtime.findings import Finding
from wirelock.runtime.json.text import dump
from wirelock.runtime.schema.validator import Schemas, Validator

DRAFT_07 = "http://json-schema.org/draft-07/schema#"


def validator(schema: Any, policy: str = "keep", formats: bool = False, **others: Any) -> Validator:
    """The validator of one schema, which is called `main`, among others by name."""
    return Schemas({"main": schema, **others}, unknown_fields=policy, format_assertion=formats).validator("main")


def found(schema: Any, value: Any, policy: str = "keep", **others: Any) -> tuple[Finding, ...]:
    """What is wrong with a value; the verdict always is whether something is."""
    ours = validator(schema, policy, formats=True, **others)
    findings = ours.findings(dump(value))
    assert ours.is_valid(dump(value)) is all(finding.warning for finding in findings)
    assert findings == ours.instance_findings(value)
    return findings
