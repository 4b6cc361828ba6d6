"""A union of 124 branches: what is wrong is one finding, where it is wrong, whoever looks; and it is found fast."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from projects import contract, project

from wirelock.loader import Loaded, TypeContract
from wirelock.runtime.findings import Finding
from wirelock.runtime.json.text import dump

BRANCHES = 124
TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


def record(*required: str, **properties: Any) -> dict[str, Any]:
    """An object with these properties."""
    return {"type": "object", "properties": properties, "required": [*required]}


def tagged(index: int) -> Any:
    """A branch told apart by one constant, `type`."""
    return record("type", "value", type={"const": f"kind.{index}"}, value=INTEGER)


def nested(index: int) -> Any:
    """A branch told apart by a constant in an object, `status.type`."""
    return record("status", "value", status=record("type", type={"const": f"kind.{index}"}), value=INTEGER)


def paired(index: int) -> Any:
    """A branch told apart by two constants together, `type` and `name`."""
    type, name = {"const": f"kind.{index // 4}"}, {"const": f"name.{index % 4}"}
    return record("type", "name", "value", type=type, name=name, value=INTEGER)


def untagged(index: int) -> Any:
    """A branch that only its own required properties tell."""
    return record(f"a{index}", f"b{index}", **{f"a{index}": TEXT, f"b{index}": INTEGER})


def checked(index: int) -> Any:
    """The same, with a check that no type says."""
    return record(f"a{index}", f"b{index}", **{f"a{index}": TEXT, f"b{index}": {**INTEGER, "multipleOf": 2}})


WAYS: dict[str, Callable[[int], Any]] = {
    "tagged": tagged,
    "nested": nested,
    "paired": paired,
    "untagged": untagged,
    "checked": checked,
}


def schemas(count: int) -> dict[str, Any]:
    """A property `u` with a union of so many branches, for each way to tell them apart."""
    unions = {name: {"anyOf": [branch(index) for index in range(count)]} for name, branch in WAYS.items()}
    return {f"t/{name}": record("u", u=union) for name, union in unions.items()}


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return project(tmp_path_factory.mktemp("wide"), schemas(BRANCHES))


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    return project(tmp_path_factory.mktemp("narrow"), schemas(BRANCHES // 4))


# the way to tell the branches apart, a value of the union, the place of its one fault, and words that name it
FAULTS: dict[str, tuple[str, Any, str, tuple[str, ...]]] = {
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


def views(ours: TypeContract) -> dict[str, Callable[[bytes], tuple[Finding, ...]]]:
    """The three that say what is wrong."""
    return {"validator": ours.validator_findings, "model": ours.model_findings, "codec": ours.codec_findings}


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_one_finding_where_it_is_wrong(name: str, wide: Loaded) -> None:
    way, value, pointer, words = FAULTS[name]
    for who, findings_of in views(contract(wide, f"t/{way}")).items():
        found = findings_of(dump({"u": value}))
        assert [finding.pointer for finding in found] == [f"/u{pointer}"], who
        assert [word for word in words if word not in found[0].message] == [], (who, found[0].message)


@pytest.mark.parametrize("name", WAYS)
def test_every_branch_takes_its_own(name: str, wide: Loaded) -> None:
    ours = contract(wide, f"t/{name}")
    for index in (0, 61, BRANCHES - 1):
        properties = WAYS[name](index)["properties"]
        value = {"u": {key: example(schema) for key, schema in properties.items()}}
        assert [findings_of(dump(value)) for findings_of in views(ours).values()] == [(), (), ()]
        back = ours.round_trip(dump(value))
        assert isinstance(back, bytes)
        assert json.loads(back) == value


def example(schema: Any) -> Any:
    """One value of a schema."""
    match schema:
        case {"const": value}:
            return value
        case {"type": "integer"}:
            return 2
        case {"properties": properties}:
            return {key: example(inner) for key, inner in properties.items()}
        case _:
            return "x"


def seconds(ours: TypeContract, text: bytes) -> float:
    """The processor time of saying once what is wrong, at best."""
    took: list[float] = []
    for _ in range(5):
        start = time.process_time()
        for findings_of in views(ours).values():
            assert findings_of(text)
        took.append(time.process_time() - start)
    return min(took)


@pytest.mark.parametrize("name", ["an unknown tag", "an unknown nested tag", "a fault beside two tags"])
def test_four_times_the_branches_are_no_more_than_eight_times_the_work(name: str, wide: Loaded, narrow: Loaded) -> None:
    way, value, _, _ = FAULTS[name]
    text = dump({"u": value})
    few, many = (seconds(contract(loaded, f"t/{way}"), text) for loaded in (narrow, wide))
    assert many < 8 * few + 0.005
    assert many < 0.5
