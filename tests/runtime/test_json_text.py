"""Parsing and printing of JSON text: malformed texts with their positions, exact numbers, round trips."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirelock.runtime.findings import MALFORMED
from wirelock.runtime.json.equality import are_equal
from wirelock.runtime.json.text import MAX_DEPTH, MAX_DIGITS, MAX_EXPONENT, MalformedText, canonicalize, dump, parse

PROPERTY = settings(derandomize=True, deadline=None, max_examples=150)

MALFORMED_TEXTS: dict[str, tuple[bytes | str, str]] = {
    "nothing": (b"", "the text is empty"),
    "only space": (b" \r\n\t", "the text is empty"),
    "an early end": (b'{"a": 1', "the text ends inside the document at line 1, column 8"),
    "an open string": (b'{"a": "b', "unterminated string starting at line 1, column 7"),
    "two documents": (b'{"a": 1}\n{"a": 2}', "trailing data after the document at line 2, column 1"),
    "a comma too few": (b"[1 2]", "expecting ',' delimiter at line 1, column 4"),
    "a word": (b'{\n  "a": nil\n}', "expecting value at line 2, column 8"),
    "a control character": (b'"a\nb"', "invalid control character at line 1, column 3"),
    "an escape that is none": (b'"\\x"', "invalid \\escape at line 1, column 2"),
    "NaN": (b'{"a":\n NaN}', "NaN is not JSON at line 2, column 2"),
    "-Infinity": (b"[1, -Infinity]", "-Infinity is not JSON at line 1, column 5"),
    "a name twice": (b'{"a": 1,\n "b": 2, "a": 3}', "duplicate name `a` at line 2, column 10"),
    "a name twice, spelt otherwise": (b'{"a": 1, "\\u0061": 2}', "duplicate name `a` at line 1, column 10"),
    "a name twice, further in": (b'[{"a": {"b": 1, "b": 1}}]', "duplicate name `b` at line 1, column 17"),
    "half of a surrogate pair": (b'{"a": "x\\ud800"}', "lone surrogate \\ud800 at line 1, column 9"),
    "the other half": (b'"\\udc00\\ud800"', "lone surrogate \\udc00 at line 1, column 2"),
    "a surrogate in a str": ('["\ud83d"]', "lone surrogate at line 1, column 3"),
    "not UTF-8": (b'{"a":\n"\xff"}', "invalid UTF-8 at line 2, column 2"),
    "an overlong form": (b'"\xc0\x80"', "invalid UTF-8 at line 1, column 2"),
    "a surrogate in bytes": (b'"\xed\xa0\x80"', "invalid UTF-8 at line 1, column 2"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "byte order mark before the document"),
    "UTF-16 with a mark": ("{}".encode("utf-16"), "the text is not UTF-8 but UTF-16"),
    "UTF-16 without one": ("{}".encode("utf-16-le"), "the text is not UTF-8 but looks like UTF-16 or UTF-32"),
    "columns are code points": ('["é😀", x]', "expecting value at line 1, column 8"),
}


@pytest.mark.parametrize("name", MALFORMED_TEXTS)
def test_malformed_text_is_rejected_with_its_position(name: str) -> None:
    text, message = MALFORMED_TEXTS[name]
    with pytest.raises(MalformedText) as error:
        parse(text)
    finding = error.value.finding
    assert (finding.code, finding.pointer, finding.message) == (MALFORMED, "", message)
    assert not finding.warning


NUMBERS: dict[str, int | float] = {
    "0": 0,
    "9007199254740993": 9007199254740993,
    "-170141183460469231731687303715884105728": -(2**127),
    "1.0": 1.0,
    "1.5": 1.5,
    "9007199254740993.0": 9007199254740993,
    "9007199254740993e0": 9007199254740993,
    "9007199254740993.5": 9007199254740994.0,
    "12345678901234567.8e1": 123456789012345678,
    "1e21": 1e21,
    "1e400": 10**400,
    "-12.5e400": -125 * 10**399,
    "1e-400": 0.0,
    f"1e{MAX_EXPONENT - 1}": 10 ** (MAX_EXPONENT - 1),
}


@pytest.mark.parametrize("literal", NUMBERS)
def test_integral_numbers_beyond_doubles_are_exact(literal: str) -> None:
    value = parse(literal)
    assert value == NUMBERS[literal]
    assert type(value) is type(NUMBERS[literal])


def test_minus_zero_is_zero() -> None:
    value = parse("-0.0")
    assert value == 0
    assert dump(value) in (b"0", b"-0")
    assert are_equal(value, parse(dump(value)))
    assert canonicalize(value) == canonicalize(parse(dump(value)))


def test_the_longest_integer() -> None:
    longest = "9" * MAX_DIGITS
    assert dump(parse(longest)) == longest.encode()
    assert parse("-" + longest) == -(10**MAX_DIGITS - 1)
    with pytest.raises(MalformedText, match=r"^integer of 4301 digits \(at most 4300\) at line 1, column 2$"):
        parse(f"[{longest}9]")


def test_digits_in_a_string_are_not_an_integer() -> None:
    assert parse('"' + "9" * 10_000 + '"') == "9" * 10_000


@pytest.mark.parametrize("literal", ["1e1000", "-1E+1000", "1e4000", "1e999999999999999999999", "0.1e1001"])
def test_a_number_with_too_many_digits_is_rejected(literal: str) -> None:
    with pytest.raises(MalformedText, match=r" of more than 1000 digits at line 1, column 7$"):
        parse(f'{{"a": {literal}}}')


NESTINGS = {"arrays": ("[", "]"), "objects": ('{"a":', "}"), "both": ('[{"a":', "}]")}


@pytest.mark.parametrize("name", NESTINGS)
def test_nesting_has_a_limit(name: str) -> None:
    opening, closing = NESTINGS[name]
    levels = MAX_DEPTH // (2 if name == "both" else 1)
    deepest = opening * levels + "1" + closing * levels
    assert dump(parse(deepest)) == deepest.encode()
    with pytest.raises(MalformedText, match=r"^nested deeper than 512 at line 1, column \d+$"):
        parse(f"[{deepest}]")


def test_nesting_is_rejected_before_recursion() -> None:
    with pytest.raises(MalformedText, match=r"^nested deeper than 512 at line 1, column 513$"):
        parse("[" * 1_000_000)


def test_brackets_in_strings_do_not_nest() -> None:
    text = json.dumps(["[" * 2000, {'\\"{' * 2000: "}"}])
    assert parse(text) == json.loads(text)


def test_nul_is_a_character() -> None:
    assert parse(b'"a\\u0000b"') == "a\0b"
    assert dump("a\0b") == b'"a\\u0000b"'


DUMPED: dict[bytes, Any] = {
    b"1": 1.0,
    b"-1": -1.0,
    b"100000000000000000000": 1e20,
    b"1e+21": 1e21,
    b"1e-07": 1e-7,
    b'"1.0"': "1.0",
    b'{"1.0":[1,1.5,"e+20"]}': {"1.0": [1.0, 1.5, "e+20"]},
    '{"é":"😀"}'.encode(): {"é": "😀"},
    b'["a\\"1.0",2]': ['a"1.0', 2.0],
}


@pytest.mark.parametrize("text", DUMPED, ids=repr)
def test_dump_is_compact(text: bytes) -> None:
    assert dump(DUMPED[text]) == text


def test_dump_rejects_values_that_are_not_json() -> None:
    endless: list[Any] = []
    endless.append(endless)
    for value in (math.nan, math.inf, -math.inf, "\ud800", endless):
        with pytest.raises(ValueError):
            dump(value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@PROPERTY
@given(JSON)
def test_a_value_survives_a_round_trip(value: Any) -> None:
    assert are_equal(parse(dump(value)), value)
    assert canonicalize(parse(dump(value))) == canonicalize(value)


@PROPERTY
@given(JSON)
def test_any_spelling_of_a_value_is_parsed_as_the_value(value: Any) -> None:
    value = parse(dump(value))  # a large float is parsed as an exact integer
    spelled = json.dumps(value, indent=1, sort_keys=True)
    assert are_equal(parse(spelled), value)
    assert are_equal(parse(spelled.encode()), value)


@PROPERTY
@given(JSON, JSON)
def test_canonical_texts_are_equal_if_the_values_are(left: Any, right: Any) -> None:
    assert (canonicalize(left) == canonicalize(right)) is are_equal(left, right)


@PROPERTY
@given(st.binary(min_size=8, max_size=8).map(lambda raw: struct.unpack("<d", raw)[0]).filter(math.isfinite))
def test_every_double_survives_a_round_trip(value: float) -> None:
    assert parse(dump(value)) == value


@PROPERTY
@given(st.binary(max_size=40) | st.text('{}[]",:0e.-+\\u1nNa', max_size=20))
def test_any_text_is_a_value_or_malformed(text: bytes | str) -> None:
    try:
        value = parse(text)
    except MalformedText as error:
        assert error.finding.code == MALFORMED
    else:
        assert are_equal(parse(dump(value)), value)


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ('{"a": 1,}', "line 1, column 8"),
        ("[1,\n ]", "line 1, column 3"),
        ('{"a": [1, 2,], "b": 1}', "line 1, column 12"),
    ],
)
def test_a_trailing_comma_has_the_same_message_in_every_python(text: str, location: str) -> None:
    with pytest.raises(MalformedText, match=f"^trailing comma at {location}$"):
        parse(text)
