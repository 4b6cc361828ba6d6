"""Unions, allOf and enums: which branch it is, that it is one, and that no half of a value is lost."""

from __future__ import annotations

import pytest
from traps import Trap, Traps, cases, properties

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def word(*values: str) -> dict[str, object]:
    """A string of these."""
    return {"type": "string", "enum": [*values]}


def tagged(tag: str, value: str, **others: object) -> dict[str, object]:
    """An object told by one constant property."""
    return properties(tag, *others, **{tag: word(value)}, **others)


EVENTS = [
    tagged("type", "moved", name=word("moved"), id=TEXT),
    tagged("type", "sync", name=word("moved"), at=INTEGER),
    tagged("type", "sync", name=word("gone"), why=TEXT),
]
PARTS = [tagged("type", "text", text=TEXT), tagged("type", "tool", state={"$ref": "#/$defs/state"})]
STATE = {"anyOf": [tagged("status", "pending", since=INTEGER), tagged("status", "error", error=TEXT)]}

TRAPS = (
    Trap(
        14,
        "words of an enum are prefixed in the proto and bare in JSON",
        properties("p", p=word("allow", "deny", "ask"), q=word("allow")),
        good=('{"p":"allow"}', '{"p":"deny"}', '{"p":"ask","q":"allow"}'),
        bad=('{"p":"ALLOW"}', '{"p":"TRAPA_P_UNSPECIFIED"}', '{"p":""}', '{"p":0}', '{"p":1}'),
        proto=("_UNSPECIFIED = 0;", "_ALLOW = 1;", "_DENY = 2;", "_ASK = 3;"),
    ),
    Trap(
        15,
        "words that no identifier can be",
        properties(
            "w", w=word("session.created.1", "non-git", "-Infinity", "Red", "RED", "red", "", "1", "unspecified")
        ),
        good=tuple(
            f'{{"w":"{w}"}}'
            for w in ("session.created.1", "non-git", "-Infinity", "Red", "RED", "red", "", "1", "unspecified")
        ),
        bad=('{"w":"rEd"}', '{"w":"non_git"}', '{"w":1}'),
    ),
    Trap(
        18,
        "values of several types are compared by type",
        properties(x={"enum": ["a", 1, None, True]}),
        good=("{}", '{"x":"a"}', '{"x":1}', '{"x":1.0}', '{"x":null}', '{"x":true}'),
        bad=('{"x":"1"}', '{"x":false}', '{"x":0}', '{"x":"null"}'),
    ),
    Trap(
        19,
        "a constant is asked for and not filled in",
        properties("kind", kind=word("text"), v={"const": 2}),
        good=('{"kind":"text"}', '{"kind":"text","v":2}'),
        bad=("{}", '{"kind":"Text"}', '{"kind":"text","v":3}', '{"kind":"text","v":"2"}'),
    ),
    Trap(
        20,
        "flat branches told by a constant",
        {"anyOf": PARTS, "$defs": {"state": STATE}},
        good=('{"type":"text","text":""}', '{"type":"tool","state":{"status":"pending","since":0}}'),
        bad=('{"text":{"type":"text","text":""}}', '{"type":"text"}', '{"type":"tool","text":""}', "{}"),
        proto=("oneof ",),
    ),
    Trap(
        21,
        "one key does not tell all branches",
        {"anyOf": EVENTS},
        good=(
            '{"type":"moved","name":"moved","id":"a"}',
            '{"type":"sync","name":"moved","at":0}',
            '{"type":"sync","name":"gone","why":""}',
        ),
        bad=(
            '{"type":"sync","name":"moved","why":""}',
            '{"type":"sync","at":0}',
            '{"type":"moved","name":"gone","why":""}',
        ),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    Trap(
        22,
        "an unknown tag",
        {"anyOf": [tagged("type", f"kind{i}", a=TEXT) for i in range(12)]},
        good=('{"type":"kind0","a":""}', '{"type":"kind11","a":""}'),
        bad=('{"type":"kind12","a":""}', '{"a":""}', '{"type":null,"a":""}'),
    ),
    Trap(
        23,
        "each union has a key of its own",
        properties(
            "role",
            "state",
            role={"anyOf": [tagged("role", "user", id=TEXT), tagged("role", "assistant", cost={"type": "number"})]},
            state=STATE,
            error={"anyOf": [tagged("_tag", "Bad", n=INTEGER), tagged("_tag", "Worse", s=TEXT)]},
        ),
        good=(
            '{"role":{"role":"user","id":""},"state":{"status":"error","error":""}}',
            '{"role":{"role":"assistant","cost":0},"state":{"status":"pending","since":1},"error":{"_tag":"Worse","s":""}}',
        ),
        bad=(
            '{"role":{"role":"assistant","id":""},"state":{"status":"error","error":""}}',
            '{"role":{"role":"user","id":""},"state":{"status":"user","error":""}}',
        ),
    ),
    Trap(
        24,
        "exactly one of branches that overlap",
        {"type": "object", "oneOf": [properties("a", a=TEXT), properties("b", b=TEXT)]},
        good=('{"a":"x"}', '{"b":"x"}'),
        bad=('{"a":"x","b":"y"}', '{"c":1}', "{}"),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    Trap(
        24,
        "none required means both match",
        {"oneOf": [properties(a=TEXT), properties(b=TEXT)]},
        noted=('{"a":1}', '{"b":1,"a":"x"}'),
        bad=('{"a":"x","b":"y"}', '{"c":1}', "{}", "1"),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    Trap(
        25,
        "any of branches that overlap keeps both halves",
        properties(x={"anyOf": [properties("a", a=TEXT), properties("b", b=INTEGER)]}),
        good=('{"x":{"a":"x","b":1}}',),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    Trap(
        25,
        "any of branches that overlap",
        properties(x={"anyOf": [properties("a", a=TEXT), properties("b", b=INTEGER)]}),
        good=('{"x":{"a":"x"}}', '{"x":{"b":0}}'),
        bad=('{"x":{}}', '{"x":{"a":1}}'),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    Trap(
        26,
        "branches that only ask for properties leave one message",
        {**properties(a=TEXT, b=TEXT, k=TEXT), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        good=('{"a":"x","k":""}', '{"b":""}'),
        bad=("{}", '{"k":"x"}', '{"a":"","b":""}'),
        proto=("string k = ",),
        never=("oneof",),
    ),
    Trap(
        27,
        "one or many",
        properties(
            x={"anyOf": [TEXT, {"type": "array", "items": TEXT}]},
            y={"anyOf": [{"type": "boolean"}, properties("n", n=INTEGER)]},
            z={"anyOf": [word("allow", "deny"), {"type": "object", "additionalProperties": word("allow", "deny")}]},
        ),
        good=(
            '{"x":"","y":false,"z":"deny"}',
            '{"x":[],"y":{"n":0},"z":{}}',
            '{"x":["a",""],"z":{"edit":"allow"}}',
        ),
        bad=('{"x":[1]}', '{"y":{}}', '{"y":0}', '{"z":"ask"}', '{"z":{"edit":"ask"}}', '{"x":null}'),
        proto=("oneof ",),
    ),
    Trap(
        28,
        "a list of types is a union",
        properties(s={"type": ["string", "null"]}, i={"type": ["integer", "string"]}),
        good=("{}", '{"s":null}', '{"s":"","i":0}', '{"i":"0"}'),
        bad=('{"s":1}', '{"i":null}', '{"i":1.5}', '{"i":true}'),
    ),
    Trap(
        29,
        "a closed branch of allOf closes all of it",
        {"allOf": [{**properties(a=TEXT), "additionalProperties": False}, properties(b=TEXT)]},
        good=("{}", '{"a":"x"}'),
        bad=('{"a":"x","b":"y"}', '{"b":"y"}'),
        codes=("ALL_OF_UNMERGEABLE",),
    ),
)


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps(tmp_path_factory.mktemp("unions"), TRAPS)


@pytest.mark.parametrize("trap", cases(TRAPS))
def test_trap(trap: Trap, traps: Traps) -> None:
    traps.spring(trap)


def trap(number: int) -> Trap:
    """The first trap of a number."""
    return next(trap for trap in TRAPS if trap.number == number)


def test_14_unspecified_is_never_printed(traps: Traps) -> None:
    codec = traps.contract(trap(14)).codec
    assert codec is not None
    with pytest.raises(ValueError, match="p"):
        codec.decode(b"")


def test_17_a_word_of_a_newer_server_is_a_finding_that_quotes_it(traps: Traps) -> None:
    (found,) = traps.contract(trap(14)).validator_findings(b'{"p":"sometimes"}')
    assert (found.pointer, found.keyword) == ("/p", "enum")
    assert '"sometimes"' in found.message
    with pytest.raises(ValueError, match="sometimes"):
        traps.contract(trap(14)).codec.encode(b'{"p":"sometimes"}')


def test_19_a_constant_fills_itself_in_for_those_who_build_a_model(traps: Traps) -> None:
    model = traps.contract(trap(19)).model
    assert model(kind="text").model_dump(mode="json") == {"kind": "text"}


def test_22_an_unknown_tag_is_one_finding_and_not_one_a_branch(traps: Traps) -> None:
    contract = traps.contract(trap(22))
    for findings in (contract.validator_findings, contract.model_findings, contract.codec_findings):
        (found,) = findings(b'{"type":"kind12","a":1}')
        assert found.pointer == "/type"
        assert '"kind12"' in found.message
