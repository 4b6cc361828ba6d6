"""Unions: one finding for a value that matches no branch, about the nearest branch; and references."""

from __future__ import annotations

from typing import Any

import pytest
from schema_findings import DRAFT_07, build_validator, find_findings

from wirelock.runtime.schema.validator import Schemas, UnusableSchemaError


def build_kind(index: int) -> Any:
    """Return a branch of a union with the tag `type`."""
    properties = {"type": {"const": f"kind-{index}"}, "value": {"type": "integer"}}
    return {"type": "object", "properties": properties, "required": ["type"]}


KINDS = "".join(f'"kind-{index}", ' for index in range(8)).removesuffix(", ")


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
@pytest.mark.parametrize(
    ("value", "pointer", "message"),
    [
        ({"type": "kin-19"}, "/type", f'expected {KINDS} or 12 more, got string "kin-19"; did you mean "kind-19"?'),
        ({"type": 3, "value": "x"}, "/type", f"expected {KINDS} or 12 more, got integer 3"),
        ({"value": "x"}, "/type", "required property `type` is missing"),
        ({"type": "kind-7", "value": "x"}, "/value", 'expected integer, got string "x"'),
        ([], "", "expected object, got array of 0 items"),
    ],
)
def test_a_union_of_twenty_is_one_finding(keyword: str, value: Any, pointer: str, message: str) -> None:
    union = {keyword: [build_kind(index) for index in range(20)]}
    (finding,) = find_findings(union, value, "warn")
    assert (finding.pointer, finding.message) == (pointer, message)


# the discriminator is a property of a property
NESTED: Any = {
    "anyOf": [
        {
            "properties": {"s": {"type": "object", "properties": {"t": {"const": tag}}, "required": ["t"]}},
            "required": ["s"],
        }
        for tag in ("a", "b")
    ]
}
PAIRS: Any = {
    "anyOf": [
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a", "b"]},
        {"type": "object", "properties": {"a": {"type": "string"}, "c": {"type": "integer"}}, "required": ["a", "c"]},
    ]
}
# schema, value, and the one finding: pointer, schema location, message
NEAREST: list[tuple[Any, Any, str, str, str]] = [
    (NESTED, {"s": {"t": "c"}}, "/s/t", "/anyOf", 'expected "a" or "b", got string "c"'),
    (NESTED, {"s": {}}, "/s/t", "/anyOf", "required property `t` is missing"),
    (NESTED, {}, "/s", "/anyOf", "required property `s` is missing"),
    (PAIRS, {"a": "x", "c": "y"}, "/c", "/anyOf/1/properties/c/type", 'expected integer, got string "y"'),
    (PAIRS, {"a": 1, "b": "x"}, "/a", "/anyOf/0/properties/a/type", "expected string, got integer 1"),
    (
        {"anyOf": [{"const": 1}, {"const": 2}, {"type": "string"}]},
        3,
        "",
        "/anyOf",
        "expected 1, 2 or string, got integer 3",
    ),
    (
        {"anyOf": [{"const": "a"}, {"enum": ["b", "c"]}]},
        "d",
        "",
        "/anyOf",
        'expected "a", "b" or "c", got string "d"',
    ),
    (
        {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 1}]},
        0,
        "",
        "/anyOf/1/minimum",
        "expected at least 1, got 0",
    ),
    ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, "", "", "/anyOf", 'expected null or integer, got string ""'),
    ({"anyOf": [False]}, 0, "", "/anyOf", "expected no value, got integer 0"),
]


@pytest.mark.parametrize("example", NEAREST, ids=lambda example: f"{example[2]}-{example[4][:30]}")
def test_the_finding_is_about_the_nearest_branch(example: tuple[Any, Any, str, str, str]) -> None:
    schema, value, pointer, location, message = example
    (finding,) = find_findings(schema, value)
    assert (finding.pointer, finding.schema, finding.message) == (pointer, f"main#{location}", message)


@pytest.mark.parametrize(
    ("base", "accepted", "rejected"),
    [
        ({"enum": ["a"]}, ["a", "b"], [None, 1]),
        ({"enum": ["a"], "type": ["string", "null"]}, ["b"], [None]),
        ({"enum": ["a", None]}, ["b", None], [1]),
        ({"enum": ["a", None], "type": "string"}, ["b"], [None]),
        ({"enum": ["a", 1]}, ["a", 1], ["b", None]),
        ({"enum": ["a", 1], "type": ["string", "number"]}, ["a", 1], ["b", None]),
        ({"enum": ["a", 1], "type": "string"}, ["a", "b"], [1]),
        ({"enum": [1]}, [1], [2, "a"]),
    ],
)
def test_an_extensible_enum_of_strings_accepts_other_strings(
    base: Any, accepted: list[Any], rejected: list[Any]
) -> None:
    schema = {**base, "x-extensible-enum": True}
    assert [find_findings(schema, value) for value in accepted] == [()] * len(accepted)
    assert all(find_findings(schema, value) for value in rejected)
    assert all(find_findings({**base, "x-extensible-enum": False}, value) for value in ("b", *rejected))


# references

TREE: Any = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["value"],
}


def test_recursion_ends_with_the_document() -> None:
    value = {"value": 1, "children": [{"value": 1, "children": [{"value": "x"}]}, {}]}
    pointers = [finding.pointer for finding in find_findings(TREE, value)]
    assert pointers == ["/children/0/children/0/value", "/children/1/value"]


