"""Presence: absent, null, empty and zero are different."""

from __future__ import annotations

import pytest
from edge_cases import EdgeCase, EdgeCaseSuite, build_object, parametrize_cases

NUMBERS = (1, 3, 4)
"""Numbers of the edge cases with tests of their own."""

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
NULL = {"type": "null"}
PART = build_object(a=TEXT)
LIST = {"type": "array", "items": TEXT}

EDGE_CASES = (
    EdgeCase(
        1,
        "optional is not nullable",
        build_object(a=TEXT),
        valid=("{}", '{"a":""}', '{"a":"x"}'),
        invalid=('{"a":null}',),
        proto=("optional string a = 1;",),
    ),
    EdgeCase(
        2,
        "a required zero is printed",
        build_object("n", "s", "b", n=INTEGER, s=TEXT, b={"type": "boolean"}),
        valid=('{"n":0,"s":"","b":false}',),
        invalid=('{"s":"","b":false}', '{"n":0,"b":false}', '{"n":0,"s":""}'),
        proto=("int64 n = 1;",),
    ),
    EdgeCase(
        4,
        "required and nullable is null or a value",
        build_object("p", p={"anyOf": [PART, NULL]}),
        valid=('{"p":null}', '{"p":{}}', '{"p":{"a":""}}'),
        invalid=("{}", '{"p":{"a":null}}'),
    ),
    EdgeCase(
        5,
        "optional and nullable has three states",
        build_object(branch={"anyOf": [TEXT, NULL]}, part={"anyOf": [PART, NULL]}),
        valid=("{}", '{"branch":null}', '{"branch":""}', '{"part":null}', '{"part":{}}', '{"branch":null,"part":null}'),
        invalid=('{"branch":0}',),
        proto=("optional string branch = ", "repeated int32 explicit_fields = "),
    ),
    EdgeCase(
        6,
        "an empty list is not an absent one, and a required one is always printed",
        build_object("need", need=LIST, may=LIST),
        valid=('{"need":[]}', '{"need":[],"may":[]}', '{"need":["a"],"may":["b",""]}'),
        invalid=("{}", '{"may":[]}', '{"need":null}', '{"need":[],"may":null}', '{"need":[null]}'),
    ),
    EdgeCase(
        7,
        "an empty map or free-form object is not an absent one",
        build_object(map={"type": "object", "additionalProperties": INTEGER}, free={"type": "object"}),
        valid=("{}", '{"map":{}}', '{"free":{}}', '{"map":{"a":0},"free":{"a":null}}'),
        invalid=('{"map":null}', '{"free":null}', '{"map":{"a":null}}'),
        proto=("map<string, int64> map = ", "google.protobuf.Struct free = "),
    ),
    EdgeCase(
        35,
        "a map may hold nulls",
        build_object(
            "m",
            m={"type": "object", "additionalProperties": {"anyOf": [PART, NULL]}},
            n={"type": "object", "additionalProperties": NULL},
        ),
        valid=('{"m":{"a":null,"b":{}}}', '{"m":{},"n":{"x":null}}', '{"m":{},"n":{}}'),
        invalid=('{"m":{"a":1}}', '{"m":{},"n":{"x":{}}}'),
    ),
    EdgeCase(
        36,
        "a list may hold nulls",
        build_object("l", l={"type": "array", "items": {"type": ["string", "null"]}}),
        valid=('{"l":[]}', '{"l":[null]}', '{"l":["",null,"a"]}'),
        invalid=('{"l":null}', '{"l":[0]}'),
    ),
    EdgeCase(
        37,
        "containers in containers",
        build_object(
            grid={"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
            maps={"type": "array", "items": {"type": "object", "additionalProperties": INTEGER}},
            lists={"type": "object", "additionalProperties": LIST},
            deep={"type": "object", "additionalProperties": {"type": "object", "additionalProperties": TEXT}},
        ),
        valid=(
            '{"grid":[]}',
            '{"grid":[[]]}',
            '{"grid":[[1,2.5],[]]}',
            '{"maps":[{}],"lists":{"a":[]},"deep":{"a":{}}}',
            '{"maps":[{"a":0}],"lists":{"a":[""]},"deep":{"a":{"b":""}}}',
        ),
        invalid=('{"grid":[null]}', '{"grid":[["1"]]}', '{"maps":[[]]}', '{"lists":{"a":{}}}', '{"deep":{"a":[]}}'),
    ),
    EdgeCase(
        38,
        "a list at the top",
        {"type": "array", "items": PART},
        valid=("[]", "[{}]", '[{"a":"x"}]'),
        invalid=("{}", '{"items":[]}', "null", "[null]"),
        proto=(" items = 1;",),
    ),
    EdgeCase(
        38,
        "a boolean at the top",
        {"type": "boolean"},
        valid=("true", "false"),
        invalid=("0", '"true"', "null", '{"value":true}'),
    ),
    EdgeCase(
        40,
        "a tuple is a message with one field for each position",
        build_object(
            p={
                "type": "array",
                "prefixItems": [TEXT, {"type": "object", "properties": {"n": INTEGER}}],
                "items": False,
                "minItems": 2,
                "maxItems": 2,
            }
        ),
        valid=("{}", '{"p":["a",{"n":0}]}', '{"p":["",{}]}'),
        invalid=('{"p":[]}', '{"p":["a"]}', '{"p":["a",{},1]}', '{"p":[{},"a"]}'),
        proto=("string ",),
    ),
    EdgeCase(
        41,
        "the schema true keeps null, the schema false forbids the property",
        build_object(any={}, all=True, none=False),
        valid=("{}", '{"any":null}', '{"any":{"a":[null]}}', '{"all":0}', '{"all":null,"any":false}'),
        invalid=('{"none":null}', '{"none":1}'),
        proto=("google.protobuf.Value any = ", "google.protobuf.Value all = "),
    ),
    EdgeCase(
        42,
        "a free-form object reports lost precision",
        build_object(o={"type": "object"}),
        valid=('{"o":{"n":9007199254740992}}', '{"o":{"n":1.0,"m":[1,[2]]}}'),
        unrepresentable=('{"o":{"n":9007199254740993}}',),
        invalid=('{"o":[]}',),
    ),
    EdgeCase(
        57,
        "a default is not filled in",
        build_object(a={"type": "integer", "default": 7}, b={**TEXT, "default": "x"}),
        valid=("{}", '{"a":7}', '{"a":0,"b":""}'),
        invalid=('{"a":null}',),
        absent=("[default",),
    ),
    EdgeCase(
        58,
        "readOnly and writeOnly have no effect",
        build_object(
            "id",
            id={**TEXT, "readOnly": True},
            key={**TEXT, "writeOnly": True},
            old={**TEXT, "deprecated": True, "x-note": 1},
        ),
        valid=('{"id":""}', '{"id":"a","key":"b","old":"c"}'),
        proto=("[deprecated = true]",),
    ),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> EdgeCaseSuite:
    return EdgeCaseSuite(tmp_path_factory.mktemp("presence"), EDGE_CASES)


@pytest.mark.parametrize("edge_case", parametrize_cases(EDGE_CASES))
def test_edge_case(edge_case: EdgeCase, suite: EdgeCaseSuite) -> None:
    suite.check(edge_case)


def test_an_unset_property_of_a_model_is_not_none(suite: EdgeCaseSuite) -> None:
    model = suite.get_contract(EDGE_CASES[0]).model
    assert model.model_validate_json(b"{}").model_dump_json() == "{}"
    assert model(a="x").model_dump(mode="json") == {"a": "x"}
    with pytest.raises(ValueError, match="string"):
        model(a=None)


def test_a_missing_required_scalar_is_reported_before_protobuf_adds_a_default(suite: EdgeCaseSuite) -> None:
    codec = suite.get_contract(EDGE_CASES[1]).codec
    assert codec is not None
    with pytest.raises(ValueError, match="n"):
        codec.encode(b"{}")
    assert codec.decode(b"") == b'{"n":0,"s":"","b":false}'


def test_a_required_nullable_property_has_no_default(suite: EdgeCaseSuite) -> None:
    model = suite.get_contract(EDGE_CASES[2]).model
    assert model(p=None).model_dump(mode="json") == {"p": None}
    with pytest.raises(ValueError, match="p"):
        model()
