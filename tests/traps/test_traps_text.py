"""Text: lengths, patterns, formats and descriptions mean what JSON Schema says, in every language they end up in."""

from __future__ import annotations

from pathlib import Path

import pytest
from traps import Trap, Traps, cases, made, properties, refusals

import wirelock

TEXT = {"type": "string"}


def matching(pattern: str) -> dict[str, object]:
    """An object with one text of a pattern."""
    return properties(s={**TEXT, "pattern": pattern})


TRAPS = (
    Trap(
        50,
        "a date-time is text as it was written",
        properties(at={**TEXT, "format": "date-time"}),
        good=(
            '{"at":"2026-01-01T00:00:00+02:00"}',
            '{"at":"2026-01-01T00:00:00.123456789012Z"}',
            '{"at":"2026-01-01t00:00:00z"}',
            '{"at":"2016-12-31T23:59:60Z"}',
            '{"at":"soon"}',
        ),
        bad=('{"at":1}', '{"at":null}'),
        proto=("string at = ",),
        never=("Timestamp",),
    ),
    Trap(
        51,
        "base64 stays text",
        properties(b={**TEXT, "contentEncoding": "base64"}, f={**TEXT, "format": "byte"}),
        good=('{"b":"!!","f":"!!"}', '{"b":"aGk","f":"aGk="}'),
        never=("bytes",),
    ),
    Trap(
        52,
        "an unanchored pattern matches anywhere",
        matching("ses"),
        good=('{"s":"my session"}',),
        bad=('{"s":"SES"}',),
    ),
    Trap(
        52,
        "digits are ASCII and a dollar ends the text",
        matching(r"^ses_\\d+$".replace("\\\\", "\\")),
        good=('{"s":"ses_1"}',),
        bad=('{"s":"ses_1\\n"}', '{"s":"ses_\u0661"}', '{"s":"ses_"}'),
    ),
    Trap(
        52,
        "classes of Unicode",
        matching(r"^\p{L}+$"),
        good=('{"s":"Größe"}', '{"s":"名"}'),
        bad=('{"s":"1"}', '{"s":""}'),
    ),
    Trap(
        52,
        "white space and word characters are ECMAScript's",
        matching(r"^\s\w$"),
        good=('{"s":"\ufeffa"}', '{"s":"\u00a0_"}'),
        bad=('{"s":" é"}', '{"s":"\u001ca"}'.replace("\u001c", "\\u001c")),
    ),
    Trap(
        53,
        "a length counts code points",
        properties(s={**TEXT, "minLength": 1, "maxLength": 2}),
        good=('{"s":"😀😀"}', '{"s":"\\ud83d\\ude00"}', '{"s":"ßß"}'),
        bad=('{"s":""}', '{"s":"😀😀😀"}'),
    ),
    Trap(
        59,
        "descriptions that would end a comment or a docstring",
        {
            "description": 'All **/*.ts files */ and """ and \\" and \'\'\'',
            **properties(
                a={**TEXT, "description": "first */\nsecond line\r\nimport os\u2028message X {}\\"},
                b={**TEXT, "enum": ["x"], "title": '"""', "description": "{{ 1 }} {% raw %} ends in \\"},
            ),
        },
        good=('{"a":"","b":"x"}',),
        never=("/*", "\nimport os", "\nsecond"),
    ),
    Trap(
        60,
        "a key twice is no JSON of ours",
        properties(a=TEXT, o={"type": "object"}),
        good=('{"a":"x","o":{"a":1}}',),
        bad=('{"a":"x","a":"y"}', '{"a":"x","\\u0061":"x"}', '{"o":{"k":1,"k":1}}'),
    ),
)


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps(tmp_path_factory.mktemp("text"), TRAPS)


@pytest.mark.parametrize("trap", cases(TRAPS))
def test_trap(trap: Trap, traps: Traps) -> None:
    traps.spring(trap)


AT = {"type": "string", "format": "date-time"}


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('"2026-01-01T00:00:00+02:00"', True),
        ('"2026-01-01T00:00:00.123456789012Z"', True),
        ('"2026-01-01t00:00:00z"', True),
        ('"2016-12-31T23:59:60Z"', True),
        ('"2026-01-01 00:00:00Z"', False),
        ('"2026-01-01T00:00:00"', False),
        ('"2026-02-30T00:00:00Z"', False),
        ('"1"', False),
        ("1", False),
    ],
)
def test_50_where_formats_count_rfc_3339_decides(text: str, valid: bool, asserted: wirelock.Compiled) -> None:
    assert asserted.is_valid(text) is valid
    if valid:
        assert asserted.model.model_validate_json(text)
    else:
        with pytest.raises(ValueError, match=r"format|string"):
            asserted.model.model_validate_json(text)


@pytest.fixture(scope="module")
def asserted() -> wirelock.Compiled:
    return wirelock.compile(AT, format_assertion=True)


def test_52_what_cannot_be_translated_is_refused_when_generating(tmp_path: Path) -> None:
    (found,) = refusals(tmp_path, {"t/x": matching("^(?!draft)")})
    assert (found.code.id, found.where.pointer) == ("PATTERN_REFUSED", "/properties/s/pattern")


def test_60_a_key_twice_is_one_finding_from_all(tmp_path: Path) -> None:
    (raised,) = made(tmp_path, {"t/x": properties(a=TEXT)}).judge("t/x", '{"a":"x","a":"y"}').raised
    assert raised.finding.code == "MALFORMED"
    assert raised.by == ("validator", "model", "codec")