def test_a_deep_document_of_a_recursive_schema() -> None:
    document: Any = {"value": "x"}
    for _ in range(200):
        document = {"value": 1, "children": [document]}
    (finding,) = find_findings(TREE, document)
    assert finding.pointer == "/children/0" * 200 + "/value"


def test_a_schema_that_refers_to_itself_accepts_everything() -> None:
    assert find_findings({"$ref": "#"}, 1) == ()
    (finding,) = find_findings({"allOf": [{"$ref": "#"}], "type": "string"}, 1)
    assert finding.schema == "main#/type"


def test_two_schemas_may_refer_to_each_other() -> None:
    ping, pong = (
        {"properties": {"next": {"$ref": "pong"}}},
        {"type": "object", "properties": {"next": {"$ref": "main"}}},
    )
    (finding,) = find_findings(ping, {"next": {"next": {"next": 1}}}, pong=pong)
    assert (finding.pointer, finding.schema) == ("/next/next/next", "pong#/type")


def test_references_by_file_anchor_and_id() -> None:
    schema = {
        "$id": "https://api.example/root",
        "properties": {
            "file": {"$ref": "sub/other.json#/$defs/n"},
            "anchor": {"$ref": "#here"},
            "id": {"$ref": "named"},
        },
        "$defs": {"x": {"$anchor": "here", "type": "null"}, "y": {"$id": "named", "type": "boolean"}},
    }
    others: dict[str, Any] = {"sub/other.json": {"$defs": {"n": {"type": "integer"}}}}
    findings = find_findings(schema, {"file": "", "anchor": "", "id": ""}, **others)
    assert [finding.schema for finding in findings] == [
        "sub/other.json#/$defs/n/type",
        "main#/$defs/x/type",
        "main#/$defs/y/type",
    ]


def test_a_dynamic_reference_resolves_to_the_outermost_anchor() -> None:
    tree = {"$dynamicAnchor": "node", "type": "object", "properties": {"kids": {"items": {"$dynamicRef": "#node"}}}}
    strict = {"$dynamicAnchor": "node", "$ref": "tree", "properties": {"v": {"type": "integer"}}, "required": ["v"]}
    (finding,) = find_findings(strict, {"v": 1, "kids": [{}]}, tree=tree)
    assert (finding.pointer, finding.schema) == ("/kids/0/v", "main#/required")
    assert find_findings(tree, {"kids": [{}]}) == ()


def test_in_draft_07_siblings_of_a_reference_are_ignored() -> None:
    schema = {"definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n", "minimum": 5}}}
    assert find_findings({"$schema": DRAFT_07, **schema}, {"a": 1}) == ()
    (finding,) = find_findings(schema, {"a": 1})
    assert finding.keyword == "minimum"
    (finding,) = find_findings({"$schema": DRAFT_07, **schema}, {"a": "1"})
    assert finding.schema == "main#/definitions/n/type"


def test_in_draft_07_keywords_of_later_drafts_are_ignored() -> None:
    later = {"prefixItems": [False], "dependentRequired": {"a": ["b"]}, "unevaluatedProperties": False}
    assert find_findings({"$schema": DRAFT_07, **later}, {"a": 1}) == ()
    (finding,) = find_findings({"$schema": DRAFT_07, "items": [True], "additionalItems": False}, [1, 2])
    assert (finding.pointer, finding.keyword) == ("/1", "additionalItems")
    assert find_findings({"prefixItems": [True], "additionalItems": False}, [1, 2]) == ()


@pytest.mark.parametrize("reference", ["nowhere", "#/$defs/nowhere", "https://elsewhere.example/a", "#anchor"])
def test_an_unresolvable_reference_is_rejected(reference: str) -> None:
    with pytest.raises(UnusableSchemaError) as error:
        build_validator({"properties": {"a": {"$ref": reference}}})
    assert error.value.location == "main#/properties/a/$ref"
    assert error.value.reason == f"the reference `{reference}` does not resolve to a schema"


def test_a_validator_of_an_unknown_schema_is_rejected() -> None:
    schemas = Schemas({"main": TREE}, unknown_fields="keep", format_assertion=False)
    assert schemas.get_validator("main#/properties/value").is_valid("1")
    for name in ("other", "main#/properties/nothing", "main#nothing"):
        with pytest.raises(UnusableSchemaError, match="schema not found"):
            schemas.get_validator(name)


@pytest.mark.parametrize(
    ("schema", "location"),
    [
        ({"properties": {"a/b": {"pattern": "a(?=b)"}}}, "main#/properties/a~1b/pattern"),
        ({"patternProperties": {"a(?=b)": True}}, "main#/patternProperties/a(?=b)"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"pattern": "a(?=b)"}}}, "main#/$defs/x/pattern"),
    ],
)
def test_an_unsupported_pattern_is_rejected_if_it_applies(schema: Any, location: str) -> None:
    with pytest.raises(UnusableSchemaError) as error:
        build_validator(schema)
    assert error.value.location == location
    reason = "the pattern `a(?=b)` is not supported: look-ahead `(?=` needs a backtracking engine"
    assert error.value.reason == reason


@pytest.mark.parametrize("pattern", ["a(?=b)", r"\p{Nothing}", "(" * 3000 + ")" * 3000], ids=lambda text: text[:12])
def test_an_unsupported_pattern_is_ignored_if_it_does_not_apply(pattern: str) -> None:
    unused = {"type": "string", "$defs": {"x": {"pattern": pattern, "patternProperties": {pattern: True}}}}
    assert build_validator(unused).check('"a"') == ()
