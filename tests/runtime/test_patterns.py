"""ECMA-262 patterns, matched by an engine that does not backtrack."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirelock.runtime.schema.assertions import matches_pattern
from wirelock.runtime.schema.patterns import UnsupportedPatternError, translate

ARABIC_ONE, FULLWIDTH_A, LONG_S, KELVIN = "\u0661", "\uff21", "\u017f", "\u212a"

MATCHES = [
    # anchors: of the text, not of a line
    ("^a$", "a", True),
    ("^a$", "a\n", False),
    ("^a$", "b\na\nb", False),
    ("a", "xay", True),
    ("^(a|b)+$", "abba", True),
    ("", "", True),
    ("^a|b$", "xb", True),
    # classes are ASCII, unlike in the engine
    (r"^\d$", "7", True),
    (r"^\d$", ARABIC_ONE, False),
    (r"^\D$", ARABIC_ONE, True),
    (r"^\w+$", "aZ_0", True),
    (r"^\w$", "é", False),
    (r"^\w$", FULLWIDTH_A, False),
    (r"^\w$", LONG_S, False),
    (r"^\W$", KELVIN, True),
    # white space as in ECMA-262
    (r"^\s$", "\ufeff", True),
    (r"^\s$", "\u00a0", True),
    (r"^\s$", "\u2028", True),
    (r"^\s$", "\u0085", False),
    (r"^\s$", "\u180e", False),
    (r"^\S$", "\u200b", True),
    # a dot does not match line terminators
    ("^.$", "\n", False),
    ("^.$", "\r", False),
    ("^.$", "\u2029", False),
    ("^.$", "\u0085", True),
    ("^.$", "😀", True),
    ("^.{2}$", "😀", False),
    # word boundaries
    (r"\bcat\b", "a cat!", True),
    (r"\bcat\b", "concat", False),
    (r"\bé", "aé", True),
    (r"a\B", "ab", True),
    # Unicode properties
    (r"^\p{L}+$", "aéж字", True),
    (r"^\p{L}$", "1", False),
    (r"^\P{L}$", "1", True),
    (r"^\p{Lu}$", "É", True),
    (r"^[\p{L}\d-]+$", "ж-7", True),
    (r"^\p{Script=Greek}$", "λ", True),
    # escapes
    (r"^\u0041\x42$", "AB", True),
    (r"^\u{1F600}$", "😀", True),
    (r"^\ud83d\ude00$", "😀", True),
    (r"^[\ud83d\ude00-\ud83d\ude02]$", "😁", True),
    (r"^\cJ\t\v\f\r\n\0$", "\n\t\v\f\r\n\0", True),
    (r"^\/\.\$\-\^\|$", "/.$-^|", True),
    (r"^a\.b$", "axb", False),
    # brackets
    ("^[a-c]$", "b", True),
    ("^[^a-c]$", "b", False),
    ("^[^a]$", "\n", True),
    ("^[]$", "a", False),
    ("^[^]$", "\n", True),
    ("^[a-]$", "-", True),
    (r"^[\w-]+$", "a-b", True),
    (r"^[a-\d]$", "-", True),
    (r"^[\b]$", "\b", True),
    (r"^[.*+?(){}|^$]+$", ".*+?(){}|^$", True),
    ("^[[a]$", "[", True),
    ("^[a&&b]$", "&", True),
    ("^[a~~b]$", "~", True),
    (r"^[\]\\]+$", "]\\", True),
    (r"^[^\d\s]$", ARABIC_ONE, True),
    (r"^[\D]$", "5", False),
    (r"^[^\D]$", "5", True),
    ("^[é-ü]$", "ö", True),
    # quantifiers and groups
    ("^a{2}$", "aa", True),
    ("^a{2,}$", "a", False),
    ("^a{1,2}?$", "aa", True),
    ("^(?:ab)*$", "abab", True),
    (r"^(?<year>\d{4})$", "2024", True),
    ("^(a(b)?)+$", "aba", True),
    ("^ses_[0-9A-Za-z]{26}$", "ses_" + "0" * 26, True),
    # syntax of other engines is literal
    ("^#a b$", "#a b", True),
    ("(?:(?:))", "", True),
    ("^A$", "a", False),
    ("^]$", "]", True),
    ("^}$", "}", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), MATCHES)
def test_patterns_match_as_in_ecma_262(pattern: str, text: str, expected: bool) -> None:
    assert matches_pattern(pattern, text) is expected


UNSUPPORTED = {
    "a(?=b)": "look-ahead `(?=` needs a backtracking engine",
    "a(?!b)": "look-ahead `(?!` needs a backtracking engine",
    "(?<=a)b": "look-behind `(?<=` needs a backtracking engine",
    "(?<!a)b": "look-behind `(?<!` needs a backtracking engine",
    r"(a)\1": r"back-reference `\1` needs a backtracking engine",
    r"(?<n>a)\k<n>": r"back-reference `\k` needs a backtracking engine",
    "(?i)a": "`(?i` is not a group of ECMA-262",
    "(?P<n>a)": "`(?P` is not a group of ECMA-262",
    "(?>a)": "`(?>` is not a group of ECMA-262",
    "(a": "a group is not closed",
    "a)": "unmatched `)`",
    "a)(b": "unmatched `)`",
    "[a": "unexpected end of the pattern",
    "a\\": "unexpected end of the pattern",
    "[a--b]": "the range from `a` to `-` is out of order",
    "[z-a]": "the range from `z` to `a` is out of order",
    "*a": "nothing to repeat before `*`",
    "a**": "nothing to repeat before `*`",
    "^*": "nothing to repeat before `*`",
    "(+)": "nothing to repeat before `+`",
    r"\b+": "nothing to repeat before `+`",
    "a{2,1}": "the numbers of `{2,1}` are out of order",
    "a{,2}": "a `{` that is not a quantifier must be escaped",
    "{": "a `{` that is not a quantifier must be escaped",
    r"\A": r"unknown escape `\A`",
    r"\z": r"unknown escape `\z`",
    r"\Q": r"unknown escape `\Q`",
    r"\01": r"unknown escape `\0`",
    r"\u12": r"unknown escape `\u`",
    r"\p{L": r"unknown escape `\p`",
    r"\ud83d": "the escape is half of a surrogate pair or beyond U+10FFFF",
    r"\ud83d\u0041": "the escape is half of a surrogate pair or beyond U+10FFFF",
    r"\u{110000}": "the escape is half of a surrogate pair or beyond U+10FFFF",
    r"\p{Nothing}": "it names an unknown Unicode property or is too large",
    r"[\p{Script=Nowhere}]": "it names an unknown Unicode property or is too large",
    "((a{1000}){1000}){100}": "it names an unknown Unicode property or is too large",
    "(" * 3000 + ")" * 3000: "it names an unknown Unicode property or is too large",
}


@pytest.mark.parametrize("pattern", UNSUPPORTED, ids=lambda pattern: pattern[:20])
def test_an_unsupported_pattern_is_rejected_with_the_reason(pattern: str) -> None:
    with pytest.raises(UnsupportedPatternError) as error:
        translate(pattern)
    assert str(error.value) == UNSUPPORTED[pattern]


def test_patterns_take_linear_time() -> None:
    assert not matches_pattern("^(a+)+$", "a" * 20_000 + "b")


ATOMS = st.sampled_from(
    ["a", "b", ".", r"\d", r"\s", r"\w", r"\W", r"\.", "[ab]", "[^a]", r"[\d-]", "[a-c_]", "-", "1", " ", r"\n"]
)
REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{0,2}", "+?"])
PATTERNS = st.recursive(
    st.tuples(ATOMS, REPEATS).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
    ),
    max_leaves=5,
)


@settings(derandomize=True, deadline=None, max_examples=250)
@given(PATTERNS, st.text("ab1-_ .\nc", max_size=6), st.booleans())
def test_a_common_pattern_matches_as_in_python(pattern: str, text: str, anchored: bool) -> None:
    """The syntax is common to both, except that `$` of ECMA-262 is `\\Z` in Python."""
    ecma, python = (f"^(?:{pattern})$", rf"^(?:{pattern})\Z") if anchored else (pattern, pattern)
    assert matches_pattern(ecma, text) is (re.search(python, text, re.ASCII) is not None)


@settings(derandomize=True, deadline=None, max_examples=250)
@given(st.text(r"ab1\[]{}()^$.*+?|-,:=!<>dDpuxk&~", max_size=8), st.text(max_size=3))
def test_any_pattern_is_matched_or_rejected(pattern: str, text: str) -> None:
    try:
        translate(pattern)
    except UnsupportedPatternError as error:
        assert str(error)
    else:
        assert isinstance(matches_pattern(pattern, text), bool)
