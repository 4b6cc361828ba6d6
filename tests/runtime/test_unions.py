"""Unions: one finding for a value that no branch takes, about the branch that was meant; and references."""

from __future__ import annotations

from typing import Any

import pytest
from small import DRAFT_07, found, validator

from wirelock.runtime.schema.validator import SchemaRefused, Schemas


def kind(index: int) -> Any:
    """One branch of a union told apart by `type`."""
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
    union = {keyword: [kind(index) for index in range(20)]}
    (only,) = found(union, value, "warn")
    assert (only.pointer, only.message) == (pointer, message)


# what tells the branches apart stands in a property of a property
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
# schema, value, and the one finding: pointer, place in the schema, message
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
def test_the_nearest_branch_has_the_say(example: tuple[Any, Any, str, str, str]) -> None:
    schema, value, pointer, place, message = example
    (only,) = found(schema, value)
    assert (only.pointer, only.schema, only.message) == (pointer, f"main#{place}", message)


@pytest.mark.parametrize(
    ("stated", "accepted", "refused"),
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
def test_an_extensible_enum_of_strings_takes_other_strings(
    stated: Any, accepted: list[Any], refused: list[Any]
) -> None:
    schema = {**stated, "x-extensible-enum": True}
    assert [found(schema, value) for value in accepted] == [()] * len(accepted)
    assert all(found(schema, value) for value in refused)
    assert all(found({**stated, "x-extensible-enum": False}, value) for value in ("b", *refused))


# references

TREE: Any = {
    "type": "object",
    "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["value"],
}


def test_recursion_ends_where_the_document_does() -> None:
    value = {"value": 1, "children": [{"value": 1, "children": [{"value": "x"}]}, {}]}
    pointers = [finding.pointer for finding in found(TREE, value)]
    assert pointers == ["/children/0/children/0/value", "/children/1/value"]


def test_a_deep_document_of_a_recursive_schema() -> None:
    document: Any = {"value": "x"}
    for _ in range(200):
        document = {"value": 1, "children": [document]}
    (only,) = found(TREE, document)
    assert only.pointer == "/children/0" * 200 + "/value"


def test_a_schema_that_is_itself_asks_nothing_more() -> None:
    assert found({"$ref": "#"}, 1) == ()
    (only,) = found({"allOf": [{"$ref": "#"}], "type": "string"}, 1)
    assert only.schema == "main#/type"


def test_two_schemas_may_go_round_in_a_circle() -> None:
    ping, pong = (
        {"properties": {"next": {"$ref": "pong"}}},
        {"type": "object", "properties": {"next": {"$ref": "main"}}},
    )
    (only,) = found(ping, {"next": {"next": {"next": 1}}}, pong=pong)
    assert (only.pointer, only.schema) == ("/next/next/next", "pong#/type")


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
    other = {"$defs": {"n": {"type": "integer"}}}
    findings = found(schema, {"file": "", "anchor": "", "id": ""}, **{"sub/other.json": other})
    assert [finding.schema for finding in findings] == [
        "sub/other.json#/$defs/n/type",
        "main#/$defs/x/type",
        "main#/$defs/y/type",
    ]


def test_a_dynamic_reference_means_the_outermost() -> None:
    tree = {"$dynamicAnchor": "node", "type": "object", "properties": {"kids": {"items": {"$dynamicRef": "#node"}}}}
    strict = {"$dynamicAnchor": "node", "$ref": "tree", "properties": {"v": {"type": "integer"}}, "required": ["v"]}
    (only,) = found(strict, {"v": 1, "kids": [{}]}, tree=tree)
    assert (only.pointer, only.schema) == ("/kids/0/v", "main#/required")
    assert found(tree, {"kids": [{}]}) == ()


def test_in_draft_07_a_reference_stands_alone_and_definitions_hold_schemas() -> None:
    schema = {"definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n", "minimum": 5}}}
    assert found({"$schema": DRAFT_07, **schema}, {"a": 1}) == ()
    (only,) = found(schema, {"a": 1})
    assert only.keyword == "minimum"
    (only,) = found({"$schema": DRAFT_07, **schema}, {"a": "1"})
    assert only.schema == "main#/definitions/n/type"


def test_in_draft_07_keywords_of_later_drafts_mean_nothing() -> None:
    later = {"prefixItems": [False], "dependentRequired": {"a": ["b"]}, "unevaluatedProperties": False}
    assert found({"$schema": DRAFT_07, **later}, {"a": 1}) == ()
    (only,) = found({"$schema": DRAFT_07, "items": [True], "additionalItems": False}, [1, 2])
    assert (only.pointer, only.keyword) == ("/1", "additionalItems")
    assert found({"prefixItems": [True], "additionalItems": False}, [1, 2]) == ()


@pytest.mark.parametrize("reference", ["nowhere", "#/$defs/nowhere", "https://elsewhere.example/a", "#anchor"])
def test_a_reference_to_nothing_is_refused(reference: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        validator({"properties": {"a": {"$ref": reference}}})
    assert refused.value.where == "main#/properties/a/$ref"
    assert refused.value.reason == f"refers to `{reference}`, which is not one of the schemas"


def test_a_validator_of_nothing_is_refused() -> None:
    schemas = Schemas({"main": TREE}, unknown_fields="keep", format_assertion=False)
    assert schemas.validator("main#/properties/value").is_valid("1")
    for name in ("other", "main#/properties/nothing", "main#nothing"):
        with pytest.raises(SchemaRefused, match="there is no such schema"):
            schemas.validator(name)


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        ({"properties": {"a/b": {"pattern": "a(?=b)"}}}, "main#/properties/a~1b/pattern"),
        ({"patternProperties": {"a(?=b)": True}}, "main#/patternProperties/a(?=b)"),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"pattern": "a(?=b)"}}}, "main#/$defs/x/pattern"),
    ],
)
def test_a_pattern_with_look_ahead_is_refused_where_it_counts(schema: Any, where: str) -> None:
    with pytest.raises(SchemaRefused) as refused:
        validator(schema)
    assert refused.value.where == where
    words = "the pattern `a(?=b)` cannot be used: look-ahead `(?=` needs an engine that backtracks"
    assert refused.value.reason == words


@pytest.mark.parametrize("pattern", ["a(?=b)", r"\p{Nothing}", "(" * 3000 + ")" * 3000], ids=lambda text: text[:12])
def test_a_pattern_that_nothing_uses_does_no_harm(pattern: str) -> None:
    unused = {"type": "string", "$defs": {"x": {"pattern": pattern, "patternProperties": {pattern: True}}}}
    assert validator(unused).findings('"a"') == ()
