"""A folder a rule: two states of some schemas and what is said about them; `RECORD=1 pytest` writes changes.txt anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from json_corpus import FOLDERS, HERE, listing, pair, side

from wirelock.compat.json import RULES, Broken, Holds, json_changes

IDS = {rule.id for rule in RULES}
RULE_FOLDERS = [name for name in FOLDERS if "/" not in name]
OTHERS = [name for name in FOLDERS if "/" in name]
_EXPECTED = {"old", "new", "old.schema.json", "new.schema.json", "settings.toml", "changes.txt"}


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_said_of_a_pair(name: str) -> None:
    found = listing(json_changes(*pair(name)))
    golden = HERE / name / "changes.txt"
    if os.environ.get("RECORD"):
        golden.write_text(found, "utf-8")
    assert found == golden.read_text("utf-8")


def test_every_rule_has_a_folder_that_shows_it_and_every_folder_is_a_rule() -> None:
    assert set(RULE_FOLDERS) == IDS
    for name in RULE_FOLDERS:
        assert f"{name} of " in (HERE / name / "changes.txt").read_text("utf-8"), name


def test_there_is_nothing_in_a_folder_that_no_test_reads() -> None:
    for name in FOLDERS:
        assert {path.name for path in (HERE / name).iterdir()} <= _EXPECTED, name
    folders = {path.parent for path in HERE.rglob("*.schema.json") if path.parent.name not in ("old", "new")}
    stray = [path for path in folders if not any(_is_within(path, HERE / name) for name in FOLDERS)]
    assert stray == []


@pytest.mark.parametrize("name", FOLDERS)
def test_no_state_differs_from_itself(name: str) -> None:
    for state in pair(name):
        assert json_changes(state, state) == ()


@pytest.mark.parametrize("name", FOLDERS)
def test_turned_round_the_directions_are_exchanged(name: str) -> None:
    old, new = pair(name)
    there, back = json_changes(old, new), json_changes(new, old)
    if {change.rule for change in (*there, *back)} & {"TYPE_ADDED", "TYPE_REMOVED"}:
        return
    backward = all(isinstance(change.backward, Holds) for change in there)
    forward = all(isinstance(change.forward, Holds) for change in there)
    assert backward is all(isinstance(change.forward, Holds) for change in back)
    assert forward is all(isinstance(change.backward, Holds) for change in back)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_witness_is_valid_on_the_one_side_and_refused_on_the_other(name: str) -> None:
    old, new = pair(name)
    for change in json_changes(old, new):
        if change.type not in old.graph.definitions or (old.policy, new.policy) != ("warn", "warn"):
            continue
        for proof, writer, reader in ((change.backward, old, new), (change.forward, new, old)):
            if isinstance(proof, Broken):
                assert writer.accepts(change.type, proof.witness), change
                assert not reader.accepts(change.type, proof.witness), change


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_explains_itself(rule: object) -> None:
    words = getattr(rule, "words")  # noqa: B009  # rules about nodes and about types are two classes
    title, *rest = words.split("\n\n")
    assert title.endswith(".") and "\n" not in title
    assert rest[-1].startswith("What to do: ")
    assert not any(line.startswith(" ") for line in words.splitlines())


def test_ids_are_unique() -> None:
    assert len(IDS) == len(RULES)


def test_everything_is_gone() -> None:
    order = side({"shop/order.schema.json": {"type": "object", "properties": {"id": {"type": "string"}}}})
    other = side({"shop/bill.schema.json": {"type": "object", "properties": {"id": {"type": "string"}}}})
    found = json_changes(order, other)
    assert [(change.rule, change.type.file) for change in found] == [
        ("TYPE_ADDED", "shop/bill.schema.json"),
        ("TYPE_REMOVED", "shop/order.schema.json"),
    ]


def _is_within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
