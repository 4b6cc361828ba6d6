"""Presence: absent, null, empty and zero are four things, and null is not how absence is written."""

from __future__ import annotations

import pytest
from traps import Trap, Traps, cases, properties

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
NULL = {"type": "null"}
PART = properties(a=TEXT)
LIST = {"type": "array", "items": TEXT}

TRAPS = (
    Trap(
        1,
        "optional is not nullable",
        properties(a=TEXT),
        good=("{}", '{"a":""}', '{"a":"x"}'),
        bad=('{"a":null}',),
        proto=("optional string a = 1;",),
    ),
    Trap(
        2,
        "a required zero is printed",
        properties("n", "s", "b", n=INTEGER, s=TEXT, b={"type": "boolean"}),
        good=('{"n":0,"s":"","b":false}',),
        bad=('{"s":"","b":false}', '{"n":0,"b":false}', '{"n":0,"s":""}'),
        proto=("int64 n = 1;",),
    ),
    Trap(
        4,
        "required and nullable is null or there",
        properties("p", p={"anyOf": [PART, NULL]}),
        good=('{"p":null}', '{"p":{}}', '{"p":{"a":""}}'),
        bad=("{}", '{"p":{"a":null}}'),
    ),
    Trap(
        5,
        "optional and nullable has three states",
        properties(branch={"anyOf": [TEXT, NULL]}, part={"anyOf": [PART, NULL]}),
        good=("{}", '{"branch":null}', '{"branch":""}', '{"part":null}', '{"part":{}}', '{"branch":null,"part":null}'),
        bad=('{"branch":0}',),
        proto=("optional string branch = ", "repeated int32 explicit_fields = "),
    ),
    Trap(
        6,
        "an empty list is not an absent one, and a required one is always printed",
        properties("need", need=LIST, may=LIST),
        good=('{"need":[]}', '{"need":[],"may":[]}', '{"need":["a"],"may":["b",""]}'),
        bad=("{}", '{"may":[]}', '{"need":null}', '{"need":[],"may":null}', '{"need":[null]}'),
    ),
    Trap(
        7,
        "an empty map or free object is not an absent one",
        properties(map={"type": "object", "additionalProperties": INTEGER}, free={"type": "object"}),
        good=("{}", '{"map":{}}', '{"free":{}}', '{"map":{"a":0},"free":{"a":null}}'),
        bad=('{"map":null}', '{"free":null}', '{"map":{"a":null}}'),
        proto=("map<string, int64> map = ", "google.protobuf.Struct free = "),
    ),
    Trap(
        35,
        "a map may hold nulls",
        properties(
            "m",
            m={"type": "object", "additionalProperties": {"anyOf": [PART, NULL]}},
            n={"type": "object", "additionalProperties": NULL},
        ),
        good=('{"m":{"a":null,"b":{}}}', '{"m":{},"n":{"x":null}}', '{"m":{},"n":{}}'),
        bad=('{"m":{"a":1}}', '{"m":{},"n":{"x":{}}}'),
    ),
    Trap(
        36,
        "a list may hold nulls",
        properties("l", l={"type": "array", "items": {"type": ["string", "null"]}}),
        good=('{"l":[]}', '{"l":[null]}', '{"l":["",null,"a"]}'),
        bad=('{"l":null}', '{"l":[0]}'),
    ),
    Trap(
        37,
        "containers in containers",
        properties(
            grid={"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            maps={"type": "array", "items": {"type": "object", "additionalProperties": INTEGER}},
            lists={"type": "object", "additionalProperties": LIST},
            deep={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": TEXT}},
        ),
        good=(
            '{"grid":[]}',
            '{"grid":[[]]}',
            '{"grid":[[1,2.5],[]]}',
            '{"maps":[{}],"lists":{"a":[]},"deep":{"a":{}}}',
            '{"maps":[{"a":0}],"lists":{"a":[""]},"deep":{"a":{"b":""}}}',
        ),
        bad=('{"grid":[null]}', '{"grid":[["1"]]}', '{"maps":[[]]}', '{"lists":{"a":{}}}', '{"deep":{"a":[]}}'),
    ),
    Trap(
        38,
        "a list at the top",
        {"type": "array", "items": PART},
        good=("[]", "[{}]", '[{"a":"x"}]'),
        bad=("{}", '{"items":[]}', "null", "[null]"),
        proto=(" items = 1;",),
    ),
    Trap(
        38,
        "a boolean at the top",
        {"type": "boolean"},
        good=("true", "false"),
        bad=("0", '"true"', "null", '{"value":true}'),
    ),
    Trap(
        40,
        "a tuple is a message with a field a position",
        properties(
            p={
                "type": "array",
                "prefixItems": [TEXT, {"type": "object", "properties": {"n": INTEGER}}],
                "items": False,
                "minItems": 2,
                "maxItems": 2,
            }
        ),
        good=("{}", '{"p":["a",{"n":0}]}', '{"p":["",{}]}'),
        bad=('{"p":[]}', '{"p":["a"]}', '{"p":["a",{},1]}', '{"p":[{},"a"]}'),
        proto=("string ",),
    ),
    Trap(
        41,
        "a schema of everything keeps null, one of nothing has no property",
        properties(any={}, all=True, none=False),
        good=("{}", '{"any":null}', '{"any":{"a":[null]}}', '{"all":0}', '{"all":null,"any":false}'),
        bad=('{"none":null}', '{"none":1}'),
        proto=("google.protobuf.Value any = ", "google.protobuf.Value all = "),
    ),
    Trap(
        42,
        "a free object says which digits it drops",
        properties(o={"type": "object"}),
        good=('{"o":{"n":9007199254740992}}', '{"o":{"n":1.0,"m":[1,[2]]}}'),
        uncarried=('{"o":{"n":9007199254740993}}',),
        bad=('{"o":[]}',),
    ),
    Trap(
        57,
        "a default fills nothing in",
        properties(a={"type": "integer", "default": 7}, b={**TEXT, "default": "x"}),
        good=("{}", '{"a":7}', '{"a":0,"b":""}'),
        bad=('{"a":null}',),
        never=("[default",),
    ),
    Trap(
        58,
        "annotations of direction ask for nothing",
        properties(
            "id",
            id={**TEXT, "readOnly": True},
            key={**TEXT, "writeOnly": True},
            old={**TEXT, "deprecated": True, "x-note": 1},
        ),
        good=('{"id":""}', '{"id":"a","key":"b","old":"c"}'),
        proto=("[deprecated = true]",),
    ),
)


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps(tmp_path_factory.mktemp("presence"), TRAPS)


@pytest.mark.parametrize("trap", cases(TRAPS))
def test_trap(trap: Trap, traps: Traps) -> None:
    traps.spring(trap)


def test_1_an_unset_property_of_a_model_is_no_none(traps: Traps) -> None:
    model = traps.contract(TRAPS[0]).model
    assert model.model_validate_json(b"{}").model_dump_json() == "{}"
    assert model(a="x").model_dump(mode="json") == {"a": "x"}
    with pytest.raises(ValueError, match="string"):
        model(a=None)


def test_3_a_missing_required_scalar_is_seen_before_protobuf_fills_it_in(traps: Traps) -> None:
    codec = traps.contract(TRAPS[1]).codec
    assert codec is not None
    with pytest.raises(ValueError, match="n"):
        codec.encode(b"{}")
    assert codec.decode(b"") == b'{"n":0,"s":"","b":false}'


def test_4_a_nullable_property_has_no_default(traps: Traps) -> None:
    model = traps.contract(TRAPS[2]).model
    assert model(p=None).model_dump(mode="json") == {"p": None}
    with pytest.raises(ValueError, match="p"):
        model()
