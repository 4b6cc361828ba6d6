"""Round trips through protobuf in the projects of `tests/scenarios`: equal, rejected, or lossy with a note.

Each document is checked by validator, model and codec, which agree.
"""

from __future__ import annotations

import json

import pytest
from projects import load_type

from wirelock.runtime.findings import UNDECLARED_FIELD, VIOLATION
from wirelock.traffic.conformance.verdict import Verdict, judge

ARTIFACTS = ("validator", "model", "codec")


def judge_text(name: str, text: str) -> Verdict:
    """Return the verdict of the artifacts, and check that they agree and lose nothing without a note."""
    verdict = judge(load_type(name), text.encode())
    assert verdict.disagreement == ""
    assert verdict.loss is None
    return verdict


EQUAL: dict[str, list[str]] = {
    "scalars-and-presence:order/order": [
        '{"id": "a", "count": 0, "paid": false}',
        '{"id": "a", "count": 1.0, "paid": true, "price": 0, "note": "", "code": 0, "gone": null}',
        '{"id": "\\u0000é😀", "count": -9223372036854775808, "paid": true, "code": 4294967295}',
        '{"id": "a", "count": 9223372036854775807, "paid": true, "price": -0.0}',
        '{"id": "a", "count": 9007199254740993, "paid": true, "price": 1e-320}',
        '{"id": "a", "count": 1e3, "paid": true, "price": 12345678901234567168}',
    ],
    "nullable-properties:order/order": [
        '{"requiredNullable": null}',
        '{"requiredNullable": ""}',
        '{"requiredNullable": "a", "optionalNullable": null}',
        '{"requiredNullable": "a", "optionalNullable": 0}',
        '{"requiredNullable": null, "nullableList": null}',
        '{"requiredNullable": null, "nullableList": []}',
        '{"requiredNullable": null, "nullableList": ["", "a"]}',
        '{"requiredNullable": null, "nullableRef": null, "nullableList": [], "optionalNullable": null}',
        '{"requiredNullable": null, "nullableRef": {"street": ""}}',
    ],
    "lists-and-maps:order/order": [
        '{"tags": []}',
        '{"tags": [""], "grid": [], "labels": {}, "nested": {}, "holes": [], "free": {}, "any": null}',
        '{"tags": ["a", "a"], "grid": [[], [0, 1.5], []]}',
        '{"tags": [], "labels": {"": "", "a/b~": "x"}, "nested": {"": [], "a": [0, -1]}}',
        '{"tags": [], "holes": [null, "", null]}',
        '{"tags": [], "free": {"a": {"b": [null, true, 1.5, "x", {}, []]}}, "any": [[], {}, null]}',
        '{"tags": [], "any": 0}',
        '{"tags": [], "any": {"": 9007199254740992}}',
        '{"tags": [], "pair": ["", 0]}',
    ],
    "enums-and-constants:order/order": [
        *(json.dumps({"state": state}) for state in ("open", "session.created.1", "non-git", "Red", "RED", "", "1")),
        '{"state": "open", "type": "order", "level": 1, "mixed": null, "later": "x"}',
        '{"state": "open", "level": 2.0, "mixed": 1}',
        '{"state": "open", "mixed": "a", "later": "y"}',
    ],
    "recursion:tree/node": [
        '{"value": 0}',
        '{"value": 1, "children": [], "parent": {"value": 2, "children": [{"value": 3}, {"value": 4}]}}',
    ],
    "all-of-merged:order/order": ['{"id": "", "total": 0}'],
    "across-packages:order/order": [
        '{"buyer": {"name": ""}}',
        '{"buyer": {"name": "a", "address": {}}}',
        '{"buyer": {"name": "a", "address": {"city": ""}}}',
    ],
    "names-that-collide:order/order": [
        "{}",
        '{"fooBar": "1", "foo-bar": "2", "foo_bar": "3", "a1": "4", "a_1": "5", "projectID": "6", "$schema": "7"}',
        '{"3d": "8", "class": "9", "explicit_fields": "10", "list": []}',
    ],
    "undeclared-kept:order/order": [
        '{"id": "a", "more": null, "": {"x": [1, {}]}, "id2": "b"}',
        '{"id": "a", "rest": "r", "explicit_fields": [1]}',
    ],
    "undeclared-kept:order/closed": ['{"id": "a"}'],
    "undeclared-kept:order/typed": ['{"id": "a"}', '{"id": "a", "b": 0, "": -1, "c": 9007199254740993}'],
    "unions:order/payment": ['{"kind": "card", "number": ""}', '{"kind": "cash"}'],
    "unions:order/order": [
        "{}",
        '{"payment": {"kind": "cash"}, "byType": false, "merged": "b", "nan": 0, "overlapping": {}}',
        '{"byType": [], "merged": "a", "nan": "NaN", "overlapping": {"a": "x", "b": "y"}}',
        '{"byType": {"field": ""}, "merged": "", "nan": "-Infinity", "overlapping": {"a": 1, "b": "y"}}',
        '{"byType": [""], "nan": 1e300}',
    ],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in EQUAL for text in EQUAL[name]])
def test_a_document_comes_back_equal(name: str, text: str) -> None:
    verdict = judge_text(name, text)
    assert verdict.round_trip == "equal"
    assert not any(not raised.finding.warning for raised in verdict.findings)


