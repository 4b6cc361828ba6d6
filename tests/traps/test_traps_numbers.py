"""Numbers: what counts as an integer, which of them protobuf holds, and how they are printed."""

from __future__ import annotations

import pytest
from traps import Trap, Traps, cases, properties

INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
SPECIAL = {"anyOf": [NUMBER, *({"type": "string", "enum": [word]} for word in ("NaN", "Infinity", "-Infinity"))]}

TRAPS = (
    Trap(
        8,
        "milliseconds need int64, and a minimum of 0 makes nothing unsigned",
        properties("at", at={**INTEGER, "minimum": 0}),
        good=('{"at":1767225600000}', '{"at":0}'),
        bad=('{"at":-1}',),
        proto=("int64 at = 1;",),
        never=("uint",),
    ),
    Trap(
        9,
        "a number keeps all digits of a double",
        properties("x", x=NUMBER),
        good=('{"x":1767225600000}', '{"x":0.1}', '{"x":1.7976931348623157e308}'),
        bad=('{"x":"0.1"}', '{"x":NaN}'),
        proto=("double x = 1;",),
        never=("float",),
    ),
    Trap(
        10,
        "an integer may be written with a fraction of zero",
        properties("n", n=INTEGER),
        good=('{"n":2.0}', '{"n":1e3}', '{"n":-0.0}'),
        bad=('{"n":2.5}', '{"n":"1"}', '{"n":true}'),
    ),
    Trap(
        11,
        "an integer beyond int64 is valid and not carried",
        properties("n", n=INTEGER),
        good=('{"n":9007199254740993}', '{"n":9223372036854775807}', '{"n":-9223372036854775808}'),
        uncarried=('{"n":9223372036854775808}', '{"n":123456789012345678901234567890}'),
    ),
    Trap(
        12,
        "three strings are numbers where the schema lists them",
        properties("x", x=SPECIAL),
        good=('{"x":"NaN"}', '{"x":"Infinity"}', '{"x":"-Infinity"}', '{"x":1.5}'),
        bad=('{"x":"1"}', '{"x":NaN}', '{"x":Infinity}', '{"x":"nan"}', '{"x":true}'),
        proto=("double x = 1;",),
    ),
    Trap(
        13,
        "false or a positive integer",
        properties("x", x={"anyOf": [{"type": "boolean", "enum": [False]}, {**INTEGER, "exclusiveMinimum": 0}]}),
        good=('{"x":false}', '{"x":3}'),
        bad=('{"x":true}', '{"x":0}', '{"x":1.5}'),
        proto=("bool ", "int64 ", "oneof"),
    ),
    Trap(
        49,
        "a large integer comes back as a number",
        properties("n", n=INTEGER),
        good=('{"n":9007199254740992}',),
        bad=('{"n":"9007199254740992"}',),
    ),
    Trap(
        54,
        "multiples of a hundredth are decimal",
        properties("x", x={**NUMBER, "multipleOf": 0.01}),
        good=('{"x":19.99}', '{"x":0.07}', '{"x":1e300}'),
        bad=('{"x":19.995}',),
    ),
    Trap(
        55,
        "equality knows numbers from booleans and no order of keys",
        properties(
            a={"type": "array", "uniqueItems": True},
            c={"const": 1},
            o={"enum": [{"x": 1, "y": [2]}]},
        ),
        good=('{"a":[1,true]}', '{"a":[0,false,"0"]}', '{"c":1.0}', '{"o":{"y":[2.0],"x":1}}'),
        bad=('{"a":[1,1.0]}', '{"a":[{"x":1,"y":2},{"y":2,"x":1}]}', '{"c":true}', '{"o":{"x":true,"y":[2]}}'),
    ),
    Trap(
        56,
        "a bound says nothing about other types",
        properties(n={"minimum": 3}, o={"required": ["x"]}),
        good=('{"n":"a"}', '{"n":3}', '{"o":1}', '{"o":{"x":null}}'),
        bad=('{"n":2}', '{"o":{}}'),
        codes=("TYPE_MISSING", "TYPE_MISSING"),
    ),
)


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps(tmp_path_factory.mktemp("numbers"), TRAPS)


@pytest.mark.parametrize("trap", cases(TRAPS))
def test_trap(trap: Trap, traps: Traps) -> None:
    traps.spring(trap)


def test_10_a_fraction_of_zero_is_not_printed(traps: Traps) -> None:
    contract = traps.contract(next(trap for trap in TRAPS if trap.number == 10))
    assert contract.round_trip(b'{"n":1e3}') == b'{"n":1000}'


def test_49_no_quotes_around_an_int64(traps: Traps) -> None:
    contract = traps.contract(next(trap for trap in TRAPS if trap.number == 49))
    assert contract.round_trip(b'{"n":9007199254740993}') == b'{"n":9007199254740993}'
