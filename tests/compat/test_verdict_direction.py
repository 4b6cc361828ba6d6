"""Directions of verdicts: the usage of a type decides if backward or forward counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from shop import ORDER, SERVICE, TEXT, Shop, create_shop

from wirelock.compat.attribution import find_cause
from wirelock.diagnostics import Diagnostic

CLOSED = {**ORDER, "additionalProperties": False}
LOOSER: dict[str, Any] = {**CLOSED, "required": []}
"""Breaks forward: new documents may lack what old readers require."""
TIGHTER: dict[str, Any] = {**CLOSED, "required": ["id", "note"]}
"""Breaks backward: old documents may lack what is required now."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The project with closed orders; with category WIRE only the JSON verdict fails."""
    project = create_shop(tmp_path / "shop")
    project.configure('[breaking]\nwire = "WIRE"\n')
    for name in ("order", "newOrder", "alone"):
        project.write_schema(name, CLOSED)
    project.generate()
    project.commit()
    return project


def get_diagnostic(shop: Shop, name: str, value: dict[str, Any]) -> Diagnostic:
    """Change a schema; return the only diagnostic."""
    shop.write_schema(name, value)
    shop.generate()
    (diagnostic,) = shop.compare("HEAD").diagnostics
    return diagnostic


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
def test_usage_decides_which_direction_fails(
    shop: Shop, name: str, value: dict[str, Any], fails: bool, use: str
) -> None:
    diagnostic = get_diagnostic(shop, name, value)
    assert diagnostic.is_failure is fails
    assert diagnostic.impact is not None
    assert diagnostic.impact.usage == use
    expected = ("broken", "holds") if value is TIGHTER else ("holds", "broken")
    assert (diagnostic.impact.backward, diagnostic.impact.forward) == expected


@pytest.mark.parametrize("value", [TIGHTER, LOOSER])
def test_type_used_both_ways_fails_in_both_directions(shop: Shop, value: dict[str, Any]) -> None:
    methods: dict[str, Any] = SERVICE["methods"]  # type: ignore[assignment]
    shop.write_service(
        {**SERVICE, "methods": {**methods, "PutOrder": {**methods["PutOrder"], "request": "order.schema.json"}}}
    )
    shop.generate()
    shop.commit()
    diagnostic = get_diagnostic(shop, "order", value)
    assert diagnostic.is_failure
    assert diagnostic.impact is not None
    assert diagnostic.impact.usage == "requests and responses"


def test_old_usage_counts(shop: Shop) -> None:
    """A type that stops being a response in the same change still has old readers."""
    methods: dict[str, Any] = SERVICE["methods"]  # type: ignore[assignment]
    shop.write_service(
        {**SERVICE, "methods": {**methods, "GetOrder": {**methods["GetOrder"], "response": "alone.schema.json"}}}
    )
    shop.write_schema("order", LOOSER)
    shop.generate()
    diagnostics = [one for one in shop.compare("HEAD").diagnostics if one.location.file.endswith("/order.schema.json")]
    assert [one.impact.usage for one in diagnostics if one.impact and one.is_failure] == ["responses"]


def replace_type(shop: Shop, side: str, new: dict[str, Any]) -> Diagnostic:
    """Replace the request or response type of PutOrder; return the diagnostic. Another method uses both types."""
    methods: dict[str, Any] = SERVICE["methods"]  # type: ignore[assignment]
    put = {"request": "newOrder.schema.json", "response": "newOrder.schema.json"}
    other = {"request": "other.schema.json", "response": "other.schema.json"}
    both = {**methods, "Other": other, "PutOrder": {**methods["PutOrder"], **put, side: "newOrder.schema.json"}}
    shop.write_schema("other", new)
    shop.write_service({**SERVICE, "methods": both})
    shop.generate()
    shop.commit()
    shop.write_service({**SERVICE, "methods": {**both, "PutOrder": {**both["PutOrder"], side: "other.schema.json"}}})
    shop.generate()
    (diagnostic,) = shop.compare("HEAD").diagnostics
    assert (diagnostic.location.file, diagnostic.location.pointer) == (
        "schemas/shop/shop.service.json",
        "/methods/PutOrder",
    )
    assert diagnostic.impact is not None
    assert diagnostic.impact.element == "shop.shop.ShopService.PutOrder"
    return diagnostic


