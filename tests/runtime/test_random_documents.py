"""Random valid and invalid documents: validator, model and codec agree, and nothing is lost without a note."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instances import InstanceGenerator, Instances, mutate
from projects import build_project, get_contract, load_scenario

from wirelock.loader import TypeContract
from wirelock.runtime.codec.codec import CodecError
from wirelock.runtime.findings import MALFORMED, NOT_REPRESENTABLE, PRECISION_LOST, UNDECLARED_FIELD, VIOLATION
from wirelock.runtime.json.text import MAX_DEPTH, dump
from wirelock.traffic.conformance.verdict import RoundTrip, Verdict, judge

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


def check_verdict(verdict: Verdict) -> None:
    """Check the invariants of a verdict."""
    assert verdict.disagreement == ""
    assert verdict.loss is None
    codes = {raised.finding.code for raised in verdict.findings}
    match verdict.round_trip:
        case RoundTrip.EQUAL:
            assert codes <= LOSSES
        case RoundTrip.LOSSY:
            assert codes & LOSSES
        case RoundTrip.FAILED:
            assert NOT_REPRESENTABLE in codes
        case None:
            assert any(not raised.finding.warning for raised in verdict.findings)


def check_round_trip(contract: TypeContract, value: Any) -> None:
    """Check a value, and the document that its round trip returns."""
    text = dump(value)
    verdict = judge(contract, text)
    check_verdict(verdict)
    if verdict.round_trip in ("equal", "lossy"):
        back = contract.round_trip(text)
        assert isinstance(back, bytes)
        again = judge(contract, back)
        assert (again.round_trip, again.loss) == ("equal", None)
        assert contract.round_trip(back) == back


def check_randomly(contract: TypeContract, instances: Instances) -> None:
    """Check valid and mutated instances of a schema."""

    @PROPERTY
    @given(instances | mutate(instances))
    def agree(value: Any) -> None:
        check_round_trip(contract, value)

    agree()


@pytest.mark.long
@pytest.mark.parametrize("name", TYPES)
def test_validator_model_and_codec_agree_on_random_documents(name: str) -> None:
    folder, _, type_name = name.partition(":")
    build, loaded = load_scenario(folder)
    contract = get_contract(loaded, type_name)
    documents = {file: document.value for file, document in build.documents.items()}
    check_randomly(contract, InstanceGenerator(documents).draw_from(f"{type_name}.schema.json"))


# constraints, closed objects, and unions with every kind of discriminator
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


@pytest.mark.long
@pytest.mark.parametrize("policy", ["error", "warn", "keep"])
def test_validator_model_and_codec_agree_for_every_policy(
    policy: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    loaded = build_project(tmp_path_factory.mktemp(policy), STRICT, policy)
    schemata = InstanceGenerator({f"{name}.schema.json": schema for name, schema in STRICT.items()})
    for name in STRICT:
        check_randomly(get_contract(loaded, name), schemata.draw_from(f"{name}.schema.json"))


def test_validator_model_and_codec_agree_on_any_text() -> None:
    contract = get_contract(load_scenario("lists-and-maps")[1], "order/order")

    @PROPERTY
    @given(st.text('{}[]":,tags01.e-', max_size=20) | st.binary(max_size=10))
    def agree(text: str | bytes) -> None:
        check_verdict(judge(contract, text.encode() if isinstance(text, str) else text))

    agree()
    deep = b'{"tags": [], "any": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"
    verdict = judge(contract, deep)
    check_verdict(verdict)
    assert {raised.finding.code for raised in verdict.findings} == {MALFORMED}


@pytest.mark.parametrize(
    "name", ["unions:order/order", "lists-and-maps:order/order", "nullable-properties:order/order"]
)
def test_any_bytes_are_a_document_or_rejected(name: str) -> None:
    """Corrupted bytes are decoded as a valid document or rejected with a finding, never with another exception."""
    folder, _, type_name = name.partition(":")
    build, loaded = load_scenario(folder)
    contract = get_contract(loaded, type_name)
    assert contract.codec is not None
    codec = contract.codec
    documents = {file: document.value for file, document in build.documents.items()}
    instances = InstanceGenerator(documents).draw_from(f"{type_name}.schema.json")

    @PROPERTY
    @given(instances, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=3), st.binary(max_size=4))
    def decode(value: Any, changes: list[tuple[int, int]], more: bytes) -> None:
        try:
            wire = bytearray(codec.encode(dump(value)) + more)
        except CodecError:
            return
        for position, byte in changes:
            wire[position : position + 1] = bytes([byte])
        try:
            text = codec.decode(bytes(wire))
        except CodecError as error:
            assert all(finding.code == VIOLATION for finding in error.findings)
        else:
            assert judge(contract, text).round_trip == "equal"

    decode()


# keywords that messages and classes cannot express; the codec relies on the validator for them
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


@pytest.mark.long
@pytest.mark.parametrize("name", BESIDE)
def test_validator_model_and_codec_check_keywords_beyond_types(name: str, tmp_path: Path) -> None:
    keywords, value = BESIDE[name]
    base = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "array"}}}
    schema = {**base, **keywords, "$defs": {"s": {"type": "string"}}}
    verdict = judge(get_contract(build_project(tmp_path, {"order/order": schema}), "order/order"), dump(value))
    check_verdict(verdict)
    assert {raised.found_by for raised in verdict.findings if not raised.finding.warning} == {
        ("validator", "model", "codec")
    }
