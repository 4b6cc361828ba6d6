"""Base64 text as `bytes`: canonical text survives the round trip, other text is rejected."""

from __future__ import annotations

import pytest
from projects import load_type

from wirelock.runtime.findings import NOT_REPRESENTABLE
from wirelock.traffic.conformance.verdict import judge

FILE = "bytes-in-base64:file/file"


@pytest.mark.parametrize(
    "text",
    [
        '{"data":""}',
        '{"data":"AA=="}',
        '{"data":"aGk="}',
        '{"data":"+/+/","digest":"","thumbnail":null,"icon":null}',
        '{"data":"aGVsbG8=","thumbnail":"","icon":"aGk=","media_type":"image/png"}',
        '{"data":"","parts":["","AA==","//8="],"named":{"":"","a":"AAA="},"either":"aGk="}',
        '{"data":"","parts":[],"named":{},"either":7,"text":"no base64 at all"}',
    ],
)
def test_canonical_base64_comes_back(text: str) -> None:
    verdict = judge(load_type(FILE), text.encode())
    assert (verdict.is_accepted, verdict.round_trip, verdict.findings) == (True, "equal", ())


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ("aGk", "not base64"),
        ("aGk=\\n", "not canonical base64"),
        (" aGk=", "not canonical base64"),
        ("aGk=aGk=", "not canonical base64"),
        ("_-_-", "not canonical base64"),
        ("aGl=", "not canonical base64"),
        ("=", "not canonical base64"),
        ("!", "not canonical base64"),
        ("a", "not base64"),
        ("é", "not base64"),
    ],
)
def test_other_text_is_valid_but_not_representable(spelling: str, message: str) -> None:
    for text, pointer in (
        (f'{{"data":"{spelling}"}}', "/data"),
        (f'{{"data":"","thumbnail":"{spelling}"}}', "/thumbnail"),
        (f'{{"data":"","parts":["","{spelling}"]}}', "/parts/1"),
        (f'{{"data":"","named":{{"a":"{spelling}"}}}}', "/named/a"),
    ):
        assert judge(load_type(FILE), text.encode()).is_valid
        [finding] = load_type(FILE).check_codec(text.encode())
        assert (finding.code, finding.pointer) == (NOT_REPRESENTABLE, pointer)
        assert message in finding.message


def test_the_message_holds_the_decoded_bytes() -> None:
    codec = load_type(FILE).codec
    assert codec is not None
    assert codec.to_message(b'{"data":"aGVsbG8="}').data == b"hello"  # type: ignore[attr-defined]


def test_a_value_that_is_not_a_string_is_a_violation() -> None:
    verdict = judge(load_type(FILE), b'{"data":1}')
    assert (verdict.is_valid, verdict.disagreement) == (False, "")
