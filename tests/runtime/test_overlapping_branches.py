"""Overlapping branches: validator, model and codec report the same undeclared properties, for every policy.

The schema decides: a property is declared if any branch that takes the value declares it, also further in.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from instances import InstanceGenerator, mutate
from projects import build_project, get_contract

from wirelock.loader import LoadedArtifacts
from wirelock.runtime.json.text import dump
from wirelock.traffic.conformance.verdict import judge

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def build_object(*required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object with properties."""
    return {"type": "object", "properties": properties, "required": [*required]}


A = build_object("a", a=TEXT)
B = build_object("b", b=INTEGER)
FREE = {"type": "object"}


def build_union(*branches: Any, keyword: str = "anyOf") -> dict[str, Any]:
    """Return the schema of a union."""
    return {keyword: [*branches]}


# schema, document, and the pointers of its undeclared properties
OVERLAPS: dict[str, tuple[dict[str, Any], Any, list[str]]] = {
    "both halves": (build_object(x=build_union(A, B)), {"x": {"a": "x", "b": 1}}, []),
    "both halves and more": (build_object(x=build_union(A, B)), {"x": {"a": "x", "b": 1, "c": 2}}, ["/x/c"]),
    "only one branch takes it": (build_object(x=build_union(A, B)), {"x": {"a": "x", "b": "y"}}, ["/x/b"]),
    "of one type itself": (build_union(A, B), {"a": "x", "b": 1, "c": 2}, ["/c"]),
    "nothing required": (
        build_object(x=build_union(build_object(a=TEXT), build_object(b=TEXT))),
        {"x": {"b": "", "a": "", "c": 0}},
        ["/x/c"],
    ),
    "further in": (
        build_object(x=build_union(build_object(in_=A), build_object(in_=B))),
        {"x": {"in_": {"a": "", "b": 1, "c": 1}}},
        ["/x/in_/c"],
    ),
    "further in, one of them free": (
        build_object(x=build_union(build_object(in_=FREE), build_object(in_=B))),
        {"x": {"in_": {"b": 1, "c": 1}}},
        [],
    ),
    "in lists of objects": (
        build_object(x=build_union({"type": "array", "items": A}, {"type": "array", "items": B})),
        {"x": [{"a": "", "b": 1}, {"b": 1, "a": "", "c": 1}]},
        ["/x/1/c"],
    ),
    "in a list of unions": (
        build_object(x={"type": "array", "items": build_union(A, B)}),
        {"x": [{"a": "", "b": 1}, {"b": 1, "c": 1}]},
        ["/x/1/c"],
    ),
    "in a map of unions": (
        {"type": "object", "additionalProperties": build_union(A, B)},
        {"p/q": {"a": "", "b": 1, "c": 1}},
        ["/p~1q/c"],
    ),
    "a union in a union": (
        build_object(x=build_union(build_object("k", k=build_union(A, B)), build_object("k", "l", k=A, l=TEXT))),
        {"x": {"k": {"a": "", "b": 1, "c": 1}, "l": ""}},
        ["/x/k/c"],
    ),
    "beside null": (build_object(x=build_union(A, B, {"type": "null"})), {"x": {"a": "", "b": 1, "c": 1}}, ["/x/c"]),
    "by references": (
        {**build_object(x=build_union({"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"})), "$defs": {"a": A, "b": B}},
        {"x": {"a": "", "b": 1, "c": 1}},
        ["/x/c"],
    ),
    "a named union": (
        {**build_object(x={"$ref": "#/$defs/u"}), "$defs": {"u": build_union(A, B)}},
        {"x": {"a": "", "b": 1, "c": 1}, "y": 1},
        ["/x/c", "/y"],
    ),
    "recursive": (
        {**build_object(x=build_union(build_object("a", a=TEXT, x={"$ref": "#"}), B))},
        {"x": {"a": "", "b": 1, "x": {"x": {"a": "", "b": 1, "c": 1}}}},
        ["/x/x/x/c"],
    ),
    "a branch that takes any object": (build_object(x=build_union(A, FREE)), {"x": {"a": "", "c": 1}}, []),
    "a branch that takes any object, but not this one": (
        build_object(x=build_union(A, {**FREE, "maxProperties": 1})),
        {"x": {"a": "", "c": 1}},
        ["/x/c"],
    ),
    "an open branch": (
        build_object(x=build_union(A, {**B, "additionalProperties": True})),
        {"x": {"a": "", "b": 1, "c": 1}},
        [],
    ),
    "an open branch, but not this one": (
        build_object(x=build_union(A, {**B, "additionalProperties": True})),
        {"x": {"a": "", "c": 1}},
        ["/x/c"],
    ),
    "a closed branch": (
        build_object(x=build_union(A, {**B, "additionalProperties": False})),
        {"x": {"a": "", "b": 1}},
        ["/x/b"],
    ),
    "one of them": (
        build_object(x=build_union(build_object("a", a=TEXT), build_object("b", b=INTEGER), keyword="oneOf")),
        {"x": {"a": "", "b": ""}},
        ["/x/b"],
    ),
    "told apart": (
        build_object(
            x=build_union(build_object("t", t={"const": "a"}, a=TEXT), build_object("t", t={"const": "b"}, b=TEXT))
        ),
        {"x": {"t": "a", "a": "", "b": ""}},
        ["/x/b"],
    ),
}


