"""Objects: undeclared properties under each policy."""

from __future__ import annotations

from pathlib import Path

import pytest
from edge_cases import EdgeCase, EdgeCaseSuite, build_object, build_project, parametrize_cases

NUMBERS = (31,)
"""Numbers of the edge cases with tests of their own."""

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
COUNTS = {
    "type": "object",
    "propertyNames": {"pattern": "^[a-z]+$"},
    "minProperties": 1,
    "additionalProperties": INTEGER,
}

EDGE_CASES = (
    EdgeCase(
        31,
        "undeclared properties of a closed object",
        {**build_object("a", a=TEXT), "additionalProperties": False},
        valid=('{"a":"x"}',),
        invalid=('{"a":"x","b":1}', '{"a":"x","A":"x"}'),
    ),
    EdgeCase(
        31,
        "undeclared properties of an open object",
        build_object("a", a=TEXT),
        valid=('{"a":"x"}',),
        undeclared=('{"a":"x","b":1}', '{"a":"x","b":null,"c":{}}'),
    ),
    EdgeCase(
        32,
        "additionalProperties with a type beside declared properties",
        {**build_object(a=TEXT, additionalProperties=TEXT), "additionalProperties": INTEGER},
        valid=("{}", '{"a":"x","b":1}', '{"a":"","additionalProperties":"y","b":0,"c":2}'),
        invalid=('{"a":1}', '{"b":"x"}', '{"additionalProperties":1}'),
        proto=("map<string, int64> additional_properties",),
    ),
    EdgeCase(
        33,
        "two patternProperties",
        {
            "type": "object",
            "patternProperties": {"^A_": TEXT, "^B_": INTEGER},
            "additionalProperties": False,
        },
        valid=("{}", '{"A_1":"x","B_1":1}', '{"B_":0}'),
        invalid=('{"C":true}', '{"A_1":1}', '{"B_1":"x"}'),
    ),
    EdgeCase(
        33,
        "two patternProperties and additional properties",
        {"type": "object", "patternProperties": {"^A_": TEXT, "^B_": INTEGER}, "additionalProperties": True},
        valid=('{"A_1":"x","B_1":1,"C":true}', '{"C":null}'),
        invalid=('{"A_1":1,"C":true}',),
    ),
    EdgeCase(
        34,
        "propertyNames and property counts",
        {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]+$"},
            "minProperties": 1,
            "maxProperties": 2,
            "additionalProperties": INTEGER,
        },
        valid=('{"a":0}', '{"a":1,"b":2}'),
        invalid=("{}", '{"A":1}', '{"a":1,"b":2,"c":3}', '{"":1}'),
        proto=("map<string, int64>",),
    ),
    EdgeCase(
        34,
        "propertyNames and property counts inside arrays, unions and named types",
        {
            **build_object(
                l={"type": "array", "items": COUNTS},
                n={"anyOf": [COUNTS, {"type": "null"}]},
                u={"anyOf": [COUNTS, TEXT]},
                r={"$ref": "#/$defs/counts"},
                v={"type": "object", "additionalProperties": {**INTEGER, "minimum": 1}},
            ),
            "$defs": {"counts": COUNTS},
        },
        valid=("{}", '{"l":[{"a":0}],"n":null,"u":"","r":{"b":1},"v":{}}', '{"n":{"a":1},"u":{"a":1},"v":{"x":1}}'),
        invalid=('{"l":[{}]}', '{"l":[{"A":1}]}', '{"n":{}}', '{"u":{}}', '{"u":{"A":1}}', '{"r":{}}', '{"v":{"x":0}}'),
    ),
    EdgeCase(
        34,
        "bounds of the values of a named map",
        {"type": "object", "additionalProperties": {**INTEGER, "minimum": 1}},
        valid=("{}", '{"a":1}'),
        invalid=('{"a":0}', '{"a":"1"}'),
    ),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> EdgeCaseSuite:
    return EdgeCaseSuite(tmp_path_factory.mktemp("objects"), EDGE_CASES)


@pytest.mark.parametrize("edge_case", parametrize_cases(EDGE_CASES))
def test_edge_case(edge_case: EdgeCase, suite: EdgeCaseSuite) -> None:
    suite.check(edge_case)


@pytest.mark.parametrize(
    ("policy", "valid", "comes_back"),
    [("error", False, None), ("warn", True, "lossy"), ("keep", True, "equal")],
)
def test_validator_model_and_codec_have_the_same_policy(
    policy: str, valid: bool, comes_back: str | None, tmp_path: Path
) -> None:
    closed = {**build_object(a=TEXT), "additionalProperties": False}
    project = build_project(
        tmp_path, {"t/x": build_object(a=TEXT), "t/closed": closed}, f'unknown-fields = "{policy}"\n'
    )
    verdict = project.judge("t/x", '{"a":"x","new":{"b":[1]}}')
    assert (verdict.is_valid, verdict.round_trip, verdict.disagreement) == (valid, comes_back, "")
    assert {raised.finding.pointer for raised in verdict.findings} == (set() if policy == "keep" else {"/new"})
    assert not project.judge("t/closed", '{"new":1}').is_valid
    assert project.judge("t/closed", '{"new":1}').disagreement == ""
