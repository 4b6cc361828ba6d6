"""Unions of 124 branches: validator, model and codec report one finding at the same pointer, in reasonable time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from projects import build_project, get_contract

from wirelock.loader import LoadedArtifacts, TypeContract
from wirelock.runtime.findings import Finding
from wirelock.runtime.json.text import dump

BRANCHES = 124
TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def build_object(*required: str, **properties: Any) -> dict[str, Any]:
    """Return the schema of an object with properties."""
    return {"type": "object", "properties": properties, "required": [*required]}


def build_tagged(index: int) -> Any:
    """Return a branch with one constant, `type`."""
    return build_object("type", "value", type={"const": f"kind.{index}"}, value=INTEGER)


def build_nested(index: int) -> Any:
    """Return a branch with a nested constant, `status.type`."""
    return build_object("status", "value", status=build_object("type", type={"const": f"kind.{index}"}), value=INTEGER)


def build_paired(index: int) -> Any:
    """Return a branch with two constants, `type` and `name`, which identify it together."""
    type, name = {"const": f"kind.{index // 4}"}, {"const": f"name.{index % 4}"}
    return build_object("type", "name", "value", type=type, name=name, value=INTEGER)


def build_untagged(index: int) -> Any:
    """Return a branch without constants; its required properties identify it."""
    return build_object(f"a{index}", f"b{index}", **{f"a{index}": TEXT, f"b{index}": INTEGER})


def build_checked(index: int) -> Any:
    """Return a branch without constants that has a keyword beyond types."""
    return build_object(f"a{index}", f"b{index}", **{f"a{index}": TEXT, f"b{index}": {**INTEGER, "multipleOf": 2}})


BRANCH_BUILDERS: dict[str, Callable[[int], Any]] = {
    "tagged": build_tagged,
    "nested": build_nested,
    "paired": build_paired,
    "untagged": build_untagged,
    "checked": build_checked,
}


def build_schemas(count: int) -> dict[str, Any]:
    """Return objects with a property `u`, a union of `count` branches, for each kind of branch."""
    unions = {name: {"anyOf": [branch(index) for index in range(count)]} for name, branch in BRANCH_BUILDERS.items()}
    return {f"t/{name}": build_object("u", u=union) for name, union in unions.items()}


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> LoadedArtifacts:
    return build_project(tmp_path_factory.mktemp("wide"), build_schemas(BRANCHES))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> LoadedArtifacts:
    return build_project(tmp_path_factory.mktemp("narrow"), build_schemas(BRANCHES // 4))


# kind of branch, value of the union, pointer of its one violation, and parts of the message
VIOLATIONS: dict[str, tuple[str, Any, str, tuple[str, ...]]] = {
    "an unknown tag": ("tagged", {"type": "kind.x", "value": 1}, "/type", ('"kind.x"',)),
    "an unknown tag, and more wrong": ("tagged", {"type": "kind.124", "value": ""}, "/type", ('"kind.124"',)),
    "no tag": ("tagged", {"value": 1}, "/type", ("`type` is missing",)),
    "a tag of another type": ("tagged", {"type": 7, "value": 1}, "/type", ("7",)),
    "a tag that is null": ("tagged", {"type": None, "value": 1}, "/type", ("null",)),
    "a tag that is an object": ("tagged", {"type": {}, "value": 1}, "/type", ("object",)),
    "a fault in the branch": ("tagged", {"type": "kind.123", "value": "x"}, "/value", ("integer", '"x"')),
    "a property missing in the branch": ("tagged", {"type": "kind.0"}, "/value", ("`value` is missing",)),
    "no object at all": ("tagged", "kind.0", "", ("object", '"kind.0"')),
    "an unknown nested tag": ("nested", {"status": {"type": "kind.x"}, "value": 1}, "/status/type", ('"kind.x"',)),
    "no nested tag": ("nested", {"status": {}, "value": 1}, "/status/type", ("`type` is missing",)),
    "nothing to hold the tag": ("nested", {"value": 1}, "/status", ("`status` is missing",)),
    "a nested tag of another type": ("nested", {"status": {"type": 7}, "value": 1}, "/status/type", ("7",)),
    "a fault beside a nested tag": (
        "nested",
        {"status": {"type": "kind.77"}, "value": "x"},
        "/value",
        ("integer", '"x"'),
    ),
    "the first of two tags unknown": (
        "paired",
        {"type": "kind.x", "name": "name.0", "value": 1},
        "/type",
        ('"kind.x"',),
    ),
    "the second of two tags unknown": (
        "paired",
        {"type": "kind.7", "name": "name.x", "value": 1},
        "/name",
        ('"name.x"',),
    ),
    "the second of two tags missing": ("paired", {"type": "kind.7", "value": 1}, "/name", ("`name` is missing",)),
    "a fault beside two tags": (
        "paired",
        {"type": "kind.7", "name": "name.3", "value": "x"},
        "/value",
        ("integer", '"x"'),
    ),
    "no tag at all, a fault in the nearest": ("untagged", {"a9": "x", "b9": "y"}, "/b9", ("integer", '"y"')),
    "no tag at all, a check in the nearest": ("checked", {"a9": "x", "b9": 3}, "/b9", ("multiple", "3")),
    "checks, a fault in the nearest": ("checked", {"a9": 4, "b9": 2}, "/a9", ("string", "4")),
    "no tag at all, the nearest is not whole": ("untagged", {"a9": "x"}, "/b9", ("`b9` is missing",)),
}


def get_checks(contract: TypeContract) -> dict[str, Callable[[bytes], tuple[Finding, ...]]]:
    """Return the three checks by name."""
    return {"validator": contract.check_schema, "model": contract.check_model, "codec": contract.check_codec}


@pytest.mark.long
@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_one_finding(name: str, wide: LoadedArtifacts) -> None:
    kind, value, pointer, parts = VIOLATIONS[name]
    for artifact, check in get_checks(get_contract(wide, f"t/{kind}")).items():
        findings = check(dump({"u": value}))
        assert [finding.pointer for finding in findings] == [f"/u{pointer}"], artifact
        assert [part for part in parts if part not in findings[0].message] == [], (artifact, findings[0].message)


@pytest.mark.parametrize("name", BRANCH_BUILDERS)
def test_every_branch_accepts_its_values(name: str, wide: LoadedArtifacts) -> None:
    contract = get_contract(wide, f"t/{name}")
    for index in (0, 61, BRANCHES - 1):
        properties = BRANCH_BUILDERS[name](index)["properties"]
        value = {"u": {key: build_example(schema) for key, schema in properties.items()}}
        assert [check(dump(value)) for check in get_checks(contract).values()] == [(), (), ()]
        back = contract.round_trip(dump(value))
        assert isinstance(back, bytes)
        assert json.loads(back) == value


def build_example(schema: Any) -> Any:
    """Return one value of a schema."""
    match schema:
        case {"const": value}:
            return value
        case {"type": "integer"}:
            return 2
        case {"properties": properties}:
            return {key: build_example(inner) for key, inner in properties.items()}
        case _:
            return "x"


def measure_seconds(contract: TypeContract, text: bytes) -> float:
    """Return the shortest processor time of five runs of all checks, in seconds."""
    durations: list[float] = []
    for _ in range(5):
        start = time.process_time()
        for check in get_checks(contract).values():
            assert check(text)
        durations.append(time.process_time() - start)
    return min(durations)


@pytest.mark.parametrize("name", ["an unknown tag", "an unknown nested tag", "a fault beside two tags"])
def test_four_times_the_branches_are_no_more_than_eight_times_the_work(
    name: str, wide: LoadedArtifacts, narrow: LoadedArtifacts
) -> None:
    kind, value, _, _ = VIOLATIONS[name]
    text = dump({"u": value})
    few, many = (measure_seconds(get_contract(loaded, f"t/{kind}"), text) for loaded in (narrow, wide))
    assert many < 8 * few + 0.005
    assert many < 0.5