# type, document, and the pointer of the one violation
REJECTED: list[tuple[str, str, str]] = [
    ("scalars-and-presence:order/order", "[]", ""),
    ("scalars-and-presence:order/order", '{"id": "a", "count": 1}', "/paid"),
    ("scalars-and-presence:order/order", '{"id": "", "count": 1, "paid": true}', "/id"),
    ("scalars-and-presence:order/order", '{"id": "a", "count": 1.5, "paid": true}', "/count"),
    ("scalars-and-presence:order/order", '{"id": "a", "count": true, "paid": true}', "/count"),
    ("scalars-and-presence:order/order", '{"id": "a", "count": 1, "paid": 1}', "/paid"),
    ("scalars-and-presence:order/order", '{"id": "a", "count": 1, "paid": true, "note": null}', "/note"),
    ("scalars-and-presence:order/order", '{"id": "a", "count": 1, "paid": true, "price": "1"}', "/price"),
    ("scalars-and-presence:order/order", '{"id": "a", "count": 1, "paid": true, "gone": 0}', "/gone"),
    ("nullable-properties:order/order", "{}", "/requiredNullable"),
    ("nullable-properties:order/order", '{"requiredNullable": 1}', "/requiredNullable"),
    ("nullable-properties:order/order", '{"requiredNullable": null, "nullableRef": {}}', "/nullableRef/street"),
    ("nullable-properties:order/order", '{"requiredNullable": null, "nullableList": [null]}', "/nullableList/0"),
    ("lists-and-maps:order/order", '{"tags": null}', "/tags"),
    ("lists-and-maps:order/order", '{"tags": [], "grid": [[0, "1"]]}', "/grid/0/1"),
    ("lists-and-maps:order/order", '{"tags": [], "labels": {"a/b": 1}}', "/labels/a~1b"),
    ("lists-and-maps:order/order", '{"tags": [], "nested": {"a": [0, null]}}', "/nested/a/1"),
    ("lists-and-maps:order/order", '{"tags": [], "free": []}', "/free"),
    ("lists-and-maps:order/order", '{"tags": [], "pair": [1, 1]}', "/pair/0"),
    ("enums-and-constants:order/order", '{"state": "opne"}', "/state"),
    ("enums-and-constants:order/order", '{"state": "open", "type": "other"}', "/type"),
    ("enums-and-constants:order/order", '{"state": "open", "level": true}', "/level"),
    ("enums-and-constants:order/order", '{"state": "open", "mixed": "1"}', "/mixed"),
    (
        "recursion:tree/node",
        '{"value": 1, "children": [{"value": 1, "children": [{}]}]}',
        "/children/0/children/0/value",
    ),
    ("all-of-merged:order/order", '{"id": "a"}', "/total"),
    ("across-packages:order/order", '{"buyer": {"name": "a", "address": {"city": 1}}}', "/buyer/address/city"),
    ("names-that-collide:order/order", '{"explicit_fields": []}', "/explicit_fields"),
    ("undeclared-kept:order/closed", '{"id": "a", "b": 1}', "/b"),
    ("undeclared-kept:order/typed", '{"id": "a", "b": "1"}', "/b"),
    ("unions:order/payment", '{"kind": "cheque"}', "/kind"),
    ("unions:order/payment", '{"number": "1"}', "/kind"),
    ("unions:order/payment", '{"kind": "card"}', "/number"),
    ("unions:order/order", '{"byType": 1}', "/byType"),
    ("unions:order/order", '{"byType": {"field": 1}}', "/byType/field"),
    ("unions:order/order", '{"nan": "nan"}', "/nan"),
]


@pytest.mark.parametrize(("name", "text", "pointer"), REJECTED)
def test_validator_model_and_codec_report_one_violation(name: str, text: str, pointer: str) -> None:
    (raised,) = judge_text(name, text).findings
    assert (raised.finding.pointer, raised.finding.code, raised.finding.warning) == (pointer, VIOLATION, False)
    assert raised.found_by == ARTIFACTS


def test_undeclared_properties_are_dropped_with_a_note_if_the_policy_is_warn() -> None:
    name, text = "across-packages:order/order", '{"x": [1], "buyer": {"name": "a", "y/z": null}}'
    verdict = judge_text(name, text)
    assert [(r.finding.pointer, r.finding.code) for r in verdict.findings] == [
        ("/buyer/y~1z", UNDECLARED_FIELD),
        ("/x", UNDECLARED_FIELD),
    ]
    assert {r.found_by for r in verdict.findings} == {ARTIFACTS}
    assert verdict.round_trip == "lossy"
    back = load_type(name).round_trip(text.encode())
    assert back == b'{"buyer":{"name":"a"}}'


def test_equal_documents_are_encoded_as_the_same_bytes() -> None:
    codec = load_type("lists-and-maps:order/order").codec
    assert codec is not None
    left = '{"tags": [], "labels": {"a": "1", "b": "2"}, "free": {"x": 1, "y": 2}}'
    right = '{"free": {"y": 2.0, "x": 1}, "labels": {"b": "2", "a": "1"}, "tags": []}'
    assert codec.encode(left) == codec.encode(right)
