"""Allocation of field numbers, and the ledger file."""

from __future__ import annotations

import pytest

from wirelock.diagnostics import Diagnostic, Location
from wirelock.lower.ledger.allocation import FieldRequest, allocate
from wirelock.lower.ledger.ledger import Entry, Ledger, Scope, print_ledger, read_ledger

HERE = Location("schemas/order/order.schema.json")


def build_request(key: str, type: str = "string", pinned: int | None = None, renamed_from: str = "") -> FieldRequest:
    return FieldRequest(key, key, type, HERE, pinned, renamed_from)


def allocate_all(*generations: list[FieldRequest]) -> Scope:
    """Return the scope after several generations, and assert that none has diagnostics."""
    scope = Scope("order/order.schema.json")
    for requests in generations:
        scope, diagnostics = allocate(scope, requests, "shop.Order")
        assert not diagnostics
    return scope


def get_numbers(scope: Scope) -> dict[str, int]:
    return {key: entry.number for key, entry in scope.live.items()}


def test_the_first_numbers_follow_the_order_of_the_schema() -> None:
    assert get_numbers(allocate_all([build_request("id"), build_request("title")])) == {"id": 1, "title": 2}


def test_reordering_changes_nothing() -> None:
    assert allocate_all(
        [build_request("id"), build_request("title")], [build_request("title"), build_request("id")]
    ) == allocate_all([build_request("id"), build_request("title")])


def test_a_field_in_the_middle_takes_the_next_number() -> None:
    assert get_numbers(
        allocate_all(
            [build_request("a"), build_request("c")], [build_request("a"), build_request("b"), build_request("c")]
        )
    ) == {"a": 1, "c": 2, "b": 3}


def test_a_removed_field_reserves_its_number_and_name() -> None:
    scope = allocate_all([build_request("a"), build_request("b")], [build_request("a")])
    assert (scope.reserved_numbers, scope.reserved_names) == ((2,), ("b",))
    assert get_numbers(
        allocate_all(
            [build_request("a"), build_request("b")], [build_request("a")], [build_request("a"), build_request("c")]
        )
    ) == {"a": 1, "c": 3}


def test_a_field_that_returns_with_its_type_gets_its_number_back() -> None:
    scope = allocate_all(
        [build_request("a"), build_request("b")], [build_request("a")], [build_request("a"), build_request("b")]
    )
    assert get_numbers(scope) == {"a": 1, "b": 2}
    assert scope.reserved_numbers == ()


def test_a_field_that_returns_with_another_type_takes_a_new_number_and_its_name() -> None:
    scope = allocate_all(
        [build_request("a"), build_request("b")],
        [build_request("a")],
        [build_request("a"), build_request("b", "int64")],
    )
    assert get_numbers(scope) == {"a": 1, "b": 3}
    assert (scope.reserved_numbers, scope.reserved_names) == ((2,), ())


def test_a_type_that_changes_in_place_is_an_error() -> None:
    _, diagnostics = allocate(allocate_all([build_request("a")]), [build_request("a", "int64")], "shop.Order")
    assert [d.code.id for d in diagnostics] == ["LEDGER_TYPE_CHANGED"]


def test_a_rename_keeps_the_number() -> None:
    scope = allocate_all(
        [build_request("a"), build_request("old")], [build_request("a"), build_request("new", renamed_from="old")]
    )
    assert get_numbers(scope) == {"a": 1, "new": 2}
    assert scope.live["new"].name == "new"


def test_a_pinned_number_is_kept_and_the_next_one_follows_it() -> None:
    assert get_numbers(allocate_all([build_request("a", pinned=9), build_request("b")])) == {"a": 9, "b": 10}


def test_a_pin_on_a_reserved_number_is_an_error() -> None:
    _, diagnostics = allocate(
        allocate_all([build_request("a"), build_request("b")], [build_request("a")]),
        [build_request("a"), build_request("c", pinned=2)],
        "shop.Order",
    )
    assert [d.code.id for d in diagnostics] == ["FIELD_NUMBER_TAKEN"]


def test_the_reserved_range_of_protobuf_is_skipped() -> None:
    assert get_numbers(allocate_all([build_request("a", pinned=18999), build_request("b")])) == {"a": 18999, "b": 20000}


def test_a_printed_ledger_is_read_back() -> None:
    ledger = Ledger(
        {"shop.Order": allocate_all([build_request("a"), build_request("b")], [build_request("a")])},
        {"shop.State": Scope("s", (Entry(1, "x", "STATE_X", "value"),))},
        {"shop.Count": "shop/count.schema.json"},
    )
    assert read_ledger(print_ledger(ledger), HERE) == ledger


def test_two_added_fields_are_on_adjacent_lines_so_that_git_sees_the_conflict() -> None:
    lines = (
        print_ledger(Ledger({"shop.Order": allocate_all([build_request("a"), build_request("b")])}))
        .decode()
        .splitlines()
    )
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
    result = read_ledger(text, HERE)
    assert isinstance(result, Diagnostic)
    assert result.code.fatal


def test_an_imported_field_with_another_type_takes_a_new_number() -> None:
    """The old number is reserved, so that old data is not misread."""
    scope = allocate_all([build_request("id"), build_request("count", "string")])
    changed = FieldRequest("count", "count", "int64", HERE, imported=True)
    scope, diagnostics = allocate(scope, [build_request("id"), changed], "shop.Order")
    assert [d.code.id for d in diagnostics] == ["LEDGER_RETYPED"]
    assert get_numbers(scope) == {"id": 1, "count": 3}
    assert scope.reserved_numbers == (2,)
    assert scope.reserved_names == ()  # the name is still in use


def test_an_imported_field_whose_type_comes_back_gets_its_number_back() -> None:
    scope = allocate_all([build_request("count", "string")])
    for type in ("int64", "string"):
        scope, _ = allocate(scope, [FieldRequest("count", "count", type, HERE, imported=True)], "shop.Order")
    assert get_numbers(scope) == {"count": 1}
    assert scope.reserved_numbers == (2,)
