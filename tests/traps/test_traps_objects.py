"""Objects: what else may be in them, under which policy, and where it goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from traps import Trap, Traps, cases, made, properties

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
COUNTS = {
    "type": "object",
    "propertyNames": {"pattern": "^[a-z]+$"},
    "minProperties": 1,
    "additionalProperties": INTEGER,
}

TRAPS = (
    Trap(
        31,
        "closed means closed",
        {**properties("a", a=TEXT), "additionalProperties": False},
        good=('{"a":"x"}',),
        bad=('{"a":"x","b":1}', '{"a":"x","A":"x"}'),
    ),
    Trap(
        31,
        "open means noted",
        properties("a", a=TEXT),
        good=('{"a":"x"}',),
        noted=('{"a":"x","b":1}', '{"a":"x","b":null,"c":{}}'),
    ),
    Trap(
        32,
        "the rest has a type beside declared properties",
        {**properties(a=TEXT, additionalProperties=TEXT), "additionalProperties": INTEGER},
        good=("{}", '{"a":"x","b":1}', '{"a":"","additionalProperties":"y","b":0,"c":2}'),
        bad=('{"a":1}', '{"b":"x"}', '{"additionalProperties":1}'),
        proto=("map<string, int64> additional_properties",),
    ),
    Trap(
        33,
        "two patterns of names",
        {
            "type": "object",
            "patternProperties": {"^A_": TEXT, "^B_": INTEGER},
            "additionalProperties": False,
        },
        good=("{}", '{"A_1":"x","B_1":1}', '{"B_":0}'),
        bad=('{"C":true}', '{"A_1":1}', '{"B_1":"x"}'),
    ),
    Trap(
        33,
        "two patterns of names and anything else",
        {"type": "object", "patternProperties": {"^A_": TEXT, "^B_": INTEGER}, "additionalProperties": True},
        good=('{"A_1":"x","B_1":1,"C":true}', '{"C":null}'),
        bad=('{"A_1":1,"C":true}',),
    ),
    Trap(
        34,
        "rules about names and their number",
        {
            "type": "object",
            "propertyNames": {"pattern": "^[a-z]+$"},
            "minProperties": 1,
            "maxProperties": 2,
            "additionalProperties": INTEGER,
        },
        good=('{"a":0}', '{"a":1,"b":2}'),
        bad=("{}", '{"A":1}', '{"a":1,"b":2,"c":3}', '{"":1}'),
        proto=("map<string, int64>",),
    ),
    Trap(
        34,
        "the same inside lists and unions and by name",
        {
            **properties(
                l={"type": "array", "items": COUNTS},
                n={"anyOf": [COUNTS, {"type": "null"}]},
                u={"anyOf": [COUNTS, TEXT]},
                r={"$ref": "#/$defs/counts"},
                v={"type": "object", "additionalProperties": {**INTEGER, "minimum": 1}},
            ),
            "$defs": {"counts": COUNTS},
        },
        good=("{}", '{"l":[{"a":0}],"n":null,"u":"","r":{"b":1},"v":{}}', '{"n":{"a":1},"u":{"a":1},"v":{"x":1}}'),
        bad=('{"l":[{}]}', '{"l":[{"A":1}]}', '{"n":{}}', '{"u":{}}', '{"u":{"A":1}}', '{"r":{}}', '{"v":{"x":0}}'),
    ),
    Trap(
        34,
        "the values of a named map have limits",
        {"type": "object", "additionalProperties": {**INTEGER, "minimum": 1}},
        good=("{}", '{"a":1}'),
        bad=('{"a":0}', '{"a":"1"}'),
    ),
)


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps(tmp_path_factory.mktemp("objects"), TRAPS)


@pytest.mark.parametrize("trap", cases(TRAPS))
def test_trap(trap: Trap, traps: Traps) -> None:
    traps.spring(trap)


@pytest.mark.parametrize(
    ("policy", "valid", "comes_back"),
    [("error", False, None), ("warn", True, "lossy"), ("keep", True, "equal")],
)
def test_31_one_policy_for_validator_model_and_codec(
    policy: str, valid: bool, comes_back: str | None, tmp_path: Path
) -> None:
    closed = {**properties(a=TEXT), "additionalProperties": False}
    project = made(tmp_path, {"t/x": properties(a=TEXT), "t/closed": closed}, f'unknown-fields = "{policy}"\n')
    verdict = project.judge("t/x", '{"a":"x","new":{"b":[1]}}')
    assert (verdict.valid, verdict.round_trip, verdict.disagreement) == (valid, comes_back, "")
    assert {raised.finding.pointer for raised in verdict.raised} == (set() if policy == "keep" else {"/new"})
    assert not project.judge("t/closed", '{"new":1}').valid
    assert project.judge("t/closed", '{"new":1}').disagreement == ""
