"""Who is asked: old clients write requests and read responses, and the use of a type decides which verdict counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shop import ORDER, SERVICE, TEXT, Shop, made

from wirelock.compat.attribution import cause
from wirelock.diagnostics import Diagnostic

CLOSED = {**ORDER, "additionalProperties": False}
LOOSER: dict[str, Any] = {**CLOSED, "required": []}
"""Breaks forward: what is sent may lack what old readers require."""
TIGHTER: dict[str, Any] = {**CLOSED, "required": ["id", "note"]}
"""Breaks backward: what was sent may lack what is required."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The project with closed orders, of which the JSON verdict alone decides: WIRE does not mind presence."""
    project = made(tmp_path / "shop")
    project.configure('[breaking]\nwire = "WIRE"\n')
    for name in ("order", "newOrder", "alone"):
        project.schema(name, CLOSED)
    project.generate()
    project.commit()
    return project


def told(shop: Shop, name: str, value: dict[str, Any]) -> Diagnostic:
    """The one thing said when a schema becomes another."""
    shop.schema(name, value)
    shop.generate()
    (found,) = shop.breaking("HEAD").diagnostics
    return found


@pytest.mark.parametrize(
    ("name", "value", "fails", "use"),
    [
        ("newOrder", TIGHTER, True, "requests"),
        ("newOrder", LOOSER, False, "requests"),
        ("order", TIGHTER, False, "responses"),
        ("order", LOOSER, True, "responses"),
        ("alone", TIGHTER, True, "no service"),
        ("alone", LOOSER, True, "no service"),
    ],
)
def test_the_use_decides(shop: Shop, name: str, value: dict[str, Any], fails: bool, use: str) -> None:
    found = told(shop, name, value)
    assert found.fails is fails
    assert found.change is not None
    assert found.change.use == use
    expected = ("broken", "holds") if value is TIGHTER else ("holds", "broken")
    assert (found.change.backward, found.change.forward) == expected


@pytest.mark.parametrize("value", [TIGHTER, LOOSER])
def test_a_type_that_is_sent_both_ways_is_asked_both_ways(shop: Shop, value: dict[str, Any]) -> None:
    methods: dict[str, Any] = SERVICE["methods"]  # type: ignore[assignment]
    shop.service(
        {**SERVICE, "methods": {**methods, "PutOrder": {**methods["PutOrder"], "request": "order.schema.json"}}}
    )
    shop.generate()
    shop.commit()
    found = told(shop, "order", value)
    assert found.fails
    assert found.change is not None
    assert found.change.use == "requests and responses"


def test_the_use_of_yesterday_counts_as_well(shop: Shop) -> None:
    """A type that was answered with, and in the same change no longer is, has old readers."""
    methods: dict[str, Any] = SERVICE["methods"]  # type: ignore[assignment]
    shop.service(
        {**SERVICE, "methods": {**methods, "GetOrder": {**methods["GetOrder"], "response": "alone.schema.json"}}}
    )
    shop.schema("order", LOOSER)
    shop.generate()
    said = [one for one in shop.breaking("HEAD").diagnostics if one.where.file.endswith("/order.schema.json")]
    assert [one.change.use for one in said if one.change and one.fails] == ["responses"]


def swapped(shop: Shop, side: str, new: dict[str, Any]) -> Diagnostic:
    """What is said at PutOrder when its request or response becomes another type; requests use both of them."""
    methods: dict[str, Any] = SERVICE["methods"]  # type: ignore[assignment]
    put = {"request": "newOrder.schema.json", "response": "newOrder.schema.json"}
    other = {"request": "other.schema.json", "response": "other.schema.json"}
    both = {**methods, "Other": other, "PutOrder": {**methods["PutOrder"], **put, side: "newOrder.schema.json"}}
    shop.schema("other", new)
    shop.service({**SERVICE, "methods": both})
    shop.generate()
    shop.commit()
    shop.service({**SERVICE, "methods": {**both, "PutOrder": {**both["PutOrder"], side: "other.schema.json"}}})
    shop.generate()
    (found,) = shop.breaking("HEAD").diagnostics
    assert (found.where.file, found.where.pointer) == ("schemas/shop/shop.service.json", "/methods/PutOrder")
    assert found.change is not None
    assert found.change.element == "shop.shop.ShopService.PutOrder"
    return found


