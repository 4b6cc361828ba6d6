"""The life of a field number: given once, never given again."""

from __future__ import annotations

import pytest

from wirelock.diagnostics import Diagnostic, Location
from wirelock.lower.ledger.allocation import Wanted, allocate
from wirelock.lower.ledger.ledger import Entry, Ledger, Scope, print_ledger, read_ledger

HERE = Location("schemas/order/order.schema.json")


def want(key: str, type: str = "string", pinned: int | None = None, renamed_from: str = "") -> Wanted:
    return Wanted(key, key, type, HERE, pinned, renamed_from)


def after(*generations: list[Wanted]) -> Scope:
    """The scope after several generations, each of which must be without diagnostics."""
    scope = Scope("order/order.schema.json")
    for wanted in generations:
        scope, found = allocate(scope, wanted, "shop.Order")
        assert not found
    return scope


def numbers(scope: Scope) -> dict[str, int]:
    return {key: entry.number for key, entry in scope.live.items()}


def test_the_first_numbers_follow_the_order_of_the_schema() -> None:
    assert numbers(after([want("id"), want("title")])) == {"id": 1, "title": 2}


def test_reordering_changes_nothing() -> None:
    assert after([want("id"), want("title")], [want("title"), want("id")]) == after([want("id"), want("title")])


def test_a_field_in_the_middle_takes_the_next_number() -> None:
    assert numbers(after([want("a"), want("c")], [want("a"), want("b"), want("c")])) == {"a": 1, "c": 2, "b": 3}


def test_a_removed_field_reserves_its_number_and_name() -> None:
    scope = after([want("a"), want("b")], [want("a")])
    assert (scope.reserved_numbers, scope.reserved_names) == ((2,), ("b",))
    assert numbers(after([want("a"), want("b")], [want("a")], [want("a"), want("c")])) == {"a": 1, "c": 3}


def test_a_field_that_returns_with_its_type_gets_its_number_back() -> None:
    scope = after([want("a"), want("b")], [want("a")], [want("a"), want("b")])
    assert numbers(scope) == {"a": 1, "b": 2}
    assert scope.reserved_numbers == ()


def test_a_field_that_returns_with_another_type_takes_a_new_number_and_its_name() -> None:
    scope = after([want("a"), want("b")], [want("a")], [want("a"), want("b", "int64")])
    assert numbers(scope) == {"a": 1, "b": 3}
    assert (scope.reserved_numbers, scope.reserved_names) == ((2,), ())


def test_a_type_that_changes_in_place_is_an_error() -> None:
    _, found = allocate(after([want("a")]), [want("a", "int64")], "shop.Order")
    assert [d.code.id for d in found] == ["LEDGER_TYPE_CHANGED"]


def test_a_rename_keeps_the_number() -> None:
    scope = after([want("a"), want("old")], [want("a"), want("new", renamed_from="old")])
    assert numbers(scope) == {"a": 1, "new": 2}
    assert scope.live["new"].name == "new"


def test_a_pinned_number_is_kept_and_the_next_one_follows_it() -> None:
    assert numbers(after([want("a", pinned=9), want("b")])) == {"a": 9, "b": 10}


def test_a_pin_on_a_reserved_number_is_an_error() -> None:
    _, found = allocate(after([want("a"), want("b")], [want("a")]), [want("a"), want("c", pinned=2)], "shop.Order")
    assert [d.code.id for d in found] == ["FIELD_NUMBER_TAKEN"]


def test_the_range_of_protobuf_itself_is_skipped() -> None:
    assert numbers(after([want("a", pinned=18999), want("b")])) == {"a": 18999, "b": 20000}


def test_what_is_written_is_read_back() -> None:
    ledger = Ledger(
        {"shop.Order": after([want("a"), want("b")], [want("a")])},
        {"shop.State": Scope("s", (Entry(1, "x", "STATE_X", "value"),))},
        {"shop.Count": "shop/count.schema.json"},
    )
    assert read_ledger(print_ledger(ledger), HERE) == ledger


def test_two_added_fields_stand_on_neighbouring_lines_so_that_git_sees_the_conflict() -> None:
    lines = print_ledger(Ledger({"shop.Order": after([want("a"), want("b")])})).decode().splitlines()
    rows = [index for index, line in enumerate(lines) if '"number"' in line]
    assert len(rows) == 2
    assert rows[1] == rows[0] + 1


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"format": 2, "messages": {}, "enums": {}}',
        b"[]",
        b"<<<<<<< HEAD\n=======\n>>>>>>> other\n",
        b"null",
    ],
)
def test_an_unreadable_ledger_is_never_an_empty_one(text: bytes) -> None:
    found = read_ledger(text, HERE)
    assert isinstance(found, Diagnostic)
    assert found.code.fatal


def test_an_imported_field_with_another_type_takes_a_new_number() -> None:
    """Its author knows nothing of numbers; the old one is reserved, and nothing is ever misread."""
    scope = after([want("id"), want("count", "string")])
    changed = Wanted("count", "count", "int64", HERE, foreign=True)
    scope, found = allocate(scope, [want("id"), changed], "shop.Order")
    assert [d.code.id for d in found] == ["LEDGER_RETYPED"]
    assert numbers(scope) == {"id": 1, "count": 3}
    assert scope.reserved_numbers == (2,)
    assert scope.reserved_names == ()  # the name is in use


def test_an_imported_field_whose_type_comes_back_gets_its_number_back() -> None:
    scope = after([want("count", "string")])
    for type in ("int64", "string"):
        scope, _ = allocate(scope, [Wanted("count", "count", type, HERE, foreign=True)], "shop.Order")
    assert numbers(scope) == {"count": 1}
    assert scope.reserved_numbers == (2,)
