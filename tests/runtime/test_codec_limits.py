"""What protobuf cannot hold, and messages that are no documents: each is said, none is passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from projects import artefacts, contract, project

from wirelock.runtime.codec.codec import Codec, Refused
from wirelock.runtime.findings import NOT_REPRESENTABLE, PRECISION_LOST, VIOLATION, Finding
from wirelock.traffic.conformance.verdict import judge

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
    found = judge(artefacts(name), text.encode())
    assert [raised.finding for raised in found.raised] == [Finding(pointer, NOT_REPRESENTABLE, message)]
    assert (found.disagreement, found.round_trip) == ("", "failed")
    assert "validator" not in found.raised[0].by


def test_the_deepest_document_that_is_carried() -> None:
    text = '{"value": 1, "parent": ' * 99 + '{"value": 1}' + "}" * 99
    assert judge(artefacts("recursion:tree/node"), text.encode()).round_trip == "equal"


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
    assert (only.finding.pointer, only.finding.code, only.by) == (place, PRECISION_LOST, ("codec",))
    assert only.finding.message == "9007199254740993 is kept as a double"
    assert (only.finding.warning, found.round_trip, found.loss) == (True, "lossy", None)


# messages that somebody else made


def codec(name: str) -> Codec[Any]:
    """The codec of a type in a scenario."""
    found = artefacts(name).codec
    assert found is not None
    return found


def refusal(name: str, message: Any) -> Finding:
    """Why a message is no document: the one finding, whether it comes as a message or as bytes."""
    with pytest.raises(Refused) as refused:
        codec(name).from_message(message)
    with pytest.raises(Refused) as decoded:
        codec(name).decode(message.SerializeToString())
    assert decoded.value.findings == refused.value.findings
    (only,) = refused.value.findings
    assert only.code == VIOLATION
    return only


def test_a_message_without_a_required_message_is_no_document() -> None:
    name = "across-packages:order/order"
    message = codec(name).to_message('{"buyer": {"name": "a"}}')
    message.ClearField("buyer")
    missing = refusal(name, message)
    assert (missing.pointer, missing.message) == ("/buyer", "required property `buyer` is missing")


def test_a_message_without_a_required_enum_is_no_document() -> None:
    name = "enums-and-constants:order/order"
    message = codec(name).to_message('{"state": "open"}')
    message.state = 0
    assert refusal(name, message).pointer == "/state"
    message.state = 99
    unknown = refusal(name, message)
    assert (unknown.pointer, unknown.message) == ("/state", "the enum has no value with number 99")


def test_a_union_without_a_branch_is_no_document() -> None:
    name = "unions:order/payment"
    message = codec(name).to_message('{"kind": "cash"}')
    message.ClearField("cash")
    assert refusal(name, message).message == "the message is empty and stands for no document"
    name = "unions:order/order"
    message = codec(name).to_message("{}")
    message.payment.SetInParent()
    assert codec(name).from_message(message) == b"{}"


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


def test_items_that_are_empty_are_no_values(tmp_path: Path) -> None:
    ours = contract(project(tmp_path, {"order/order": EMPTY}), "order/order").codec
    assert ours is not None
    for text, pointer in [
        ('{"unions": [{"kind": "a"}]}', "/unions/1"),
        ('{"unionBy": {"a": {"kind": "a"}}}', "/unionBy/x~1y"),
        ('{"enums": ["x"]}', "/enums/1"),
        ('{"enumBy": {"a": "x"}}', "/enumBy/x~1y"),
        ('{"free": [1]}', "/free/1"),
    ]:
        message: Any = ours.to_message(text)
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
        with pytest.raises(Refused) as refused:
            ours.from_message(message)
        (only,) = refused.value.findings
        words = "nan is not JSON" if pointer == "/free/1" else "the item is empty and stands for no value"
        assert (only.pointer, only.code, only.message) == (pointer, VIOLATION, words)


def test_a_message_that_breaks_the_schema_is_no_document() -> None:
    name = "scalars-and-presence:order/order"
    message = codec(name).to_message('{"id": "a", "count": 0, "paid": false}')
    message.id = ""
    short = refusal(name, message)
    assert (short.pointer, short.keyword) == ("/id", "minLength")


def test_a_declared_property_in_the_rest_is_refused() -> None:
    name = "undeclared-kept:order/typed"
    message = codec(name).to_message('{"id": "a", "b": 1}')
    (rest,) = (field.name for field in message.DESCRIPTOR.fields if field.name != "id")
    getattr(message, rest)["id"] = 1
    assert refusal(name, message).pointer == "/id"


@pytest.mark.parametrize("wire", [b"\xff", b"\x0a\x05a", b"\x00"])
def test_bytes_that_are_no_message_are_refused(wire: bytes) -> None:
    with pytest.raises(Refused) as refused:
        codec("scalars-and-presence:order/order").decode(wire)
    (only,) = refused.value.findings
    assert (only.pointer, only.code) == ("", VIOLATION)
    assert only.message.startswith("not a message of this type: ")


def test_an_empty_message_is_the_document_with_nothing_in_it() -> None:
    assert codec("names-that-collide:order/order").decode(b"") == b"{}"
    (missing,) = _refused("scalars-and-presence:order/order", b"")
    assert (missing.pointer, missing.keyword) == ("/id", "minLength")


def _refused(name: str, wire: bytes) -> tuple[Finding, ...]:
    with pytest.raises(Refused) as refused:
        codec(name).decode(wire)
    return refused.value.findings


def test_fields_of_a_later_version_are_not_read() -> None:
    later = codec("across-packages:person/person").encode('{"name": "a", "address": {"city": "b"}}')
    with_more = later + bytes([0xFA, 0x3F, 1]) + b"x"  # field 1023, a string
    assert codec("across-packages:person/person").decode(with_more) == b'{"name":"a","address":{"city":"b"}}'
