"""Validators: every assertion, with an example of its finding."""

from __future__ import annotations

from typing import Any

import pytest
from schema_findings import DRAFT_07, build_validator, find_findings

from wirelock.runtime.findings import MALFORMED, VIOLATION, Finding
from wirelock.runtime.schema.messages import MESSAGES

# schema, value, and the one finding: pointer, keyword, schema location below `main#`, message
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
        "property `b` is missing but required by `a`",
    ),
    (
        {"$schema": DRAFT_07, "dependencies": {"a": ["b"]}},
        {"a": 1},
        "/b",
        "dependencies",
        "/dependencies",
        "property `b` is missing but required by `a`",
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
    ({"format": "date"}, "today", "", "format", "/format", 'string "today" does not match the format `date`'),
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
        "expected at least 1 item matching `contains`, got 0",
    ),
    (
        {"contains": {"const": 1}, "minContains": 2},
        [1],
        "",
        "minContains",
        "/minContains",
        "expected at least 2 items matching `contains`, got 1",
    ),
    (
        {"contains": {"const": 1}, "maxContains": 1},
        [1, 1],
        "",
        "maxContains",
        "/maxContains",
        "expected at most 1 item matching `contains`, got 2",
    ),
    ({"not": {"type": "null"}}, None, "", "not", "/not", "expected a value that does not match `not`, got null"),
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
        "2 of 3 branches match, expected exactly one",
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
def test_a_violation_is_one_finding_with_this_message(example: tuple[Any, Any, str, str, str, str]) -> None:
    schema, value, pointer, keyword, location, message = example
    assert find_findings(schema, value) == (Finding(pointer, VIOLATION, message, keyword, f"main#{location}"),)


def test_every_keyword_that_can_fail_has_an_example() -> None:
    ends = {location.rpartition("/")[2] for _, _, _, _, location, _ in EXAMPLES}
    assert set(MESSAGES) <= ends


VALID: list[tuple[Any, Any]] = [
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


@pytest.mark.parametrize(("schema", "value"), VALID)
def test_a_valid_value_has_no_findings(schema: Any, value: Any) -> None:
    assert find_findings(schema, value) == ()


def test_a_value_of_the_wrong_type_is_one_finding() -> None:
    schema = {"type": "string", "enum": ["a"], "allOf": [{"type": "string"}, {"const": "a"}]}
    (finding,) = find_findings(schema, 1)
    assert (finding.keyword, finding.message) == ("type", "expected string, got integer 1")


def test_several_violations_are_several_findings() -> None:
    schema = {"properties": {"a": {"minLength": 3, "pattern": "^x"}, "b": {"type": "null"}}, "required": ["c"]}
    pointers = [(finding.pointer, finding.keyword) for finding in find_findings(schema, {"a": "y", "b": 1})]
    assert pointers == [("/c", "required"), ("/a", "minLength"), ("/a", "pattern"), ("/b", "type")]


def test_text_that_is_not_i_json_is_malformed() -> None:
    (finding,) = build_validator(True).check(b'{"a": 1, "a": 2}')
    assert (finding.code, finding.message) == (MALFORMED, "duplicate name `a` at line 1, column 10")
    assert not build_validator(True).is_valid(b"nonsense")


def test_format_is_asserted_only_if_configured() -> None:
    schema = {"format": "date"}
    assert build_validator(schema, formats=False).check('"today"') == ()
    assert not build_validator(schema, formats=True).is_valid('"today"')


def test_messages_contain_no_control_characters() -> None:
    (finding,) = find_findings({"type": "null"}, "\x1b[2J\u202e" + "x" * 100)
    assert finding.message == 'expected null, got string "\\u001b[2J\\u202e' + "x" * 55 + '…"'
