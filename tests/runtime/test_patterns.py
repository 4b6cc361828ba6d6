"""Patterns as ECMA-262 means them, matched by an engine that cannot backtrack."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wirelock.runtime.schema.assertions import matches
from wirelock.runtime.schema.patterns import PatternRefused, translate

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
    # classes are ASCII, whatever the engine thinks
    (r"^\d$", "7", True),
    (r"^\d$", ARABIC_ONE, False),
    (r"^\D$", ARABIC_ONE, True),
    (r"^\w+$", "aZ_0", True),
    (r"^\w$", "é", False),
    (r"^\w$", FULLWIDTH_A, False),
    (r"^\w$", LONG_S, False),
    (r"^\W$", KELVIN, True),
    # white space is what ECMA-262 lists
    (r"^\s$", "\ufeff", True),
    (r"^\s$", "\u00a0", True),
    (r"^\s$", "\u2028", True),
    (r"^\s$", "\u0085", False),
    (r"^\s$", "\u180e", False),
    (r"^\S$", "\u200b", True),
    # a dot is anything but a line end
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
    # what has a meaning elsewhere has none here
    ("^#a b$", "#a b", True),
    ("(?:(?:))", "", True),
    ("^A$", "a", False),
    ("^]$", "]", True),
    ("^}$", "}", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), MATCHES)
def test_a_pattern_means_what_ecma_262_says(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


REFUSED = {
    "a(?=b)": "look-ahead `(?=` needs an engine that backtracks",
    "a(?!b)": "look-ahead `(?!` needs an engine that backtracks",
    "(?<=a)b": "look-behind `(?<=` needs an engine that backtracks",
    "(?<!a)b": "look-behind `(?<!` needs an engine that backtracks",
    r"(a)\1": r"back-reference `\1` needs an engine that backtracks",
    r"(?<n>a)\k<n>": r"back-reference `\k` needs an engine that backtracks",
    "(?i)a": "`(?i` is not a group of ECMA-262",
    "(?P<n>a)": "`(?P` is not a group of ECMA-262",
    "(?>a)": "`(?>` is not a group of ECMA-262",
    "(a": "a group is not closed",
    "a)": "there is a `)` too many",
    "a)(b": "there is a `)` too many",
    "[a": "the pattern ends too early",
    "a\\": "the pattern ends too early",
    "[a--b]": "the range from `a` to `-` is out of order",
    "[z-a]": "the range from `z` to `a` is out of order",
    "*a": "there is nothing that `*` could repeat",
    "a**": "there is nothing that `*` could repeat",
    "^*": "there is nothing that `*` could repeat",
    "(+)": "there is nothing that `+` could repeat",
    r"\b+": "there is nothing that `+` could repeat",
    "a{2,1}": "the numbers of `{2,1}` are out of order",
    "a{,2}": "a `{` that is not a quantifier has to be escaped",
    "{": "a `{` that is not a quantifier has to be escaped",
    r"\A": r"unknown escape `\A`",
    r"\z": r"unknown escape `\z`",
    r"\Q": r"unknown escape `\Q`",
    r"\01": r"unknown escape `\0`",
    r"\u12": r"unknown escape `\u`",
    r"\p{L": r"unknown escape `\p`",
    r"\ud83d": "half of a surrogate pair, or no character at all",
    r"\ud83d\u0041": "half of a surrogate pair, or no character at all",
    r"\u{110000}": "half of a surrogate pair, or no character at all",
    r"\p{Nothing}": "it names a Unicode property that there is not, or is too large",
    r"[\p{Script=Nowhere}]": "it names a Unicode property that there is not, or is too large",
    "((a{1000}){1000}){100}": "it names a Unicode property that there is not, or is too large",
    "(" * 3000 + ")" * 3000: "it names a Unicode property that there is not, or is too large",
}


@pytest.mark.parametrize("pattern", REFUSED, ids=lambda pattern: pattern[:20])
def test_a_pattern_that_cannot_be_kept_is_refused_with_the_reason(pattern: str) -> None:
    with pytest.raises(PatternRefused) as refused:
        translate(pattern)
    assert str(refused.value) == REFUSED[pattern]


def test_patterns_take_linear_time() -> None:
    assert not matches("^(a+)+$", "a" * 20_000 + "b")


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
def test_a_plain_pattern_means_what_python_says_too(pattern: str, text: str, anchored: bool) -> None:
    """Where the syntax means the same in both; Python's `$` is ECMA-262's with `\\Z` in its place."""
    ours, theirs = (f"^(?:{pattern})$", rf"^(?:{pattern})\Z") if anchored else (pattern, pattern)
    assert matches(ours, text) is (re.search(theirs, text, re.ASCII) is not None)


@settings(derandomize=True, deadline=None, max_examples=250)
@given(st.text(r"ab1\[]{}()^$.*+?|-,:=!<>dDpuxk&~", max_size=8), st.text(max_size=3))
def test_any_pattern_is_matched_or_refused(pattern: str, text: str) -> None:
    try:
        translate(pattern)
    except PatternRefused as refused:
        assert str(refused)
    else:
        assert isinstance(matches(pattern, text), bool)
