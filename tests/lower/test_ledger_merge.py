"""Merge of the ledgers of two branches: our side keeps its numbers, and no field has two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wirelock.diagnostics import Location
from wirelock.lower.ledger.allocation import FieldRequest, allocate
from wirelock.lower.ledger.ledger import Entry, Ledger, Scope, print_ledger, read_ledger
from wirelock.lower.ledger.merge import MergeChange, merge_ledgers
from wirelock.source.conflict_markers import split_sides

HERE = Location("schemas/shop/order.schema.json")
SOURCE = "shop/order.schema.json"
NAME = "shop.Order"
State = dict[str, str]
"""The properties of one generation with their types."""


def evolve_scope(scope: Scope, state: State, renames: dict[str, str] | None = None) -> Scope:
    """Return the scope of the next generation; a property whose type changes is removed first and added again."""
    old = {key: entry.type for key, entry in scope.live.items()}
    unchanged = {key: type for key, type in state.items() if old.get(key, type) == type}
    for generation in (unchanged, state):
        requests = [FieldRequest(k, k, t, HERE, None, (renames or {}).get(k, "")) for k, t in generation.items()]
        scope, _ = allocate(scope, requests, NAME)
    return scope


def build_ledger(scope: Scope, name: str = NAME) -> Ledger:
    return Ledger({name: scope})


def get_live_numbers(ledger: Ledger, name: str = NAME) -> dict[str, int]:
    return {key: entry.number for key, entry in ledger.messages[name].live.items()}


BASE = evolve_scope(Scope(SOURCE), {"id": "string", "title": "string"})


def build_branch(state: State, renames: dict[str, str] | None = None) -> Ledger:
    return build_ledger(evolve_scope(BASE, state, renames))


ID, TITLE = {"id": "string"}, {"title": "string"}


def test_an_entry_that_only_theirs_added_keeps_its_number() -> None:
    assert merge_ledgers(build_ledger(BASE), build_branch({**ID, **TITLE, "a": "string"})) == (
        build_branch({**ID, **TITLE, "a": "string"}),
        (),
    )


def test_equal_additions_are_one_entry() -> None:
    both = build_branch({**ID, **TITLE, "a": "string"})
    assert merge_ledgers(both, both) == (both, ())


def test_different_additions_with_one_number_get_two_numbers() -> None:
    merged, changes = merge_ledgers(
        build_branch({**ID, **TITLE, "a": "string"}), build_branch({**ID, **TITLE, "b": "string"})
    )
    assert get_live_numbers(merged) == {"id": 1, "title": 2, "a": 3, "b": 4}
    assert changes == (MergeChange(NAME, "b", 3, 4, "a"),)


def test_equal_additions_in_another_order_have_our_numbers() -> None:
    ours = build_branch({**ID, **TITLE, "a": "string", "b": "string"})
    theirs = build_branch({**ID, **TITLE, "b": "string", "a": "string"})
    merged, changes = merge_ledgers(ours, theirs)
    assert merged == ours
    assert {(change.what, change.before, change.after) for change in changes} == {("a", 4, 3), ("b", 3, 4)}


def test_an_entry_that_one_side_removed_is_reserved_until_the_schemas_have_it() -> None:
    merged, changes = merge_ledgers(build_branch(ID), build_branch({**ID, **TITLE, "a": "string"}))
    assert (get_live_numbers(merged), merged.messages[NAME].reserved_numbers, changes) == ({"id": 1, "a": 3}, (2,), ())
    assert get_live_numbers(build_ledger(evolve_scope(merged.messages[NAME], {**ID, **TITLE})))["title"] == 2


def test_a_rename_of_either_side_stays() -> None:
    renamed = build_branch({**ID, "headline": "string"}, {"headline": "title"})
    added = build_branch({**ID, **TITLE, "a": "string"})
    for ours, theirs in ((renamed, added), (added, renamed)):
        assert get_live_numbers(merge_ledgers(ours, theirs)[0]) == {"id": 1, "headline": 2, "a": 3}


def test_the_schemas_decide_between_two_types_of_one_key() -> None:
    merged, _ = merge_ledgers(build_branch({**ID, "a": "string"}), build_branch({**ID, "a": "int64"}))
    assert "a" not in get_live_numbers(merged)
    numbers = {
        type: get_live_numbers(build_ledger(evolve_scope(merged.messages[NAME], {**ID, "a": type})))["a"]
        for type in ("string", "int64")
    }
    assert numbers == {"string": 3, "int64": 4}


def test_two_new_messages_of_one_name_are_two() -> None:
    ours, theirs = (Scope(f"shop/{file}.schema.json", (Entry(1, file, file, "string"),)) for file in ("a", "b"))
    user = Scope("shop/user.schema.json", (Entry(1, "it", "it", "shop.Thing"),))
    merged, changes = merge_ledgers(build_ledger(ours, "shop.Thing"), Ledger({"shop.Thing": theirs, "shop.User": user}))
    assert merged.messages["shop.Thing"] == ours
    assert merged.messages["shop.Thing2"] == theirs
    assert merged.messages["shop.User"].live["it"].type == "shop.Thing2"
    assert [(change.what, change.before, change.after) for change in changes] == [("the name", "Thing", "Thing2")]


def test_a_message_of_ours_and_an_enum_of_theirs_with_one_name_are_two() -> None:
    message = Scope("shop/a.schema.json", (Entry(1, "a", "a", "string"),))
    enum = Scope("shop/b.schema.json", (Entry(1, "x", "THING_X", "value"),))
    merged, _ = merge_ledgers(Ledger({"shop.Thing": message}), Ledger({}, {"shop.Thing": enum}))
    assert (merged.messages, merged.enums) == ({"shop.Thing": message}, {"shop.Thing2": enum})


def test_a_message_that_one_side_moved_gets_what_the_other_added() -> None:
    added = evolve_scope(BASE, {**ID, **TITLE, "a": "string"})
    moved = Scope("shop/sale.schema.json", BASE.entries, (SOURCE, NAME))
    retired = Scope(SOURCE, tuple(Entry(e.number, e.key, e.name, e.type, True) for e in BASE.entries))
    renamed = Ledger({"shop.Sale": moved, NAME: retired})
    for ours, theirs in ((renamed, build_ledger(added)), (build_ledger(added), renamed)):
        merged, _ = merge_ledgers(ours, theirs)
        assert get_live_numbers(merged, "shop.Sale") == {"id": 1, "title": 2, "a": 3}
        assert get_live_numbers(merged, NAME) == {}


KEYS = st.sampled_from("abcdef")
STATES = st.dictionaries(KEYS, st.sampled_from(["string", "int64", "bool"]))


@given(base=STATES, ours=st.lists(STATES, max_size=3), theirs=st.lists(STATES, max_size=3), schema=STATES)
def test_a_merge_keeps_our_numbers_and_assigns_none_twice(
    base: State, ours: list[State], theirs: list[State], schema: State
) -> None:
    start = evolve_scope(Scope(SOURCE), base)
    left = right = start
    for state in ours:
        left = evolve_scope(left, state)
    for state in theirs:
        right = evolve_scope(right, state)
    merged, changes = merge_ledgers(build_ledger(left), build_ledger(right))
    scope = merged.messages[NAME]
    assert read_ledger(print_ledger(merged), HERE) == merged

    fields = {entry.number: (entry.key, entry.type) for entry in scope.entries}
    assert len(fields) == len(scope.entries)
    assert fields.items() >= {entry.number: (entry.key, entry.type) for entry in left.entries}.items()
    renumbered = {(change.what, change.before) for change in changes}
    for entry in right.live.values():
        assert fields.get(entry.number) == (entry.key, entry.type) or (entry.name, entry.number) in renumbered
    after = evolve_scope(scope, schema)
    for key, type in schema.items():
        old_numbers = {e.number for e in left.entries if (e.key, e.type) == (key, type)}
        assert not old_numbers or after.live[key].number in old_numbers


@given(STATES, STATES)
def test_a_merge_in_either_direction_keeps_the_same_properties(ours: State, theirs: State) -> None:
    left, right = build_ledger(evolve_scope(BASE, ours)), build_ledger(evolve_scope(BASE, theirs))
    ways = [merge_ledgers(left, right)[0], merge_ledgers(right, left)[0]]
    kept = [{(entry.key, entry.type) for entry in merged.messages[NAME].entries} for merged in ways]
    assert kept[0] == kept[1]


def test_every_style_of_git_has_two_sides() -> None:
    merge = b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\nd\n"
    diff3 = b"a\n<<<<<<< HEAD\nb\n||||||| 1234\n<<<<<<< inner\no\n=======\nc\n>>>>>>> x\nd\n"
    assert split_sides(merge) == split_sides(diff3) == (b"a\nb\nd\n", b"a\nc\nd\n")
    assert split_sides(merge.replace(b"\n", b"\r\n")) == (b"a\r\nb\r\nd\r\n", b"a\r\nc\r\nd\r\n")


def test_a_marker_without_a_partner_has_none() -> None:
    whole = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\nd\n"
    for line in ("<<<<<<< HEAD\n", ">>>>>>> x\n", "=======\n"):
        assert split_sides(whole.replace(line, "").encode()) is None