@pytest.fixture(scope="module", params=["error", "warn", "keep"])
def policy(request: pytest.FixtureRequest) -> str:
    """The policy for undeclared properties."""
    return str(request.param)


@pytest.fixture(scope="module")
def loaded(policy: str, tmp_path_factory: pytest.TempPathFactory) -> LoadedArtifacts:
    """The schemas above as one project."""
    schemas = {f"t/t{index}": schema for index, (schema, _, _) in enumerate(OVERLAPS.values())}
    return build_project(tmp_path_factory.mktemp(policy), schemas, policy)


@pytest.mark.long
@pytest.mark.parametrize("name", OVERLAPS)
def test_undeclared_properties_are_reported_by_all(name: str, policy: str, loaded: LoadedArtifacts) -> None:
    _, value, pointers = OVERLAPS[name]
    contract = get_contract(loaded, f"t/t{list(OVERLAPS).index(name)}")
    verdict = judge(contract, dump(value))
    assert verdict.disagreement == ""
    assert [raised.finding.pointer for raised in verdict.findings] == ([] if policy == "keep" else pointers)
    assert all(
        raised.found_by[:2] == ("validator", "model") for raised in verdict.findings
    )  # the codec notes dropped properties only
    assert verdict.is_valid is (policy != "error" or not pointers)


@pytest.mark.long
@pytest.mark.parametrize("name", OVERLAPS)
def test_validator_model_and_codec_agree_on_drawn_documents(name: str, loaded: LoadedArtifacts) -> None:
    index = list(OVERLAPS).index(name)
    contract = get_contract(loaded, f"t/t{index}")
    instances = InstanceGenerator({"main": OVERLAPS[name][0]}).draw_from("main")

    @settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
    @given(instances | mutate(instances))
    def agree(value: Any) -> None:
        verdict = judge(contract, dump(value))
        assert verdict.disagreement == ""
        assert verdict.loss is None
        undeclared = [raised for raised in verdict.findings if raised.finding.code == "UNDECLARED_FIELD"]
        assert not verdict.is_valid or all(raised.found_by[:2] == ("validator", "model") for raised in undeclared)

    agree()


def test_a_value_of_one_branch_is_an_instance_of_its_class(policy: str, loaded: LoadedArtifacts) -> None:
    model = get_contract(loaded, f"t/t{list(OVERLAPS).index('both halves')}").model
    assert type(model.model_validate({"x": {"b": 1}}).x).__name__ == "T0XOption2"
    both = {"x": {"a": "x", "b": 1}}
    value = model.model_validate(both)
    assert isinstance(value.x, dict) is (
        policy == "error"
    )  # with this policy, no class accepts the properties of both branches
    assert value.model_dump(mode="json") == both
