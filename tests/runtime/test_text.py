"""JSON text to values and back: what is refused and where, which numbers are exact, and that nothing changes."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirelock.runtime.findings import MALFORMED
from wirelock.runtime.json.equality import equal
from wirelock.runtime.json.text import MAX_DEPTH, MAX_DIGITS, MAX_EXPONENT, MalformedText, canonical, dump, parse

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
def test_what_is_not_i_json_is_refused_with_its_place(name: str) -> None:
    text, message = MALFORMED_TEXTS[name]
    with pytest.raises(MalformedText) as refused:
        parse(text)
    finding = refused.value.finding
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
def test_numbers_are_exact_where_a_double_is_not(literal: str) -> None:
    value = parse(literal)
    assert value == NUMBERS[literal]
    assert type(value) is type(NUMBERS[literal])


def test_minus_zero_is_zero() -> None:
    value = parse("-0.0")
    assert value == 0
    assert dump(value) in (b"0", b"-0")
    assert equal(value, parse(dump(value)))
    assert canonical(value) == canonical(parse(dump(value)))


def test_the_longest_integer() -> None:
    longest = "9" * MAX_DIGITS
    assert dump(parse(longest)) == longest.encode()
    assert parse("-" + longest) == -(10**MAX_DIGITS - 1)
    with pytest.raises(MalformedText, match=r"^integer of 4301 digits \(at most 4300\) at line 1, column 2$"):
        parse(f"[{longest}9]")


def test_digits_in_a_string_are_no_integer() -> None:
    assert parse('"' + "9" * 10_000 + '"') == "9" * 10_000


@pytest.mark.parametrize("literal", ["1e1000", "-1E+1000", "1e4000", "1e999999999999999999999", "0.1e1001"])
def test_a_number_of_more_digits_than_anyone_wants(literal: str) -> None:
    with pytest.raises(MalformedText, match=r" of more than 1000 digits at line 1, column 7$"):
        parse(f'{{"a": {literal}}}')


NESTINGS = {"arrays": ("[", "]"), "objects": ('{"a":', "}"), "both": ('[{"a":', "}]")}


@pytest.mark.parametrize("name", NESTINGS)
def test_nesting_ends_at_its_limit(name: str) -> None:
    opening, closing = NESTINGS[name]
    levels = MAX_DEPTH // (2 if name == "both" else 1)
    deepest = opening * levels + "1" + closing * levels
    assert dump(parse(deepest)) == deepest.encode()
    with pytest.raises(MalformedText, match=r"^nested deeper than 512 at line 1, column \d+$"):
        parse(f"[{deepest}]")


def test_nesting_is_refused_before_anything_recurses() -> None:
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
def test_dump_is_compact_and_spells_numbers_shortly(text: bytes) -> None:
    assert dump(DUMPED[text]) == text


def test_dump_refuses_what_is_not_json() -> None:
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
def test_a_value_survives_its_text(value: Any) -> None:
    assert equal(parse(dump(value)), value)
    assert canonical(parse(dump(value))) == canonical(value)


@PROPERTY
@given(JSON)
def test_any_spelling_of_a_value_is_that_value(value: Any) -> None:
    value = parse(dump(value))  # a long float is the exact integer that it stands for
    spelled = json.dumps(value, indent=1, sort_keys=True)
    assert equal(parse(spelled), value)
    assert equal(parse(spelled.encode()), value)


@PROPERTY
@given(JSON, JSON)
def test_canonical_texts_are_equal_as_the_values_are(left: Any, right: Any) -> None:
    assert (canonical(left) == canonical(right)) is equal(left, right)


@PROPERTY
@given(st.binary(min_size=8, max_size=8).map(lambda raw: struct.unpack("<d", raw)[0]).filter(math.isfinite))
def test_every_double_survives_its_text(value: float) -> None:
    assert parse(dump(value)) == value


@PROPERTY
@given(st.binary(max_size=40) | st.text('{}[]",:0e.-+\\u1nNa', max_size=20))
def test_any_text_is_a_value_or_malformed(text: bytes | str) -> None:
    try:
        value = parse(text)
    except MalformedText as refused:
        assert refused.finding.code == MALFORMED
    else:
        assert equal(parse(dump(value)), value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1,}', "line 1, column 8"),
        ("[1,\n ]", "line 1, column 3"),
        ('{"a": [1, 2,], "b": 1}', "line 1, column 12"),
    ],
)
def test_a_trailing_comma_is_called_so_by_every_python(text: str, place: str) -> None:
    with pytest.raises(MalformedText, match=f"^trailing comma at {place}$"):
        parse(text)
