"""Validators over small documents: every keyword that can fail, with the one finding for it."""

from __future__ import annotations

from typing import Any

import pytest
from small import DRAFT_07, found, validator

from wirelock.runtime.findings import MALFORMED, VIOLATION, Finding
from wirelock.runtime.schema.messages import MESSAGES

# schema, value, and the one finding: pointer, keyword, place in the schema below `main#`, message
EXAMPLES: list[tuple[Any, Any, str, str, str, str]] = [
    (False, 1, "", "", "", "no value is allowed, got integer 1"),
    ({"properties": {"a": False}}, {"a": 1}, "/a", "properties", "/properties/a", "property `a` is not allowed"),
    ({"prefixItems": [True], "items": False}, [1, 2], "/1", "items", "/items", "item 1 is not allowed"),
    (
        {"properties": {"a": True}, "additionalProperties": False},
        {"a": 1, "b/c": 2},
        "/b~1c",
        "additionalProperties",
        "/additionalProperties",
        "property `b/c` is not allowed",
    ),
    ({"required": ["a"]}, {"b": 1}, "/a", "required", "/required", "required property `a` is missing"),
    (
        {"dependentRequired": {"a": ["b"]}},
        {"a": 1},
        "/b",
        "dependentRequired",
        "/dependentRequired",
        "property `b` is missing, which `a` requires",
    ),
    (
        {"$schema": DRAFT_07, "dependencies": {"a": ["b"]}},
        {"a": 1},
        "/b",
        "dependencies",
        "/dependencies",
        "property `b` is missing, which `a` requires",
    ),
    ({"type": "string"}, 1.0, "", "type", "/type", "expected string, got integer 1"),
    (
        {"type": ["number", "integer", "null"]},
        True,
        "",
        "type",
        "/type",
        "expected number or null, got boolean true",
    ),
    (
        {"enum": ["open", "closed"]},
        "opne",
        "",
        "enum",
        "/enum",
        'expected "open" or "closed", got string "opne"; did you mean "open"?',
    ),
    ({"const": 1}, True, "", "const", "/const", "expected 1, got boolean true"),
    ({"minimum": 1}, 0.5, "", "minimum", "/minimum", "expected at least 1, got 0.5"),
    ({"maximum": 1}, 2, "", "maximum", "/maximum", "expected at most 1, got 2"),
    ({"exclusiveMinimum": 1}, 1, "", "exclusiveMinimum", "/exclusiveMinimum", "expected more than 1, got 1"),
    ({"exclusiveMaximum": 1}, 1.0, "", "exclusiveMaximum", "/exclusiveMaximum", "expected less than 1, got 1"),
    ({"multipleOf": 0.01}, 0.015, "", "multipleOf", "/multipleOf", "expected a multiple of 0.01, got 0.015"),
    ({"minLength": 2}, "😀", "", "minLength", "/minLength", "expected at least 2 characters, got 1 character"),
    ({"maxLength": 1}, "ab", "", "maxLength", "/maxLength", "expected at most 1 character, got 2 characters"),
    ({"pattern": "^a$"}, "a\n", "", "pattern", "/pattern", 'string "a\\n" does not match the pattern `^a$`'),
    ({"format": "date"}, "today", "", "format", "/format", 'string "today" is not of the format `date`'),
    ({"minItems": 1}, [], "", "minItems", "/minItems", "expected at least 1 item, got 0 items"),
    ({"maxItems": 1}, [1, 2], "", "maxItems", "/maxItems", "expected at most 1 item, got 2 items"),
    ({"uniqueItems": True}, [0, 1, 1.0], "", "uniqueItems", "/uniqueItems", "items 1 and 2 are equal"),
    ({"minProperties": 1}, {}, "", "minProperties", "/minProperties", "expected at least 1 property, got 0 properties"),
    (
        {"maxProperties": 0},
        {"a": 1},
        "",
        "maxProperties",
        "/maxProperties",
        "expected at most 0 properties, got 1 property",
    ),
    (
        {"contains": {"const": 1}},
        [2],
        "",
        "contains",
        "/contains",
        "0 items of the kind asked for, expected at least 1",
    ),
    (
        {"contains": {"const": 1}, "minContains": 2},
        [1],
        "",
        "minContains",
        "/minContains",
        "1 item of the kind asked for, expected at least 2",
    ),
    (
        {"contains": {"const": 1}, "maxContains": 1},
        [1, 1],
        "",
        "maxContains",
        "/maxContains",
        "2 items of the kind asked for, expected at most 1",
    ),
    ({"not": {"type": "null"}}, None, "", "not", "/not", "null is what the schema rules out"),
    (
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        None,
        "",
        "anyOf",
        "/anyOf",
        "expected string or integer, got null",
    ),
    (
        {"oneOf": [{"minimum": 1}, {"maximum": 5}, {"const": 9}]},
        3,
        "",
        "oneOf",
        "/oneOf",
        "2 of 3 branches match, exactly one may",
    ),
    (
        {"propertyNames": {"maxLength": 1}},
        {"ab": 1},
        "/ab",
        "maxLength",
        "/propertyNames/maxLength",
        "property name: expected at most 1 character, got 2 characters",
    ),
    (
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"a": 1},
        "/b",
        "required",
        "/then/required",
        "required property `b` is missing",
    ),
    ({"if": {"type": "null"}, "else": {"minimum": 1}}, 0, "", "minimum", "/else/minimum", "expected at least 1, got 0"),
    (
        {"dependentSchemas": {"a": {"required": ["b"]}}},
        {"a": 1},
        "/b",
        "required",
        "/dependentSchemas/a/required",
        "required property `b` is missing",
    ),
    (
        {"patternProperties": {"^x-": {"type": "string"}}},
        {"x-1": 1, "y": 1},
        "/x-1",
        "type",
        "/patternProperties/^x-/type",
        "expected string, got integer 1",
    ),
    (
        {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False},
        {"a": 1, "b": 2},
        "/b",
        "unevaluatedProperties",
        "/unevaluatedProperties",
        "property `b` is not allowed",
    ),
    (
        {"allOf": [{"prefixItems": [True]}], "unevaluatedItems": False},
        [1, 2],
        "/1",
        "unevaluatedItems",
        "/unevaluatedItems",
        "item 1 is not allowed",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example[3] or 'false'}-{example[2]}")
