"""Branches that overlap: what is undeclared beside them is the same for validator, model and codec, whatever the policy.

The schema decides: a property is declared if any branch that takes the value declares it, also further in.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from instances import Schemata, broken
from projects import contract, project

from wirelock.loader import Loaded
from wirelock.runtime.json.text import dump
from wirelock.traffic.conformance.verdict import judge

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def record(*required: str, **properties: Any) -> dict[str, Any]:
    """An object with these properties."""
    return {"type": "object", "properties": properties, "required": [*required]}


A = record("a", a=TEXT)
B = record("b", b=INTEGER)
FREE = {"type": "object"}


def either(*branches: Any, keyword: str = "anyOf") -> dict[str, Any]:
    """A union."""
    return {keyword: [*branches]}


# schema, document, and the pointers of what is undeclared in it
OVERLAPS: dict[str, tuple[dict[str, Any], Any, list[str]]] = {
    "both halves": (record(x=either(A, B)), {"x": {"a": "x", "b": 1}}, []),
    "both halves and more": (record(x=either(A, B)), {"x": {"a": "x", "b": 1, "c": 2}}, ["/x/c"]),
    "only one branch takes it": (record(x=either(A, B)), {"x": {"a": "x", "b": "y"}}, ["/x/b"]),
    "of one type itself": (either(A, B), {"a": "x", "b": 1, "c": 2}, ["/c"]),
    "nothing required": (record(x=either(record(a=TEXT), record(b=TEXT))), {"x": {"b": "", "a": "", "c": 0}}, ["/x/c"]),
    "further in": (
        record(x=either(record(in_=A), record(in_=B))),
        {"x": {"in_": {"a": "", "b": 1, "c": 1}}},
        ["/x/in_/c"],
    ),
    "further in, one of them free": (
        record(x=either(record(in_=FREE), record(in_=B))),
        {"x": {"in_": {"b": 1, "c": 1}}},
        [],
    ),
    "in lists of objects": (
        record(x=either({"type": "array", "items": A}, {"type": "array", "items": B})),
        {"x": [{"a": "", "b": 1}, {"b": 1, "a": "", "c": 1}]},
        ["/x/1/c"],
    ),
    "in a list of unions": (
        record(x={"type": "array", "items": either(A, B)}),
        {"x": [{"a": "", "b": 1}, {"b": 1, "c": 1}]},
        ["/x/1/c"],
    ),
    "in a map of unions": (
        {"type": "object", "additionalProperties": either(A, B)},
        {"p/q": {"a": "", "b": 1, "c": 1}},
        ["/p~1q/c"],
    ),
    "a union in a union": (
        record(x=either(record("k", k=either(A, B)), record("k", "l", k=A, l=TEXT))),
        {"x": {"k": {"a": "", "b": 1, "c": 1}, "l": ""}},
        ["/x/k/c"],
    ),
    "beside null": (record(x=either(A, B, {"type": "null"})), {"x": {"a": "", "b": 1, "c": 1}}, ["/x/c"]),
    "by references": (
        {**record(x=either({"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"})), "$defs": {"a": A, "b": B}},
        {"x": {"a": "", "b": 1, "c": 1}},
        ["/x/c"],
    ),
    "a named union": (
        {**record(x={"$ref": "#/$defs/u"}), "$defs": {"u": either(A, B)}},
        {"x": {"a": "", "b": 1, "c": 1}, "y": 1},
        ["/x/c", "/y"],
    ),
    "recursive": (
        {**record(x=either(record("a", a=TEXT, x={"$ref": "#"}), B))},
        {"x": {"a": "", "b": 1, "x": {"x": {"a": "", "b": 1, "c": 1}}}},
        ["/x/x/x/c"],
    ),
    "a branch that takes any object": (record(x=either(A, FREE)), {"x": {"a": "", "c": 1}}, []),
    "a branch that takes any object, but not this one": (
        record(x=either(A, {**FREE, "maxProperties": 1})),
        {"x": {"a": "", "c": 1}},
        ["/x/c"],
    ),
    "an open branch": (record(x=either(A, {**B, "additionalProperties": True})), {"x": {"a": "", "b": 1, "c": 1}}, []),
    "an open branch, but not this one": (
        record(x=either(A, {**B, "additionalProperties": True})),
        {"x": {"a": "", "c": 1}},
        ["/x/c"],
    ),
    "a closed branch": (
        record(x=either(A, {**B, "additionalProperties": False})),
        {"x": {"a": "", "b": 1}},
        ["/x/b"],
    ),
    "one of them": (
        record(x=either(record("a", a=TEXT), record("b", b=INTEGER), keyword="oneOf")),
        {"x": {"a": "", "b": ""}},
        ["/x/b"],
    ),
    "told apart": (
        record(x=either(record("t", t={"const": "a"}, a=TEXT), record("t", t={"const": "b"}, b=TEXT))),
        {"x": {"t": "a", "a": "", "b": ""}},
        ["/x/b"],
    ),
}


@pytest.fixture(scope="module", params=["error", "warn", "keep"])
def policy(request: pytest.FixtureRequest) -> str:
    """What becomes of undeclared properties."""
    return str(request.param)


@pytest.fixture(scope="module")
def loaded(policy: str, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """All the schemas above as one project."""
    schemas = {f"t/t{index}": schema for index, (schema, _, _) in enumerate(OVERLAPS.values())}
    return project(tmp_path_factory.mktemp(policy), schemas, policy)


@pytest.mark.parametrize("name", OVERLAPS)
def test_everybody_says_the_same_of_what_is_undeclared(name: str, policy: str, loaded: Loaded) -> None:
    _, value, pointers = OVERLAPS[name]
    ours = contract(loaded, f"t/t{list(OVERLAPS).index(name)}")
    found = judge(ours, dump(value))
    assert found.disagreement == ""
    assert [raised.finding.pointer for raised in found.raised] == ([] if policy == "keep" else pointers)
    assert all(raised.by[:2] == ("validator", "model") for raised in found.raised)  # the codec notes what it loses
    assert found.valid is (policy != "error" or not pointers)


@pytest.mark.parametrize("name", OVERLAPS)
def test_everybody_says_the_same_of_drawn_documents(name: str, loaded: Loaded) -> None:
    index = list(OVERLAPS).index(name)
    ours = contract(loaded, f"t/t{index}")
    whole = Schemata({"main": OVERLAPS[name][0]}).instances("main")

    @settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(whole | broken(whole))
    def agree(value: Any) -> None:
        found = judge(ours, dump(value))
        assert found.disagreement == ""
        assert found.loss is None
        undeclared = [raised for raised in found.raised if raised.finding.code == "UNDECLARED_FIELD"]
        assert not found.valid or all(raised.by[:2] == ("validator", "model") for raised in undeclared)

    agree()


def test_a_value_of_one_branch_is_an_instance_of_its_class(policy: str, loaded: Loaded) -> None:
    model = contract(loaded, f"t/t{list(OVERLAPS).index('both halves')}").model
    assert type(model.model_validate({"x": {"b": 1}}).x).__name__ == "T0XOption2"
    both = {"x": {"a": "x", "b": 1}}
    value = model.model_validate(both)
    assert isinstance(value.x, dict) is (policy == "error")  # there, no class of a branch takes both
    assert value.model_dump(mode="json") == both