@pytest.mark.parametrize(
    ("side", "value", "counts"),
    [
        ("response", TIGHTER, False),
        ("response", LOOSER, True),
        ("request", TIGHTER, True),
        ("request", LOOSER, False),
    ],
)
def test_the_use_of_a_body_decides_of_another_type_there(
    shop: Shop, side: str, value: dict[str, Any], counts: bool
) -> None:
    """Both types are sent both ways, by other methods; of this body they are asked the one way."""
    shop.configure(
        '[breaking]\nwire = "WIRE"\nseverities = { RPC_SAME_REQUEST_TYPE = "note", RPC_SAME_RESPONSE_TYPE = "note" }\n'
    )
    found = swapped(shop, side, value)
    assert found.code.id == f"{side.upper()}_TYPE_CHANGED"
    assert found.fails is counts
    assert found.change is not None
    assert found.change.use == f"{side}s"
    expected = ("broken", "holds") if value is TIGHTER else ("holds", "broken")
    assert (found.change.backward, found.change.forward) == expected
    assert found.change.wire == (f"RPC_SAME_{side.upper()}_TYPE",)


@pytest.mark.parametrize(("side", "counts"), [("response", True), ("request", False)])
def test_a_body_that_becomes_a_choice_still_takes_the_old(shop: Shop, side: str, counts: bool) -> None:
    shop.configure(
        '[breaking]\nwire = "WIRE"\nseverities = { RPC_SAME_REQUEST_TYPE = "note", RPC_SAME_RESPONSE_TYPE = "note" }\n'
    )
    found = swapped(shop, side, {"anyOf": [{"$ref": "newOrder.schema.json"}, {"type": "integer"}]})
    assert found.fails is counts
    assert found.change is not None
    assert (found.change.backward, found.change.forward) == ("holds", "broken")


def test_what_breaks_the_wire_stands_beside_the_change_that_brought_it_about(tmp_path: Path) -> None:
    shop = made(tmp_path / "shop")
    short = {"type": "string", "maxLength": 10}
    shop.schema("order", {**ORDER, "properties": {**ORDER["properties"], "note": short}, "required": ["id", "note"]})
    shop.generate()
    verdicts = {found.code.id: found.change for found in shop.breaking("HEAD").diagnostics}
    assert {rule: change.wire for rule, change in verdicts.items() if change} == {
        "LENGTH_CHANGED": (),
        "PROPERTY_REQUIRED": ("FIELD_SAME_CARDINALITY",),
    }


_NOTE = {"type": "string", "minLength": 1}
_DELETED = ("FIELD_NO_DELETE", "FIELD_NO_DELETE_UNLESS_NAME_RESERVED")


@pytest.mark.parametrize(
    ("before", "after", "beside"),
    [
        ({"type": "number"}, {"type": "integer", "minimum": 0}, {"BOUNDS_CHANGED": (), "NUMBER_NARROWED": _DELETED}),
        (_NOTE, {"type": "integer"}, {"TYPE_CHANGED": _DELETED}),
        ({"enum": ["a"]}, {"type": "string"}, {"ENUM_OPENED": (*_DELETED, "PACKAGE_ENUM_NO_DELETE")}),
    ],
    ids=["a number narrowed and bounded", "another type", "an enum opened"],
)
def test_a_field_that_is_retyped_breaks_the_wire_at_the_change_of_its_type(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], beside: dict[str, tuple[str, ...]]
) -> None:
    shop = made(tmp_path / "shop")
    for state in (before, after):
        shop.drop_note()  # a field gets another type in two generations
        shop.schema("order", {**ORDER, "properties": {"id": TEXT, "note": state}})
        shop.generate()
        if state is before:
            shop.commit()
    found = {one.code.id: one.change for one in shop.breaking("HEAD").diagnostics if "/note" in one.where.pointer}
    assert {rule: change.wire for rule, change in found.items() if change} == beside


def test_what_no_change_of_json_brought_about_is_a_finding_of_its_own() -> None:
    """A break beside a change that has nothing to do with it would be excused with that change."""
    assert cause("FIELD_NO_DELETE", ["PATTERN_CHANGED", "PROPERTY_OPTIONAL"]) is None
    assert cause("RESERVED_MESSAGE_NO_DELETE", ["TYPE_CHANGED"]) is None
    assert cause("FIELD_SAME_ONEOF", ["TYPE_CHANGED", "UNION_BRANCH_REMOVED"]) == 1
