"""Counting keywords: a wider limit is proved, a narrower one is refuted by a document just beyond it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

import wirelock

TEXT = {"type": "string"}
LETTERS = {"a": TEXT, "b": TEXT, "c": TEXT}
MAP = {"additionalProperties": TEXT}
CLOSED = {"properties": LETTERS, "additionalProperties": False}
LONG = {"items": TEXT, "contains": {"minLength": 3}}
X = {"contains": {"const": "x"}}
WHOLE = {"contains": {"type": "integer"}}

OBJECTS: list[tuple[Any, Any]] = [
    ({"minProperties": 2}, {"minProperties": 4}),
    ({"properties": LETTERS, "minProperties": 1}, {"properties": LETTERS, "minProperties": 2}),
    ({"properties": LETTERS, "maxProperties": 3}, {"properties": LETTERS, "maxProperties": 2}),
    ({**CLOSED, "maxProperties": 3}, {**CLOSED, "maxProperties": 2}),
    ({**MAP, "maxProperties": 30}, {**MAP, "maxProperties": 20}),
    ({**MAP, "minProperties": 3}, {**MAP, "minProperties": 5}),
    ({**MAP, "required": ["x"], "minProperties": 3}, {**MAP, "required": ["x"], "minProperties": 5}),
    (MAP, {**MAP, "minProperties": 5}),
    (MAP, {**MAP, "maxProperties": 5}),
    ({"properties": LETTERS}, {"properties": LETTERS, "maxProperties": 5}),
    ({"required": ["x"]}, {"required": ["x", "y"]}),
    ({"properties": LETTERS, "required": ["a", "x"]}, {"properties": LETTERS, "required": ["a", "x", "y"]}),
    ({"properties": LETTERS}, {"properties": LETTERS, "required": ["y"]}),
    ({**MAP, "required": ["x"]}, {**MAP, "required": ["x", "y"]}),
]
LISTS: list[tuple[Any, Any]] = [
    ({**X, "minContains": 2}, {**X, "minContains": 3}),
    ({**X, "maxContains": 4}, {**X, "maxContains": 3}),
    ({**WHOLE, "minContains": 2}, {**WHOLE, "minContains": 3}),
    ({**LONG, "minContains": 2}, {**LONG, "minContains": 3}),
    ({**LONG, "maxContains": 5}, {**LONG, "maxContains": 3}),
    (LONG, {**LONG, "maxContains": 3}),
    ({**LONG, "minContains": 0, "maxContains": 9}, {**LONG, "maxContains": 9}),
    ({"items": TEXT, "minItems": 2}, {"items": TEXT, "minItems": 3}),
    ({"items": TEXT, "minItems": 50}, {"items": TEXT, "minItems": 70}),
    ({"items": TEXT, "maxItems": 100}, {"items": TEXT, "maxItems": 90}),
]
PAIRS = [
    ({"type": kind, **wide}, {"type": kind, **narrow})
    for kind, pairs in (("object", OBJECTS), ("array", LISTS))
    for wide, narrow in pairs
]


@pytest.mark.parametrize(("wide", "narrow"), PAIRS)
def test_wider_limit_is_proved(wide: Any, narrow: Any) -> None:
    report = wirelock.breaking(narrow, wide)
    assert report.backward
    assert not report.forward
    check_witness(report.forward_witness, wide, narrow)


@pytest.mark.parametrize(("wide", "narrow"), PAIRS)
def test_narrower_limit_is_refuted_by_a_document(wide: Any, narrow: Any) -> None:
    report = wirelock.breaking(wide, narrow)
    assert not report.backward
    assert report.forward
    check_witness(report.backward_witness, wide, narrow)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"contains": {"const": "x"}, "minContains": 2}, {"contains": {"const": "y"}, "minContains": 1}),
        ({"contains": {"const": "x"}, "maxContains": 2}, {"contains": {"const": "y"}, "maxContains": 3}),
        ({"minProperties": 1, "maxProperties": 3}, {"minProperties": 2, "maxProperties": 4}),
        ({"required": ["x"]}, {"required": ["y"]}),
    ],
)
def test_independent_limits_are_not_implied(old: Any, new: Any) -> None:
    report = wirelock.breaking(old, new)
    assert not report.backward
    assert not report.forward


def check_witness(witness: str, writer: Any, reader: Any) -> None:
    """Assert that a document is valid for the writer and invalid for the reader."""
    document = json.loads(witness)
    jsonschema.validate(document, writer)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, reader)
