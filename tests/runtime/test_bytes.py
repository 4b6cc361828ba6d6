"""Base64 text as `bytes`: what comes back letter by letter is carried, everything else is refused by name."""

from __future__ import annotations

import pytest
from projects import artefacts

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
    verdict = judge(artefacts(FILE), text.encode())
    assert (verdict.accepted, verdict.round_trip, verdict.raised) == (True, "equal", ())


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("aGk", "not base64"),
        ("aGk=\\n", "another spelling"),
        (" aGk=", "another spelling"),
        ("aGk=aGk=", "another spelling"),
        ("_-_-", "another spelling"),
        ("aGl=", "another spelling"),
        ("=", "another spelling"),
        ("!", "another spelling"),
        ("a", "not base64"),
        ("é", "not base64"),
    ],
)
def test_other_text_is_valid_and_refused(spelling: str, words: str) -> None:
    for text, pointer in (
        (f'{{"data":"{spelling}"}}', "/data"),
        (f'{{"data":"","thumbnail":"{spelling}"}}', "/thumbnail"),
        (f'{{"data":"","parts":["","{spelling}"]}}', "/parts/1"),
        (f'{{"data":"","named":{{"a":"{spelling}"}}}}', "/named/a"),
    ):
        assert judge(artefacts(FILE), text.encode()).valid
        [found] = artefacts(FILE).codec_findings(text.encode())
        assert (found.code, found.pointer) == (NOT_REPRESENTABLE, pointer)
        assert words in found.message


def test_the_message_holds_what_the_text_stands_for() -> None:
    codec = artefacts(FILE).codec
    assert codec is not None
    assert codec.to_message(b'{"data":"aGVsbG8="}').data == b"hello"  # type: ignore[attr-defined]


def test_what_is_no_string_is_a_violation() -> None:
    verdict = judge(artefacts(FILE), b'{"data":1}')
    assert (verdict.valid, verdict.disagreement) == (False, "")
