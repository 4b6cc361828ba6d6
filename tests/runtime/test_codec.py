"""JSON to protobuf and back, in projects of `tests/scenarios`: what comes back equal, what is refused, what is noted.

Validator, model and codec are asked about every document, and agree.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from projects import contract, project, scenario

from wirelock.artifacts import TypeContract
from wirelock.runtime.codec import Refused
from wirelock.runtime.equality import equal
from wirelock.runtime.findings import DIGITS_LOST, NOT_CARRIED, UNDECLARED_FIELD, VIOLATION, Finding
from wirelock.runtime.text import parse
from wirelock.traffic.verdict import Verdict, judge

EVERYBODY = ("validator", "model", "codec")


def artefacts(name: str) -> TypeContract:
    """The artefacts of a type in a scenario, `unions:order/payment`."""
    folder, _, type_name = name.partition(":")
    return contract(scenario(folder)[1], type_name)


def verdict(name: str, text: str) -> Verdict:
    """What the artefacts say together; they never disagree, and never lose anything without a word."""
    found = judge(artefacts(name), text.encode())
    assert found.disagreement == ""
    assert found.loss is None
    return found


CARRIED: dict[str, list[str]] = {
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
        '{"value": 1, "children": [], "parent": {"value": 2, "children": [{"value": 3}, {"value": 4, "children": []}]}}',
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


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in CARRIED for text in CARRIED[name]])
def test_a_document_comes_back_equal(name: str, text: str) -> None:
    found = verdict(name, text)
    assert found.round_trip == "equal"
    assert not any(not raised.finding.warning for raised in found.raised)


# type, document, and the one place that all three refuse
REFUSED: list[tuple[str, str, str]] = [
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
    ("recursion:tree/node", '{"value": 1, "children": [{"value": 1, "children": [{}]}]}', "/children/0/children/0/value"),
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


@pytest.mark.parametrize(("name", "text", "pointer"), REFUSED)
def test_a_document_is_refused_by_everybody_for_one_fault(name: str, text: str, pointer: str) -> None:
    (only,) = verdict(name, text).raised
    assert (only.finding.pointer, only.finding.code, only.finding.warning) == (pointer, VIOLATION, False)
    assert only.by == EVERYBODY


# type, document, and the finding of the codec alone: where, and in which words
TOO_MUCH: list[tuple[str, str, str, str]] = [
    (
        "scalars-and-presence:order/order",
        '{"id": "a", "count": 9223372036854775808, "paid": true}',
        "/count",
        "9223372036854775808 is outside int64",
    ),
    (
        "scalars-and-presence:order/order",
        '{"id": "a", "count": -1e400, "paid": true}',
        "/count",
        "an integer of 401 digits is outside int64",
    ),
    ("scalars-and-presence:order/order", '{"id": "a", "count": 1, "paid": true, "code": -1}', "/code", "-1 is outside uint32"),
    (
        "lists-and-maps:order/order",
        '{"tags": [], "any": [1e400]}',
        "/any/0",
        "the number is outside the range of a double",
    ),
    (
        "lists-and-maps:order/order",
        '{"tags": [], "any": ' + "[" * 60 + "]" * 60 + "}",
        "",
        "nested deeper than the 100 messages that protobuf reads",
    ),
    (
        "recursion:tree/node",
        '{"value": 1, "parent": ' * 120 + '{"value": 1}' + "}" * 120,
        "",
        "nested deeper than the 100 messages that protobuf reads",
    ),
]


@pytest.mark.parametrize(("name", "text", "pointer", "message"), TOO_MUCH, ids=lambda part: part[:40])
def test_a_valid_document_that_protobuf_cannot_hold_is_not_carried(
    name: str, text: str, pointer: str, message: str
) -> None:
    found = verdict(name, text)
    assert [raised.finding for raised in found.raised] == [Finding(pointer, NOT_CARRIED, message)]
    assert (found.raised[0].by, found.round_trip) == (("codec",), "failed")


def test_the_deepest_document_that_is_carried() -> None:
    text = '{"value": 1, "parent": ' * 99 + '{"value": 1}' + "}" * 99
    assert verdict("recursion:tree/node", text).round_trip == "equal"


NUMBERS: Any = {
    "type": "object",
    "properties": {
        "one": {"type": "number"},
        "many": {"type": "array", "items": {"type": "number"}},
        "by": {"type": "object", "additionalProperties": {"type": "number"}},
        "any": {},
    },
}


@pytest.mark.parametrize("place", ["/one", "/many/0", "/by/a~1b", "/any", "/any/a/0"])
def test_digits_that_a_double_does_not_keep_are_named(place: str, tmp_path: Path) -> None:
    ours = contract(project(tmp_path, {"order/order": NUMBERS}), "order/order")
    documents = {
        "/one": '{"one": 9007199254740993}',
        "/many/0": '{"many": [9007199254740993, 9007199254740992]}',
        "/by/a~1b": '{"by": {"a/b": 9007199254740993}}',
        "/any": '{"any": 9007199254740993}',
        "/any/a/0": '{"any": {"a": [9007199254740993]}}',
    }
    found = judge(ours, documents[place].encode())
    (only,) = found.raised
    assert (only.finding.pointer, only.finding.code, only.by) == (place, DIGITS_LOST, ("codec",))
    assert only.finding.message == "9007199254740993 is kept as a double"
    assert (only.finding.warning, found.round_trip, found.loss) == (True, "lossy", None)


def test_undeclared_properties_are_dropped_with_a_note_where_the_policy_is_warn() -> None:
    name, text = "across-packages:order/order", '{"x": [1], "buyer": {"name": "a", "y/z": null}}'
    found = verdict(name, text)
    assert [(r.finding.pointer, r.finding.code) for r in found.raised] == [
        ("/buyer/y~1z", UNDECLARED_FIELD),
        ("/x", UNDECLARED_FIELD),
    ]
    assert {r.by for r in found.raised} == {EVERYBODY}
    assert found.round_trip == "lossy"
    back = artefacts(name).round_trip(text.encode())
    assert back == b'{"buyer":{"name":"a"}}'


def test_the_same_document_is_the_same_bytes() -> None:
    ours = artefacts("lists-and-maps:order/order").codec
    assert ours is not None
    one = '{"tags": [], "labels": {"a": "1", "b": "2"}, "free": {"x": 1, "y": 2}}'
    other = '{"free": {"y": 2.0, "x": 1}, "labels": {"b": "2", "a": "1"}, "tags": []}'
    assert ours.encode(one) == ours.encode(other)
