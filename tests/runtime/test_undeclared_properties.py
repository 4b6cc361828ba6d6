"""Undeclared properties: which ones are reported, for every policy."""

from __future__ import annotations

from typing import Any

import pytest
from schema_findings import find_findings

from wirelock.runtime.findings import UNDECLARED_FIELD, VIOLATION, Finding

A: Any = {"type": "object", "properties": {"a": {"type": "integer"}}}
B: Any = {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]}
WHEN_K: Any = {"properties": {"k": {"const": 1}}, "required": ["k"]}

# schema, value, and the pointers of its undeclared properties
OPEN: dict[str, tuple[Any, Any, list[str]]] = {
    "nothing beside properties": (A, {"a": 1, "b": 2}, ["/b"]),
    "names are escaped": (A, {"b/c~": 2}, ["/b~1c~0"]),
    "in a list": ({"items": A}, [{"a": 1}, {"b": 1}], ["/1/b"]),
    "further in": ({"properties": {"in": A}}, {"in": {"b": 1}, "out": 2}, ["/in/b", "/out"]),
    "no properties at all": ({"type": "object"}, {"b": 1}, []),
    "only patterns": ({"patternProperties": {"^x": True}}, {"b": 1}, []),
    "patternProperties": ({**A, "patternProperties": {"^x-": True}}, {"a": 1, "x-b": 2, "c": 3}, ["/c"]),
    "additionalProperties, true": ({**A, "additionalProperties": True}, {"b": 1}, []),
    "additionalProperties, a schema": ({**A, "additionalProperties": {"type": "integer"}}, {"b": 1}, []),
    "unevaluatedProperties": ({"allOf": [A], "unevaluatedProperties": {"type": "integer"}}, {"b": 1}, []),
    "allOf": ({"allOf": [A, B]}, {"a": 1, "b": 2, "c": 3}, ["/c"]),
    "allOf, one of them open": ({"allOf": [A, {**B, "additionalProperties": True}]}, {"b": 2, "c": 3}, []),
    "allOf beside properties": ({**A, "allOf": [B]}, {"a": 1, "b": 2, "c": 3}, ["/c"]),
    "anyOf, both branches match": ({"anyOf": [A, B]}, {"a": 1, "b": 2, "c": 3}, ["/c"]),
    "anyOf, one branch matches": ({"anyOf": [A, B]}, {"a": "1", "b": 2, "c": 3}, ["/a", "/c"]),
    "anyOf with a free-form branch": ({"anyOf": [A, {"type": "object"}]}, {"a": 1, "c": 3}, []),
    "oneOf": ({"oneOf": [{**A, "required": ["a"]}, B]}, {"b": 2, "c": 3}, ["/c"]),
    "$ref": ({"$ref": "#/$defs/a", "$defs": {"a": A}}, {"a": 1, "c": 3}, ["/c"]),
    "$ref beside properties": (
        {"$ref": "#/$defs/a", "properties": {"c": True}, "$defs": {"a": A}},
        {"a": 1, "c": 3, "d": 4},
        ["/d"],
    ),
    "then": ({"if": WHEN_K, "then": A, "else": B}, {"k": 1, "a": 1, "c": 2}, ["/c"]),
    "else": ({"if": WHEN_K, "then": A, "else": B}, {"a": 1, "b": 2}, ["/a"]),
    "dependentSchemas": ({**A, "dependentSchemas": {"a": B}}, {"a": 1, "b": 2, "c": 3}, ["/c"]),
    "not declares nothing": ({**A, "not": {"required": ["x"], "properties": {"b": True}}}, {"b": 1}, ["/b"]),
    "required declares beside properties": ({**A, "required": ["b"]}, {"b": 1, "c": 2}, ["/c"]),
}


@pytest.mark.parametrize("policy", ["error", "warn", "keep"])
@pytest.mark.parametrize("name", OPEN)
def test_undeclared_properties_are_reported_by_policy(name: str, policy: str) -> None:
    schema, value, pointers = OPEN[name]
    findings = find_findings(schema, value, policy)
    assert sorted(finding.pointer for finding in findings) == ([] if policy == "keep" else pointers)
    assert {finding.code for finding in findings} <= {UNDECLARED_FIELD}
    assert {finding.warning for finding in findings} <= {policy == "warn"}


def test_the_message() -> None:
    assert find_findings(A, {"b": 1}, "warn") == (
        Finding("/b", UNDECLARED_FIELD, "property `b` is not declared", warning=True),
    )


@pytest.mark.parametrize("policy", ["error", "warn", "keep"])
def test_additional_properties_of_the_schema_do_not_depend_on_policy(policy: str) -> None:
    (finding,) = find_findings({**A, "additionalProperties": False}, {"a": 1, "b": 2}, policy)
    assert (finding.pointer, finding.code, finding.warning) == ("/b", VIOLATION, False)
    (finding,) = find_findings({**A, "additionalProperties": {"type": "integer"}}, {"b": "2"}, policy)
    assert (finding.pointer, finding.code, finding.keyword) == ("/b", VIOLATION, "type")


def test_a_violation_elsewhere_makes_no_property_undeclared() -> None:
    findings = find_findings({"allOf": [A, B]}, {"a": "1", "b": 2, "c": 3}, "warn")
    assert [(finding.pointer, finding.code) for finding in findings] == [("/a", VIOLATION), ("/c", UNDECLARED_FIELD)]


def test_a_failed_branch_makes_no_property_undeclared() -> None:
    union = {"anyOf": [{**A, "required": ["a"]}, B]}
    findings = find_findings(union, {"a": "1"}, "warn")
    assert [(finding.pointer, finding.code) for finding in findings] == [("/a", VIOLATION)]
