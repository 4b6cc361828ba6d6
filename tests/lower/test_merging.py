"""Two branches' ledgers as one: ours keeps every number, and nothing has two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wirelock.diagnostics import Location
from wirelock.lower.ledger.allocation import Wanted, allocate
from wirelock.lower.ledger.ledger import Entry, Ledger, Scope, print_ledger, read_ledger
from wirelock.lower.ledger.merge import Change, merged
from wirelock.source.conflict_markers import sides

HERE = Location("schemas/shop/order.schema.json")
SOURCE = "shop/order.schema.json"
NAME = "shop.Order"
State = dict[str, str]
"""The properties of one generation with their types."""


def grown(scope: Scope, state: State, renames: dict[str, str] | None = None) -> Scope:
    """The scope of the next generation; types that changed in place are given up first, as the error asks for."""
    old = {key: entry.type for key, entry in scope.live.items()}
    safe = {key: type for key, type in state.items() if old.get(key, type) == type}
    for generation in (safe, state):
        wanted = [Wanted(k, k, t, HERE, None, (renames or {}).get(k, "")) for k, t in generation.items()]
        scope, _ = allocate(scope, wanted, NAME)
    return scope


def ledger(scope: Scope, name: str = NAME) -> Ledger:
    return Ledger({name: scope})


def live(whole: Ledger, name: str = NAME) -> dict[str, int]:
    return {key: entry.number for key, entry in whole.messages[name].live.items()}


BASE = grown(Scope(SOURCE), {"id": "string", "title": "string"})


def branch(state: State, renames: dict[str, str] | None = None) -> Ledger:
    return ledger(grown(BASE, state, renames))


ID, TITLE = {"id": "string"}, {"title": "string"}


def test_what_only_theirs_added_keeps_its_number() -> None:
    assert merged(ledger(BASE), branch({**ID, **TITLE, "a": "string"})) == (branch({**ID, **TITLE, "a": "string"}), ())


def test_what_both_added_alike_is_one() -> None:
    both = branch({**ID, **TITLE, "a": "string"})
    assert merged(both, both) == (both, ())


def test_what_both_added_under_one_number_is_told_apart() -> None:
    whole, changed = merged(branch({**ID, **TITLE, "a": "string"}), branch({**ID, **TITLE, "b": "string"}))
    assert live(whole) == {"id": 1, "title": 2, "a": 3, "b": 4}
    assert changed == (Change(NAME, "b", 3, 4, "a"),)


def test_what_both_added_in_another_order_has_our_numbers() -> None:
    ours = branch({**ID, **TITLE, "a": "string", "b": "string"})
    theirs = branch({**ID, **TITLE, "b": "string", "a": "string"})
    whole, changed = merged(ours, theirs)
    assert whole == ours
    assert {(change.what, change.before, change.after) for change in changed} == {("a", 4, 3), ("b", 3, 4)}


def test_what_either_gave_up_is_reserved_until_the_schemas_want_it() -> None:
    whole, changed = merged(branch(ID), branch({**ID, **TITLE, "a": "string"}))
    assert (live(whole), whole.messages[NAME].reserved_numbers, changed) == ({"id": 1, "a": 3}, (2,), ())
    assert live(ledger(grown(whole.messages[NAME], {**ID, **TITLE})))["title"] == 2


def test_a_rename_of_either_side_stays() -> None:
    renamed = branch({**ID, "headline": "string"}, {"headline": "title"})
    added = branch({**ID, **TITLE, "a": "string"})
    for ours, theirs in ((renamed, added), (added, renamed)):
        assert live(merged(ours, theirs)[0]) == {"id": 1, "headline": 2, "a": 3}


def test_one_key_with_two_types_is_decided_by_the_schemas() -> None:
    whole, _ = merged(branch({**ID, "a": "string"}), branch({**ID, "a": "int64"}))
    assert "a" not in live(whole)
    numbers = {type: live(ledger(grown(whole.messages[NAME], {**ID, "a": type})))["a"] for type in ("string", "int64")}
    assert numbers == {"string": 3, "int64": 4}


def test_two_new_messages_of_one_name_are_two() -> None:
    ours, theirs = (Scope(f"shop/{file}.schema.json", (Entry(1, file, file, "string"),)) for file in ("a", "b"))
    user = Scope("shop/user.schema.json", (Entry(1, "it", "it", "shop.Thing"),))
    whole, changed = merged(ledger(ours, "shop.Thing"), Ledger({"shop.Thing": theirs, "shop.User": user}))
    assert whole.messages["shop.Thing"] == ours
    assert whole.messages["shop.Thing2"] == theirs
    assert whole.messages["shop.User"].live["it"].type == "shop.Thing2"
    assert [(change.what, change.before, change.after) for change in changed] == [("the name", "Thing", "Thing2")]


def test_a_message_of_ours_and_an_enum_of_theirs_with_one_name_are_two() -> None:
    message = Scope("shop/a.schema.json", (Entry(1, "a", "a", "string"),))
    enum = Scope("shop/b.schema.json", (Entry(1, "x", "THING_X", "value"),))
    whole, _ = merged(Ledger({"shop.Thing": message}), Ledger({}, {"shop.Thing": enum}))
    assert (whole.messages, whole.enums) == ({"shop.Thing": message}, {"shop.Thing2": enum})


def test_a_message_that_one_side_moved_gets_what_the_other_added() -> None:
    added = grown(BASE, {**ID, **TITLE, "a": "string"})
    moved = Scope("shop/sale.schema.json", BASE.entries, (SOURCE, NAME))
    given_up = Scope(SOURCE, tuple(Entry(e.number, e.key, e.name, e.type, True) for e in BASE.entries))
    renamed = Ledger({"shop.Sale": moved, NAME: given_up})
    for ours, theirs in ((renamed, ledger(added)), (ledger(added), renamed)):
        whole, _ = merged(ours, theirs)
        assert live(whole, "shop.Sale") == {"id": 1, "title": 2, "a": 3}
        assert live(whole, NAME) == {}


KEYS = st.sampled_from("abcdef")
STATES = st.dictionaries(KEYS, st.sampled_from(["string", "int64", "bool"]))


@given(base=STATES, ours=st.lists(STATES, max_size=3), theirs=st.lists(STATES, max_size=3), wanted=STATES)
def test_whatever_two_branches_do_ours_keeps_its_numbers_and_nothing_has_two(
    base: State, ours: list[State], theirs: list[State], wanted: State
) -> None:
    start = grown(Scope(SOURCE), base)
    left = right = start
    for state in ours:
        left = grown(left, state)
    for state in theirs:
        right = grown(right, state)
    whole, changed = merged(ledger(left), ledger(right))
    scope = whole.messages[NAME]
    assert read_ledger(print_ledger(whole), HERE) == whole

    meant = {entry.number: (entry.key, entry.type) for entry in scope.entries}
    assert len(meant) == len(scope.entries)
    assert meant.items() >= {entry.number: (entry.key, entry.type) for entry in left.entries}.items()
    renumbered = {(change.what, change.before) for change in changed}
    for entry in right.live.values():
        assert meant.get(entry.number) == (entry.key, entry.type) or (entry.name, entry.number) in renumbered
    after = grown(scope, wanted)
    for key, type in wanted.items():
        given_before = {e.number for e in left.entries if (e.key, e.type) == (key, type)}
        assert not given_before or after.live[key].number in given_before


@given(STATES, STATES)
def test_both_ways_of_merging_keep_the_same_properties(ours: State, theirs: State) -> None:
    left, right = ledger(grown(BASE, ours)), ledger(grown(BASE, theirs))
    ways = [merged(left, right)[0], merged(right, left)[0]]
    kept = [{(entry.key, entry.type) for entry in whole.messages[NAME].entries} for whole in ways]
    assert kept[0] == kept[1]


def test_every_style_of_git_has_two_sides() -> None:
    merge = b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\nd\n"
    diff3 = b"a\n<<<<<<< HEAD\nb\n||||||| 1234\n<<<<<<< inner\no\n=======\nc\n>>>>>>> x\nd\n"
    assert sides(merge) == sides(diff3) == (b"a\nb\nd\n", b"a\nc\nd\n")
    assert sides(merge.replace(b"\n", b"\r\n")) == (b"a\r\nb\r\nd\r\n", b"a\r\nc\r\nd\r\n")


def test_a_marker_without_a_partner_has_none() -> None:
    whole = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\nd\n"
    for line in ("<<<<<<< HEAD\n", ">>>>>>> x\n", "=======\n"):
        assert sides(whole.replace(line, "").encode()) is None