@pytest.mark.parametrize(
    ("side", "value", "counts"),
    [
        ("response", TIGHTER, False),
        ("response", LOOSER, True),
        ("request", TIGHTER, True),
        ("request", LOOSER, False),
    ],
)
def test_usage_of_a_body_decides_about_its_replacement(
    shop: Shop, side: str, value: dict[str, Any], counts: bool
) -> None:
    """Other methods use both types both ways; only the direction of this body counts."""
    shop.configure(
        '[breaking]\nwire = "WIRE"\nseverities = { RPC_SAME_REQUEST_TYPE = "note", RPC_SAME_RESPONSE_TYPE = "note" }\n'
    )
    diagnostic = replace_type(shop, side, value)
    assert diagnostic.code.id == f"{side.upper()}_TYPE_CHANGED"
    assert diagnostic.is_failure is counts
    assert diagnostic.impact is not None
    assert diagnostic.impact.usage == f"{side}s"
    expected = ("broken", "holds") if value is TIGHTER else ("holds", "broken")
    assert (diagnostic.impact.backward, diagnostic.impact.forward) == expected
    assert diagnostic.impact.wire_rules == (f"RPC_SAME_{side.upper()}_TYPE",)


@pytest.mark.parametrize(("side", "counts"), [("response", True), ("request", False)])
def test_union_body_accepts_old_documents(shop: Shop, side: str, counts: bool) -> None:
    shop.configure(
        '[breaking]\nwire = "WIRE"\nseverities = { RPC_SAME_REQUEST_TYPE = "note", RPC_SAME_RESPONSE_TYPE = "note" }\n'
    )
    diagnostic = replace_type(shop, side, {"anyOf": [{"$ref": "newOrder.schema.json"}, {"type": "integer"}]})
    assert diagnostic.is_failure is counts
    assert diagnostic.impact is not None
    assert (diagnostic.impact.backward, diagnostic.impact.forward) == ("holds", "broken")


def test_wire_violation_is_reported_with_its_cause(tmp_path: Path) -> None:
    shop = create_shop(tmp_path / "shop")
    short = {"type": "string", "maxLength": 10}
    shop.write_schema(
        "order", {**ORDER, "properties": {**ORDER["properties"], "note": short}, "required": ["id", "note"]}
    )
    shop.generate()
    verdicts = {diagnostic.code.id: diagnostic.impact for diagnostic in shop.compare("HEAD").diagnostics}
    assert {rule: change.wire_rules for rule, change in verdicts.items() if change} == {
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
def test_retyped_field_is_reported_with_its_type_change(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], beside: dict[str, tuple[str, ...]]
) -> None:
    shop = create_shop(tmp_path / "shop")
    for state in (before, after):
        shop.drop_note()  # the type changes in two generations
        shop.write_schema("order", {**ORDER, "properties": {"id": TEXT, "note": state}})
        shop.generate()
        if state is before:
            shop.commit()
    diagnostics = [item for item in shop.compare("HEAD").diagnostics if "/note" in item.location.pointer]
    impacts = {diagnostic.code.id: diagnostic.impact for diagnostic in diagnostics}
    assert {rule: impact.wire_rules for rule, impact in impacts.items() if impact} == beside


def test_wire_violation_without_a_cause_is_a_separate_finding() -> None:
    """Otherwise a suppression of the unrelated change would also hide the violation."""
    assert find_cause("FIELD_NO_DELETE", ["PATTERN_CHANGED", "PROPERTY_OPTIONAL"]) is None
    assert find_cause("RESERVED_MESSAGE_NO_DELETE", ["TYPE_CHANGED"]) is None
    assert find_cause("FIELD_SAME_ONEOF", ["TYPE_CHANGED", "UNION_BRANCH_REMOVED"]) == 1
