"""Text: lengths, patterns, formats and descriptions in all generated languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edge_cases import EdgeCase, EdgeCaseSuite, build_object, build_project, find_errors, parametrize_cases

import wirelock

NUMBERS = (50, 52, 60)
"""Numbers of the edge cases with tests of their own."""

TEXT = {"type": "string"}


def build_pattern_object(pattern: str) -> dict[str, object]:
    """Build an object with one string that has a pattern."""
    return build_object(s={**TEXT, "pattern": pattern})


EDGE_CASES = (
    EdgeCase(
        50,
        "a date-time keeps its text",
        build_object(at={**TEXT, "format": "date-time"}),
        valid=(
            '{"at":"2026-01-01T00:00:00+02:00"}',
            '{"at":"2026-01-01T00:00:00.123456789012Z"}',
            '{"at":"2026-01-01t00:00:00z"}',
            '{"at":"2016-12-31T23:59:60Z"}',
            '{"at":"soon"}',
        ),
        invalid=('{"at":1}', '{"at":null}'),
        proto=("string at = ",),
        absent=("Timestamp",),
    ),
    EdgeCase(
        51,
        "base64 stays text",
        build_object(b={**TEXT, "contentEncoding": "base64"}, f={**TEXT, "format": "byte"}),
        valid=('{"b":"!!","f":"!!"}', '{"b":"aGk","f":"aGk="}'),
        absent=("bytes",),
    ),
    EdgeCase(
        52,
        "an unanchored pattern matches anywhere",
        build_pattern_object("ses"),
        valid=('{"s":"my session"}',),
        invalid=('{"s":"SES"}',),
    ),
    EdgeCase(
        52,
        "digits are ASCII and a dollar matches the end of the text",
        build_pattern_object(r"^ses_\\d+$".replace("\\\\", "\\")),
        valid=('{"s":"ses_1"}',),
        invalid=('{"s":"ses_1\\n"}', '{"s":"ses_\u0661"}', '{"s":"ses_"}'),
    ),
    EdgeCase(
        52,
        "Unicode classes",
        build_pattern_object(r"^\p{L}+$"),
        valid=('{"s":"Größe"}', '{"s":"名"}'),
        invalid=('{"s":"1"}', '{"s":""}'),
    ),
    EdgeCase(
        52,
        "white space and word characters as in ECMAScript",
        build_pattern_object(r"^\s\w$"),
        valid=('{"s":"\ufeffa"}', '{"s":"\u00a0_"}'),
        invalid=('{"s":" é"}', '{"s":"\u001ca"}'.replace("\u001c", "\\u001c")),
    ),
    EdgeCase(
        53,
        "a length counts code points",
        build_object(s={**TEXT, "minLength": 1, "maxLength": 2}),
        valid=('{"s":"😀😀"}', '{"s":"\\ud83d\\ude00"}', '{"s":"ßß"}'),
        invalid=('{"s":""}', '{"s":"😀😀😀"}'),
    ),
    EdgeCase(
        59,
        "descriptions that would end a comment or a docstring",
        {
            "description": 'All **/*.ts files */ and """ and \\" and \'\'\'',
            **build_object(
                a={**TEXT, "description": "first */\nsecond line\r\nimport os\u2028message X {}\\"},
                b={**TEXT, "enum": ["x"], "title": '"""', "description": "{{ 1 }} {% raw %} ends in \\"},
            ),
        },
        valid=('{"a":"","b":"x"}',),
        absent=("/*", "\nimport os", "\nsecond"),
    ),
    EdgeCase(
        60,
        "duplicate keys are invalid JSON",
        build_object(a=TEXT, o={"type": "object"}),
        valid=('{"a":"x","o":{"a":1}}',),
        invalid=('{"a":"x","a":"y"}', '{"a":"x","\\u0061":"x"}', '{"o":{"k":1,"k":1}}'),
    ),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> EdgeCaseSuite:
    return EdgeCaseSuite(tmp_path_factory.mktemp("text"), EDGE_CASES)


@pytest.mark.parametrize("edge_case", parametrize_cases(EDGE_CASES))
def test_edge_case(edge_case: EdgeCase, suite: EdgeCaseSuite) -> None:
    suite.check(edge_case)


DATE_TIME: dict[str, Any] = {"type": "string", "format": "date-time"}


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
def test_asserted_date_times_follow_rfc_3339(text: str, valid: bool, asserted: wirelock.Compiled) -> None:
    assert asserted.is_valid(text) is valid
    if valid:
        assert asserted.model.model_validate_json(text)
    else:
        with pytest.raises(ValueError, match=r"format|string"):
            asserted.model.model_validate_json(text)


@pytest.fixture(scope="module")
def asserted() -> wirelock.Compiled:
    return wirelock.compile(DATE_TIME, format_assertion=True)


def test_an_unsupported_pattern_is_an_error(tmp_path: Path) -> None:
    (found,) = find_errors(tmp_path, {"t/x": build_pattern_object("^(?!draft)")})
    assert (found.code.id, found.location.pointer) == ("PATTERN_REFUSED", "/properties/s/pattern")


def test_a_duplicate_key_is_one_finding(tmp_path: Path) -> None:
    (raised,) = build_project(tmp_path, {"t/x": build_object(a=TEXT)}).judge("t/x", '{"a":"x","a":"y"}').findings
    assert raised.finding.code == "MALFORMED"
    assert raised.found_by == ("validator", "model", "codec")
