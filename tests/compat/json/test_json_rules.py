"""One folder for each JSON rule: two states of schemas and the expected changes; `RECORD=1 pytest` rewrites them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from json_corpus import FOLDERS, HERE, build_side, format_changes, load_pair

from wirelock.compat.json import RULES, Proved, Refuted, find_json_changes

IDS = {rule.id for rule in RULES}
RULE_FOLDERS = [name for name in FOLDERS if "/" not in name]
OTHERS = [name for name in FOLDERS if "/" in name]
_EXPECTED = {"old", "new", "old.schema.json", "new.schema.json", "settings.toml", "changes.txt"}


@pytest.mark.parametrize("name", FOLDERS)
def test_pair_matches_golden_file(name: str) -> None:
    text = format_changes(find_json_changes(*load_pair(name)))
    golden = HERE / name / "changes.txt"
    if os.environ.get("RECORD"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def test_each_rule_has_a_folder() -> None:
    assert set(RULE_FOLDERS) == IDS
    for name in RULE_FOLDERS:
        assert f"{name} of " in (HERE / name / "changes.txt").read_text("utf-8"), name


def test_folders_have_no_unused_files() -> None:
    for name in FOLDERS:
        assert {path.name for path in (HERE / name).iterdir()} <= _EXPECTED, name
    folders = {path.parent for path in HERE.rglob("*.schema.json") if path.parent.name not in ("old", "new")}
    unused = [path for path in folders if not any(_is_within(path, HERE / name) for name in FOLDERS)]
    assert unused == []


@pytest.mark.parametrize("name", FOLDERS)
def test_no_state_differs_from_itself(name: str) -> None:
    for state in load_pair(name):
        assert find_json_changes(state, state) == ()


@pytest.mark.parametrize("name", FOLDERS)
def test_reversed_comparison_swaps_directions(name: str) -> None:
    old, new = load_pair(name)
    changes, reversed_changes = find_json_changes(old, new), find_json_changes(new, old)
    if {change.rule for change in (*changes, *reversed_changes)} & {"TYPE_ADDED", "TYPE_REMOVED"}:
        return
    backward = all(isinstance(change.backward, Proved) for change in changes)
    forward = all(isinstance(change.forward, Proved) for change in changes)
    assert backward is all(isinstance(change.forward, Proved) for change in reversed_changes)
    assert forward is all(isinstance(change.backward, Proved) for change in reversed_changes)


@pytest.mark.parametrize("name", FOLDERS)
def test_each_witness_is_valid_for_the_writer_and_invalid_for_the_reader(name: str) -> None:
    old, new = load_pair(name)
    for change in find_json_changes(old, new):
        if change.type not in old.graph.definitions or (old.policy, new.policy) != ("warn", "warn"):
            continue
        for proof, writer, reader in ((change.backward, old, new), (change.forward, new, old)):
            if isinstance(proof, Refuted):
                assert writer.accepts(change.type, proof.witness), change
                assert not reader.accepts(change.type, proof.witness), change


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_has_an_explanation(rule: object) -> None:
    description = getattr(rule, "description")  # noqa: B009  # rules about nodes and about types have different types
    title, *rest = description.split("\n\n")
    assert title.endswith(".") and "\n" not in title
    assert rest[-1].startswith("What to do: ")
    assert not any(line.startswith(" ") for line in description.splitlines())


def test_ids_are_unique() -> None:
    assert len(IDS) == len(RULES)


def test_all_types_are_replaced() -> None:
    order = build_side({"shop/order.schema.json": {"type": "object", "properties": {"id": {"type": "string"}}}})
    bill = build_side({"shop/bill.schema.json": {"type": "object", "properties": {"id": {"type": "string"}}}})
    changes = find_json_changes(order, bill)
    assert [(change.rule, change.type.file) for change in changes] == [
        ("TYPE_ADDED", "shop/bill.schema.json"),
        ("TYPE_REMOVED", "shop/order.schema.json"),
    ]


def _is_within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
