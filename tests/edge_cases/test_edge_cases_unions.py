"""Unions, allOf and enums: discrimination of branches without loss of values."""

from __future__ import annotations

import pytest
from edge_cases import EdgeCase, EdgeCaseSuite, build_object, parametrize_cases

NUMBERS = (14, 17, 19, 22)
"""Numbers of the edge cases with tests of their own."""

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def build_enum(*values: str) -> dict[str, object]:
    """Build a string enum."""
    return {"type": "string", "enum": [*values]}


def make_tagged(tag: str, value: str, **others: object) -> dict[str, object]:
    """Build an object with a constant property that identifies it."""
    return build_object(tag, *others, **{tag: build_enum(value)}, **others)


EVENTS = [
    make_tagged("type", "moved", name=build_enum("moved"), id=TEXT),
    make_tagged("type", "sync", name=build_enum("moved"), at=INTEGER),
    make_tagged("type", "sync", name=build_enum("gone"), why=TEXT),
]
PARTS = [make_tagged("type", "text", text=TEXT), make_tagged("type", "tool", state={"$ref": "#/$defs/state"})]
STATE = {"anyOf": [make_tagged("status", "pending", since=INTEGER), make_tagged("status", "error", error=TEXT)]}

EDGE_CASES = (
    EdgeCase(
        14,
        "enum values have a prefix in the proto but not in JSON",
        build_object("p", p=build_enum("allow", "deny", "ask"), q=build_enum("allow")),
        valid=('{"p":"allow"}', '{"p":"deny"}', '{"p":"ask","q":"allow"}'),
        invalid=('{"p":"ALLOW"}', '{"p":"CASEA_P_UNSPECIFIED"}', '{"p":""}', '{"p":0}', '{"p":1}'),
        proto=("_UNSPECIFIED = 0;", "_ALLOW = 1;", "_DENY = 2;", "_ASK = 3;"),
    ),
    EdgeCase(
        15,
        "enum values that are not identifiers",
        build_object(
            "w", w=build_enum("session.created.1", "non-git", "-Infinity", "Red", "RED", "red", "", "1", "unspecified")
        ),
        valid=tuple(
            f'{{"w":"{w}"}}'
            for w in ("session.created.1", "non-git", "-Infinity", "Red", "RED", "red", "", "1", "unspecified")
        ),
        invalid=('{"w":"rEd"}', '{"w":"non_git"}', '{"w":1}'),
    ),
    EdgeCase(
        18,
        "values of several types are compared by type",
        build_object(x={"enum": ["a", 1, None, True]}),
        valid=("{}", '{"x":"a"}', '{"x":1}', '{"x":1.0}', '{"x":null}', '{"x":true}'),
        invalid=('{"x":"1"}', '{"x":false}', '{"x":0}', '{"x":"null"}'),
    ),
    EdgeCase(
        19,
        "a constant is required and not filled in",
        build_object("kind", kind=build_enum("text"), v={"const": 2}),
        valid=('{"kind":"text"}', '{"kind":"text","v":2}'),
        invalid=("{}", '{"kind":"Text"}', '{"kind":"text","v":3}', '{"kind":"text","v":"2"}'),
    ),
    EdgeCase(
        20,
        "branches discriminated by a constant",
        {"anyOf": PARTS, "$defs": {"state": STATE}},
        valid=('{"type":"text","text":""}', '{"type":"tool","state":{"status":"pending","since":0}}'),
        invalid=('{"text":{"type":"text","text":""}}', '{"type":"text"}', '{"type":"tool","text":""}', "{}"),
        proto=("oneof ",),
    ),
    EdgeCase(
        21,
        "one key does not discriminate all branches",
        {"anyOf": EVENTS},
        valid=(
            '{"type":"moved","name":"moved","id":"a"}',
            '{"type":"sync","name":"moved","at":0}',
            '{"type":"sync","name":"gone","why":""}',
        ),
        invalid=(
            '{"type":"sync","name":"moved","why":""}',
            '{"type":"sync","at":0}',
            '{"type":"moved","name":"gone","why":""}',
        ),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    EdgeCase(
        22,
        "an unknown tag",
        {"anyOf": [make_tagged("type", f"kind{i}", a=TEXT) for i in range(12)]},
        valid=('{"type":"kind0","a":""}', '{"type":"kind11","a":""}'),
        invalid=('{"type":"kind12","a":""}', '{"a":""}', '{"type":null,"a":""}'),
    ),
    EdgeCase(
        23,
        "each union has its own discriminator",
        build_object(
            "role",
            "state",
            role={
                "anyOf": [
                    make_tagged("role", "user", id=TEXT),
                    make_tagged("role", "assistant", cost={"type": "number"}),
                ]
            },
            state=STATE,
            error={"anyOf": [make_tagged("_tag", "Bad", n=INTEGER), make_tagged("_tag", "Worse", s=TEXT)]},
        ),
        valid=(
            '{"role":{"role":"user","id":""},"state":{"status":"error","error":""}}',
            '{"role":{"role":"assistant","cost":0},"state":{"status":"pending","since":1},"error":{"_tag":"Worse","s":""}}',
        ),
        invalid=(
            '{"role":{"role":"assistant","id":""},"state":{"status":"error","error":""}}',
            '{"role":{"role":"user","id":""},"state":{"status":"user","error":""}}',
        ),
    ),
    EdgeCase(
        24,
        "oneOf with overlapping branches",
        {"type": "object", "oneOf": [build_object("a", a=TEXT), build_object("b", b=TEXT)]},
        valid=('{"a":"x"}', '{"b":"x"}'),
        invalid=('{"a":"x","b":"y"}', '{"c":1}', "{}"),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    EdgeCase(
        24,
        "oneOf with optional properties only",
        {"oneOf": [build_object(a=TEXT), build_object(b=TEXT)]},
        undeclared=('{"a":1}', '{"b":1,"a":"x"}'),
        invalid=('{"a":"x","b":"y"}', '{"c":1}', "{}", "1"),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    EdgeCase(
        25,
        "anyOf with overlapping branches keeps both",
        build_object(x={"anyOf": [build_object("a", a=TEXT), build_object("b", b=INTEGER)]}),
        valid=('{"x":{"a":"x","b":1}}',),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    EdgeCase(
        25,
        "anyOf with overlapping branches",
        build_object(x={"anyOf": [build_object("a", a=TEXT), build_object("b", b=INTEGER)]}),
        valid=('{"x":{"a":"x"}}', '{"x":{"b":0}}'),
        invalid=('{"x":{}}', '{"x":{"a":1}}'),
        codes=("UNION_NOT_DISCRIMINATED",),
    ),
    EdgeCase(
        26,
        "branches that only require properties form one message",
        {**build_object(a=TEXT, b=TEXT, k=TEXT), "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        valid=('{"a":"x","k":""}', '{"b":""}'),
        invalid=("{}", '{"k":"x"}', '{"a":"","b":""}'),
        proto=("string k = ",),
        absent=("oneof",),
    ),
    EdgeCase(
        27,
        "a value or an array of values",
        build_object(
            x={"anyOf": [TEXT, {"type": "array", "items": TEXT}]},
            y={"anyOf": [{"type": "boolean"}, build_object("n", n=INTEGER)]},
            z={
                "anyOf": [
                    build_enum("allow", "deny"),
                    {"type": "object", "additionalProperties": build_enum("allow", "deny")},
                ]
            },
        ),
        valid=(
            '{"x":"","y":false,"z":"deny"}',
            '{"x":[],"y":{"n":0},"z":{}}',
            '{"x":["a",""],"z":{"edit":"allow"}}',
        ),
        invalid=('{"x":[1]}', '{"y":{}}', '{"y":0}', '{"z":"ask"}', '{"z":{"edit":"ask"}}', '{"x":null}'),
        proto=("oneof ",),
    ),
    EdgeCase(
        28,
        "a list of types is a union",
        build_object(s={"type": ["string", "null"]}, i={"type": ["integer", "string"]}),
        valid=("{}", '{"s":null}', '{"s":"","i":0}', '{"i":"0"}'),
        invalid=('{"s":1}', '{"i":null}', '{"i":1.5}', '{"i":true}'),
    ),
    EdgeCase(
        29,
        "a closed branch of allOf closes the whole object",
        {"allOf": [{**build_object(a=TEXT), "additionalProperties": False}, build_object(b=TEXT)]},
        valid=("{}", '{"a":"x"}'),
        invalid=('{"a":"x","b":"y"}', '{"b":"y"}'),
        codes=("ALL_OF_UNMERGEABLE",),
    ),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> EdgeCaseSuite:
    return EdgeCaseSuite(tmp_path_factory.mktemp("unions"), EDGE_CASES)


@pytest.mark.parametrize("edge_case", parametrize_cases(EDGE_CASES))
def test_edge_case(edge_case: EdgeCase, suite: EdgeCaseSuite) -> None:
    suite.check(edge_case)


def find_case(number: int) -> EdgeCase:
    """Return the first edge case with a number."""
    return next(case for case in EDGE_CASES if case.number == number)


def test_the_unspecified_value_is_never_printed(suite: EdgeCaseSuite) -> None:
    codec = suite.get_contract(find_case(14)).codec
    assert codec is not None
    with pytest.raises(ValueError, match="p"):
        codec.decode(b"")


def test_an_unknown_enum_value_is_quoted_in_the_finding(suite: EdgeCaseSuite) -> None:
    (found,) = suite.get_contract(find_case(14)).check_schema(b'{"p":"sometimes"}')
    assert (found.pointer, found.keyword) == ("/p", "enum")
    assert '"sometimes"' in found.message
    codec = suite.get_contract(find_case(14)).codec
    assert codec is not None
    with pytest.raises(ValueError, match="sometimes"):
        codec.encode(b'{"p":"sometimes"}')


def test_a_model_can_be_built_with_a_constant(suite: EdgeCaseSuite) -> None:
    model = suite.get_contract(find_case(19)).model
    assert model(kind="text").model_dump(mode="json") == {"kind": "text"}


def test_an_unknown_tag_is_one_finding(suite: EdgeCaseSuite) -> None:
    contract = suite.get_contract(find_case(22))
    for findings in (contract.check_schema, contract.check_model, contract.check_codec):
        (found,) = findings(b'{"type":"kind12","a":1}')
        assert found.pointer == "/type"
        assert '"kind12"' in found.message
