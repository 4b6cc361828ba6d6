"""Random documents, whole and broken: validator, model and codec agree on all of them, and nothing is lost silently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instances import Instances, Schemata, broken
from projects import contract, project, scenario

from wirelock.loader import TypeContract
from wirelock.runtime.codec.codec import Refused
from wirelock.runtime.findings import MALFORMED, NOT_REPRESENTABLE, PRECISION_LOST, UNDECLARED_FIELD, VIOLATION
from wirelock.runtime.json.text import MAX_DEPTH, dump
from wirelock.traffic.conformance.verdict import Verdict, judge

PROPERTY = settings(derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
TYPES = [
    "unions:order/order",
    "unions:order/payment",
    "nullable-properties:order/order",
    "lists-and-maps:order/order",
    "enums-and-constants:order/order",
    "scalars-and-presence:order/order",
    "recursion:tree/node",
    "undeclared-kept:order/order",
    "undeclared-kept:order/closed",
    "undeclared-kept:order/typed",
    "all-of-merged:order/order",
    "across-packages:order/order",
    "names-that-collide:order/order",
]
LOSSES = {UNDECLARED_FIELD, PRECISION_LOST}


def hold(found: Verdict) -> None:
    """What is true of every document."""
    assert found.disagreement == ""
    assert found.loss is None
    codes = {raised.finding.code for raised in found.raised}
    match found.round_trip:
        case "equal":
            assert codes <= LOSSES
        case "lossy":
            assert codes & LOSSES
        case "failed":
            assert NOT_REPRESENTABLE in codes
        case None:
            assert any(not raised.finding.warning for raised in found.raised)


def check(ours: TypeContract, value: Any) -> None:
    """Hold one value against everything, and what comes back too: it is a document like any other."""
    text = dump(value)
    found = judge(ours, text)
    hold(found)
    if found.round_trip in ("equal", "lossy"):
        back = ours.round_trip(text)
        assert isinstance(back, bytes)
        again = judge(ours, back)
        assert (again.round_trip, again.loss) == ("equal", None)
        assert ours.round_trip(back) == back


def check_randomly(ours: TypeContract, whole: Instances) -> None:
    """Check instances of a schema, whole and broken."""

    @PROPERTY
    @given(whole | broken(whole))
    def agree(value: Any) -> None:
        check(ours, value)

    agree()


@pytest.mark.parametrize("name", TYPES)
def test_everybody_agrees_on_random_documents(name: str) -> None:
    folder, _, type_name = name.partition(":")
    build, loaded = scenario(folder)
    ours = contract(loaded, type_name)
    documents = {file: document.value for file, document in build.documents.items()}
    check_randomly(ours, Schemata(documents).instances(f"{type_name}.schema.json"))


# constraints, closed objects and unions told apart in each of the ways there are
STRICT: dict[str, Any] = {
    "order/order": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 3},
            "code": {"type": "string", "pattern": "^[a-c]*$"},
            "count": {"type": "integer", "minimum": -1, "exclusiveMaximum": 3},
            "price": {"type": "number", "minimum": 0, "multipleOf": 0.5},
            "tags": {"type": "array", "items": {"type": "string", "minLength": 1}, "maxItems": 2, "uniqueItems": True},
            "by": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
            "closed": {
                "type": "object",
                "properties": {"a": {"type": "boolean"}},
                "additionalProperties": False,
            },
            "line": {"oneOf": [{"$ref": "line.schema.json"}, {"type": "string"}, {"type": "null"}]},
            "lines": {"type": "array", "items": {"$ref": "line.schema.json"}},
            "never": False,
        },
        "required": ["id", "more"],
    },
    "order/line": {
        "anyOf": [
            {
                "type": "object",
                "properties": {"kind": {"enum": ["a", "b"]}, "n": {"type": ["integer", "null"], "minimum": 1}},
                "required": ["kind", "n"],
            },
            {"type": "object", "properties": {"kind": {"const": "card"}}, "required": ["kind"]},
            {
                "type": "object",
                "properties": {"kind": {"const": "list"}, "lines": {"type": "array", "items": {"$ref": "#"}}},
                "required": ["kind", "lines"],
                "additionalProperties": False,
            },
        ]
    },
}


@pytest.mark.parametrize("policy", ["error", "warn", "keep"])
def test_everybody_agrees_with_every_policy(policy: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    loaded = project(tmp_path_factory.mktemp(policy), STRICT, policy)
    schemata = Schemata({f"{name}.schema.json": schema for name, schema in STRICT.items()})
    for name in STRICT:
        check_randomly(contract(loaded, name), schemata.instances(f"{name}.schema.json"))


def test_everybody_agrees_on_any_text() -> None:
    ours = contract(scenario("lists-and-maps")[1], "order/order")

    @PROPERTY
    @given(st.text('{}[]":,tags01.e-', max_size=20) | st.binary(max_size=10))
    def agree(text: str | bytes) -> None:
        hold(judge(ours, text.encode() if isinstance(text, str) else text))

    agree()
    deep = b'{"tags": [], "any": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"
    found = judge(ours, deep)
    hold(found)
    assert {raised.finding.code for raised in found.raised} == {MALFORMED}


@pytest.mark.parametrize(
    "name", ["unions:order/order", "lists-and-maps:order/order", "nullable-properties:order/order"]
)
def test_any_bytes_are_a_document_or_refused(name: str) -> None:
    """What somebody else sent, or what the line made of it, is a valid document or a finding, never a crash."""
    folder, _, type_name = name.partition(":")
    build, loaded = scenario(folder)
    ours = contract(loaded, type_name)
    assert ours.codec is not None
    codec = ours.codec
    documents = {file: document.value for file, document in build.documents.items()}
    whole = Schemata(documents).instances(f"{type_name}.schema.json")

    @PROPERTY
    @given(whole, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=3), st.binary(max_size=4))
    def decode(value: Any, changes: list[tuple[int, int]], more: bytes) -> None:
        try:
            wire = bytearray(codec.encode(dump(value)) + more)
        except Refused:
            return
        for place, byte in changes:
            wire[place : place + 1] = bytes([byte])
        try:
            text = codec.decode(bytes(wire))
        except Refused as refused:
            assert all(finding.code == VIOLATION for finding in refused.findings)
        else:
            assert judge(ours, text).round_trip == "equal"

    decode()


# keywords that no shape can say; codecs leave them to the validator, which they ask anyway
BESIDE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dependentRequired": ({"dependentRequired": {"a": ["b"]}}, {"a": "x"}),
    "minProperties": ({"minProperties": 1}, {}),
    "not": ({"not": {"required": ["a"]}}, {"a": "x"}),
    "if": ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {"a": "x"}),
    "propertyNames": ({"propertyNames": {"maxLength": 1}}, {"ab": 1}),
    "patternProperties": ({"patternProperties": {"^x": {"type": "integer"}}}, {"x": "1"}),
    "anyOf beside properties": ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}),
    "$ref with a limit": ({"properties": {"a": {"$ref": "#/$defs/s", "maxLength": 1}}}, {"a": "xx"}),
    "contains": ({"properties": {"b": {"type": "array", "contains": {"const": 1}}}}, {"b": [2]}),
}


@pytest.mark.parametrize("name", BESIDE)
def test_everybody_refuses_what_no_shape_can_say(name: str, tmp_path: Path) -> None:
    stated, value = BESIDE[name]
    base = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "array"}}}
    schema = {**base, **stated, "$defs": {"s": {"type": "string"}}}
    found = judge(contract(project(tmp_path, {"order/order": schema}), "order/order"), dump(value))
    hold(found)
    assert {raised.by for raised in found.raised if not raised.finding.warning} == {("validator", "model", "codec")}
