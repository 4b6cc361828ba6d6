"""Numbers: integers, limits of protobuf, and printing."""

from __future__ import annotations

import pytest
from edge_cases import EdgeCase, EdgeCaseSuite, build_object, parametrize_cases

NUMBERS = (10, 49)
"""Numbers of the edge cases with tests of their own."""

INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
SPECIAL = {"anyOf": [NUMBER, *({"type": "string", "enum": [word]} for word in ("NaN", "Infinity", "-Infinity"))]}

EDGE_CASES = (
    EdgeCase(
        8,
        "milliseconds need int64, and a minimum of 0 does not mean unsigned",
        build_object("at", at={**INTEGER, "minimum": 0}),
        valid=('{"at":1767225600000}', '{"at":0}'),
        invalid=('{"at":-1}',),
        proto=("int64 at = 1;",),
        absent=("uint",),
    ),
    EdgeCase(
        9,
        "a number keeps all digits of a double",
        build_object("x", x=NUMBER),
        valid=('{"x":1767225600000}', '{"x":0.1}', '{"x":1.7976931348623157e308}'),
        invalid=('{"x":"0.1"}', '{"x":NaN}'),
        proto=("double x = 1;",),
        absent=("float",),
    ),
    EdgeCase(
        10,
        "an integer may be written with a fraction of zero",
        build_object("n", n=INTEGER),
        valid=('{"n":2.0}', '{"n":1e3}', '{"n":-0.0}'),
        invalid=('{"n":2.5}', '{"n":"1"}', '{"n":true}'),
    ),
    EdgeCase(
        11,
        "an integer beyond int64 is valid but not representable",
        build_object("n", n=INTEGER),
        valid=('{"n":9007199254740993}', '{"n":9223372036854775807}', '{"n":-9223372036854775808}'),
        unrepresentable=('{"n":9223372036854775808}', '{"n":123456789012345678901234567890}'),
    ),
    EdgeCase(
        12,
        "three strings are numbers if the schema lists them",
        build_object("x", x=SPECIAL),
        valid=('{"x":"NaN"}', '{"x":"Infinity"}', '{"x":"-Infinity"}', '{"x":1.5}'),
        invalid=('{"x":"1"}', '{"x":NaN}', '{"x":Infinity}', '{"x":"nan"}', '{"x":true}'),
        proto=("double x = 1;",),
    ),
    EdgeCase(
        13,
        "false or a positive integer",
        build_object("x", x={"anyOf": [{"type": "boolean", "enum": [False]}, {**INTEGER, "exclusiveMinimum": 0}]}),
        valid=('{"x":false}', '{"x":3}'),
        invalid=('{"x":true}', '{"x":0}', '{"x":1.5}'),
        proto=("bool ", "int64 ", "oneof"),
    ),
    EdgeCase(
        49,
        "a large integer comes back as a number",
        build_object("n", n=INTEGER),
        valid=('{"n":9007199254740992}',),
        invalid=('{"n":"9007199254740992"}',),
    ),
    EdgeCase(
        54,
        "multipleOf is decimal",
        build_object("x", x={**NUMBER, "multipleOf": 0.01}),
        valid=('{"x":19.99}', '{"x":0.07}', '{"x":1e300}'),
        invalid=('{"x":19.995}',),
    ),
    EdgeCase(
        55,
        "equality distinguishes numbers from booleans and ignores the order of keys",
        build_object(
            a={"type": "array", "uniqueItems": True},
            c={"const": 1},
            o={"enum": [{"x": 1, "y": [2]}]},
        ),
        valid=('{"a":[1,true]}', '{"a":[0,false,"0"]}', '{"c":1.0}', '{"o":{"y":[2.0],"x":1}}'),
        invalid=('{"a":[1,1.0]}', '{"a":[{"x":1,"y":2},{"y":2,"x":1}]}', '{"c":true}', '{"o":{"x":true,"y":[2]}}'),
    ),
    EdgeCase(
        56,
        "a bound does not apply to other types",
        build_object(n={"minimum": 3}, o={"required": ["x"]}),
        valid=('{"n":"a"}', '{"n":3}', '{"o":1}', '{"o":{"x":null}}'),
        invalid=('{"n":2}', '{"o":{}}'),
        codes=("TYPE_MISSING", "TYPE_MISSING"),
    ),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> EdgeCaseSuite:
    return EdgeCaseSuite(tmp_path_factory.mktemp("numbers"), EDGE_CASES)


@pytest.mark.parametrize("edge_case", parametrize_cases(EDGE_CASES))
def test_edge_case(edge_case: EdgeCase, suite: EdgeCaseSuite) -> None:
    suite.check(edge_case)


def test_a_zero_fraction_is_not_printed(suite: EdgeCaseSuite) -> None:
    contract = suite.get_contract(next(case for case in EDGE_CASES if case.number == 10))
    assert contract.round_trip(b'{"n":1e3}') == b'{"n":1000}'


def test_an_int64_is_printed_without_quotes(suite: EdgeCaseSuite) -> None:
    contract = suite.get_contract(next(case for case in EDGE_CASES if case.number == 49))
    assert contract.round_trip(b'{"n":9007199254740993}') == b'{"n":9007199254740993}'
