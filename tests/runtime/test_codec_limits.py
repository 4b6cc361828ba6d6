"""Limits of the codec: documents that protobuf cannot represent, and messages that are not documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from projects import build_project, get_contract, load_type

from wirelock.runtime.codec.codec import Codec, CodecError
from wirelock.runtime.findings import NOT_REPRESENTABLE, PRECISION_LOST, VIOLATION, Finding
from wirelock.traffic.conformance.verdict import judge

# type, document, and the pointer and message of the finding of the codec
NOT_REPRESENTABLE_DOCUMENTS: list[tuple[str, str, str, str]] = [
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
    (
        "scalars-and-presence:order/order",
        '{"id": "a", "count": 1, "paid": true, "code": -1}',
        "/code",
        "-1 is outside uint32",
    ),
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
        "nested deeper than 100 messages, the limit of protobuf",
    ),
    (
        "recursion:tree/node",
        '{"value": 1, "parent": ' * 120 + '{"value": 1}' + "}" * 120,
        "",
        "nested deeper than 100 messages, the limit of protobuf",
    ),
]


@pytest.mark.parametrize(
    ("name", "text", "pointer", "message"), NOT_REPRESENTABLE_DOCUMENTS, ids=lambda part: part[:40]
)
def test_a_valid_document_may_be_not_representable(name: str, text: str, pointer: str, message: str) -> None:
    verdict = judge(load_type(name), text.encode())
    assert [raised.finding for raised in verdict.findings] == [Finding(pointer, NOT_REPRESENTABLE, message)]
    assert (verdict.disagreement, verdict.round_trip) == ("", "failed")
    assert "validator" not in verdict.findings[0].found_by


def test_the_deepest_document_is_representable() -> None:
    text = '{"value": 1, "parent": ' * 99 + '{"value": 1}' + "}" * 99
    assert judge(load_type("recursion:tree/node"), text.encode()).round_trip == "equal"


NUMBERS: Any = {
    "type": "object",
    "properties": {
        "one": {"type": "number"},
        "many": {"type": "array", "items": {"type": "number"}},
        "by": {"type": "object", "additionalProperties": {"type": "number"}},
        "any": {},
    },
}


@pytest.mark.parametrize("pointer", ["/one", "/many/0", "/by/a~1b", "/any", "/any/a/0"])
def test_an_integer_that_a_double_cannot_hold_is_noted(pointer: str, tmp_path: Path) -> None:
    contract = get_contract(build_project(tmp_path, {"order/order": NUMBERS}), "order/order")
    documents = {
        "/one": '{"one": 9007199254740993}',
        "/many/0": '{"many": [9007199254740993, 9007199254740992]}',
        "/by/a~1b": '{"by": {"a/b": 9007199254740993}}',
        "/any": '{"any": 9007199254740993}',
        "/any/a/0": '{"any": {"a": [9007199254740993]}}',
    }
    verdict = judge(contract, documents[pointer].encode())
    (raised,) = verdict.findings
    assert (raised.finding.pointer, raised.finding.code, raised.found_by) == (pointer, PRECISION_LOST, ("codec",))
    assert raised.finding.message == "9007199254740993 is kept as a double"
    assert (raised.finding.warning, verdict.round_trip, verdict.loss) == (True, "lossy", None)


# messages from another sender


def load_codec(name: str) -> Codec[Any]:
    """Return the codec of a type in a scenario."""
    codec = load_type(name).codec
    assert codec is not None
    return codec


def find_refusal(name: str, message: Any) -> Finding:
    """Return the one finding for a message, and check that its bytes have the same."""
    with pytest.raises(CodecError) as error:
        load_codec(name).from_message(message)
    with pytest.raises(CodecError) as decoded:
        load_codec(name).decode(message.SerializeToString())
    assert decoded.value.findings == error.value.findings
    (finding,) = error.value.findings
    assert finding.code == VIOLATION
    return finding


def test_a_message_without_a_required_message_is_rejected() -> None:
    name = "across-packages:order/order"
    message = load_codec(name).to_message('{"buyer": {"name": "a"}}')
    message.ClearField("buyer")
    missing = find_refusal(name, message)
    assert (missing.pointer, missing.message) == ("/buyer", "required property `buyer` is missing")


def test_a_message_without_a_required_enum_is_rejected() -> None:
    name = "enums-and-constants:order/order"
    message = load_codec(name).to_message('{"state": "open"}')
    message.state = 0
    assert find_refusal(name, message).pointer == "/state"
    message.state = 99
    unknown = find_refusal(name, message)
    assert (unknown.pointer, unknown.message) == ("/state", "the enum has no value with number 99")


def test_a_union_without_a_branch_is_rejected() -> None:
    name = "unions:order/payment"
    message = load_codec(name).to_message('{"kind": "cash"}')
    message.ClearField("cash")
    assert find_refusal(name, message).message == "the message is empty and represents no document"
    name = "unions:order/order"
    message = load_codec(name).to_message("{}")
    message.payment.SetInParent()
    assert load_codec(name).from_message(message) == b"{}"


EMPTY: Any = {
    "type": "object",
    "properties": {
        "unions": {"type": "array", "items": {"$ref": "#/$defs/union"}},
        "unionBy": {"type": "object", "additionalProperties": {"$ref": "#/$defs/union"}},
        "enums": {"type": "array", "items": {"enum": ["x", "y"]}},
        "enumBy": {"type": "object", "additionalProperties": {"enum": ["x", "y"]}},
        "free": {},
    },
    "$defs": {
        "union": {
            "anyOf": [
                {"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]} for kind in "ab"
            ]
        }
    },
}


def test_empty_items_are_rejected(tmp_path: Path) -> None:
    codec = get_contract(build_project(tmp_path, {"order/order": EMPTY}), "order/order").codec
    assert codec is not None
    for text, pointer in [
        ('{"unions": [{"kind": "a"}]}', "/unions/1"),
        ('{"unionBy": {"a": {"kind": "a"}}}', "/unionBy/x~1y"),
        ('{"enums": ["x"]}', "/enums/1"),
        ('{"enumBy": {"a": "x"}}', "/enumBy/x~1y"),
        ('{"free": [1]}', "/free/1"),
    ]:
        message: Any = codec.to_message(text)
        match pointer:
            case "/unions/1":
                message.unions.add()
            case "/unionBy/x~1y":
                message.union_by["x/y"].SetInParent()
            case "/enums/1":
                message.enums.append(0)
            case "/enumBy/x~1y":
                message.enum_by["x/y"] = 0
            case _:
                message.free.list_value.values.add().number_value = float("nan")
        with pytest.raises(CodecError) as error:
            codec.from_message(message)
        (finding,) = error.value.findings
        reason = "nan is not JSON" if pointer == "/free/1" else "the item is empty and represents no value"
        assert (finding.pointer, finding.code, finding.message) == (pointer, VIOLATION, reason)


def test_a_message_that_violates_the_schema_is_rejected() -> None:
    name = "scalars-and-presence:order/order"
    message = load_codec(name).to_message('{"id": "a", "count": 0, "paid": false}')
    message.id = ""
    short = find_refusal(name, message)
    assert (short.pointer, short.keyword) == ("/id", "minLength")


def test_a_declared_property_among_the_additional_ones_is_rejected() -> None:
    name = "undeclared-kept:order/typed"
    message = load_codec(name).to_message('{"id": "a", "b": 1}')
    (rest,) = (field.name for field in message.DESCRIPTOR.fields if field.name != "id")
    getattr(message, rest)["id"] = 1
    assert find_refusal(name, message).pointer == "/id"


@pytest.mark.parametrize("wire", [b"\xff", b"\x0a\x05a", b"\x00"])
def test_bytes_that_are_not_a_message_are_rejected(wire: bytes) -> None:
    with pytest.raises(CodecError) as error:
        load_codec("scalars-and-presence:order/order").decode(wire)
    (finding,) = error.value.findings
    assert (finding.pointer, finding.code) == ("", VIOLATION)
    assert finding.message.startswith("not a message of this type: ")


def test_an_empty_message_is_an_empty_object() -> None:
    assert load_codec("names-that-collide:order/order").decode(b"") == b"{}"
    (missing,) = find_decode_findings("scalars-and-presence:order/order", b"")
    assert (missing.pointer, missing.keyword) == ("/id", "minLength")


def find_decode_findings(name: str, wire: bytes) -> tuple[Finding, ...]:
    with pytest.raises(CodecError) as error:
        load_codec(name).decode(wire)
    return error.value.findings


def test_fields_of_a_later_version_are_ignored() -> None:
    later = load_codec("across-packages:person/person").encode('{"name": "a", "address": {"city": "b"}}')
    with_more = later + bytes([0xFA, 0x3F, 1]) + b"x"  # field 1023, a string
    assert load_codec("across-packages:person/person").decode(with_more) == b'{"name":"a","address":{"city":"b"}}'