def test_a_broken_keyword_is_one_finding_in_these_words(example: tuple[Any, Any, str, str, str, str]) -> None:
    schema, value, pointer, keyword, place, message = example
    assert found(schema, value) == (Finding(pointer, VIOLATION, message, keyword, f"main#{place}"),)


def test_every_keyword_that_can_fail_has_an_example() -> None:
    ends = {place.rpartition("/")[2] for _, _, _, _, place, _ in EXAMPLES}
    assert set(MESSAGES) <= ends


FINE: list[tuple[Any, Any]] = [
    (True, None),
    ({"type": "integer"}, 1.0),
    ({"const": 1.0}, 1),
    ({"enum": [{"a": [1]}]}, {"a": [1.0]}),
    ({"multipleOf": 0.01}, 19.99),
    ({"maxLength": 1}, "😀"),
    ({"minimum": 5, "minLength": 5, "required": ["a"]}, []),
    ({"uniqueItems": True}, [1, True, "1", [1], [True]]),
    ({"contains": {"const": 1}, "minContains": 0}, []),
    ({"properties": {"a": False}}, {}),
    ({"maximum": 2**63}, 2**63),
    ({"exclusiveMaximum": 2**53 + 1}, 2**53),
]


@pytest.mark.parametrize(("schema", "value"), FINE)
def test_what_breaks_no_keyword_is_no_finding(schema: Any, value: Any) -> None:
    assert found(schema, value) == ()


def test_one_fault_is_one_finding_however_many_keywords_it_breaks() -> None:
    schema = {"type": "string", "enum": ["a"], "allOf": [{"type": "string"}, {"const": "a"}]}
    (only,) = found(schema, 1)
    assert (only.keyword, only.message) == ("type", "expected string, got integer 1")


def test_several_faults_are_several_findings() -> None:
    schema = {"properties": {"a": {"minLength": 3, "pattern": "^x"}, "b": {"type": "null"}}, "required": ["c"]}
    pointers = [(finding.pointer, finding.keyword) for finding in found(schema, {"a": "y", "b": 1})]
    assert pointers == [("/c", "required"), ("/a", "minLength"), ("/a", "pattern"), ("/b", "type")]


def test_text_that_is_not_i_json_has_no_verdict_of_the_schema() -> None:
    (only,) = validator(True).findings(b'{"a": 1, "a": 2}')
    assert (only.code, only.message) == (MALFORMED, "duplicate name `a` at line 1, column 10")
    assert not validator(True).is_valid(b"nonsense")


def test_format_counts_only_where_the_project_says_so() -> None:
    schema = {"format": "date"}
    assert validator(schema, formats=False).findings('"today"') == ()
    assert not validator(schema, formats=True).is_valid('"today"')


def test_messages_show_nothing_that_a_terminal_would_obey() -> None:
    (only,) = found({"type": "null"}, "\x1b[2J\u202e" + "x" * 100)
    assert only.message == 'expected null, got string "\\u001b[2J\\u202e' + "x" * 55 + '…"'
