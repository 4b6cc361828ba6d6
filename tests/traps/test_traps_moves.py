"""Types and properties that move, or get another name: their numbers go with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from life import Life, message, numbers
from traps import properties

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
TIME = properties(a=TEXT, b=INTEGER)
LATER = properties(b=INTEGER, c=TEXT, a=TEXT)
"""The same type one property later, in an order that would give it other numbers."""
KEPT = {"a": 1, "b": 2, "c": 3}


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path)


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"{name}.schema.json"}


def was(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "x-renamed-from": name}


def test_61_an_inline_object_that_gets_a_file_keeps_its_name_and_numbers(life: Life) -> None:
    inline = properties(z=properties(a=TEXT, b=INTEGER))
    life.proto(x=properties(at=properties(zone=inline, a=TEXT)))
    moved = life.proto(x=properties(at=ref("time")), time=properties(a=TEXT, zone=properties(z=LATER)))
    assert " XAt at = 1;" in message(moved, "X")
    assert numbers(message(moved, "XAt")) == {"zone": 1, "a": 2}
    assert numbers(message(moved, "XAtZoneZ")) == KEPT
    assert "reserved" not in moved
    assert life.proto(x=properties(at=ref("time")), time=properties(a=TEXT, zone=properties(z=LATER))) == moved


def test_61_a_file_that_becomes_an_inline_object_keeps_its_name_and_numbers(life: Life) -> None:
    life.proto(x=properties(at=ref("time")), time=TIME)
    moved = life.proto(x=properties(at=LATER))
    assert " Time at = 1;" in message(moved, "X")
    assert numbers(message(moved, "Time")) == KEPT


@pytest.mark.parametrize(
    ("around", "inside"),
    [
        (lambda schema: {"type": "array", "items": schema}, "XAtItem"),
        (lambda schema: {"type": "object", "additionalProperties": schema}, "XAtValue"),
        (lambda schema: {"anyOf": [{**schema, "required": ["a"]}, {"type": "array", "items": TEXT}]}, "XAtObject"),
    ],
    ids=["list", "map", "union"],
)
def test_61_items_values_and_branches_move_too(around: Any, inside: str, life: Life) -> None:
    life.proto(x=properties(at=around(TIME)))
    moved = life.proto(x=properties(at=around(ref("time"))), time=LATER)
    assert numbers(message(moved, inside)) == KEPT


def test_61_an_inline_enum_that_gets_a_file(life: Life) -> None:
    life.proto(x=properties(w={"type": "string", "enum": ["a", "b"]}))
    moved = life.proto(x=properties(w=ref("word")), word={"type": "string", "enum": ["c", "b", "a"]})
    assert numbers(message(moved, "XW")) == {"XW_UNSPECIFIED": 0, "XW_A": 1, "XW_B": 2, "XW_C": 3}


def test_61_a_file_that_is_renamed_by_a_hint_gives_its_message_the_new_name(life: Life) -> None:
    life.proto(x=properties("all", at=ref("time"), all={"type": "array", "items": ref("time")}), time=TIME)
    later = was("t/time.schema.json", LATER)
    schemas = {"x": properties("all", at=ref("moment"), all={"type": "array", "items": ref("moment")}), "moment": later}
    renamed = life.proto(**schemas)
    assert numbers(message(renamed, "Moment")) == KEPT
    assert numbers(message(renamed, "X")) == {"at": 1, "all": 2}
    assert all(entry.reserved for entry in life.ledger.messages["traps.t.Time"].entries)
    assert life.proto(**schemas) == renamed


@pytest.mark.parametrize("stated", ["t/time", "t/time.schema.json", "Time", "traps.t.Time"])
def test_61_a_hint_may_be_a_file_or_the_name_of_a_message(stated: str, life: Life) -> None:
    life.proto(time=TIME)
    assert numbers(message(life.proto(moment=was(stated, LATER)), "Moment")) == KEPT
    assert numbers(message(life.proto(moment=was(stated, LATER)), "Moment")) == KEPT


def test_61_what_is_inside_of_a_renamed_type_is_renamed_with_it(life: Life) -> None:
    life.proto(time=properties("list", zone=TIME, list={"type": "array", "items": {"anyOf": [TIME, {"type": "null"}]}}))
    inside = {"list": {"type": "array", "items": {"anyOf": [LATER, {"type": "null"}]}}, "zone": LATER}
    renamed = life.proto(moment=was("t/time", properties("list", **inside)))
    assert numbers(message(renamed, "Moment")) == {"zone": 1, "list": 2}
    assert numbers(message(renamed, "MomentZone")) == KEPT
    assert numbers(message(renamed, "MomentListItem")) == KEPT


def test_61_a_name_that_was_given_back_and_forth(life: Life) -> None:
    life.proto(time=TIME)
    life.proto(moment=was("t/time", LATER))
    back = life.proto(time=was("t/moment", properties(d=TEXT, c=TEXT, b=INTEGER)))
    assert numbers(message(back, "Time")) == {"b": 2, "c": 3, "d": 4}
    assert "reserved 1;" in back


def test_61_a_name_whose_old_numbers_mean_something_else_is_not_taken(life: Life) -> None:
    life.proto(time=TIME, moment=properties(z=INTEGER))
    life.proto(time=TIME)
    assert numbers(message(life.proto(moment=was("t/time", LATER)), "Moment2")) == KEPT


@pytest.mark.parametrize("hint", [{}, {"x-renamed-from": "t/time.schema.json"}], ids=["by its name", "by a hint"])
def test_61_a_type_that_moves_to_another_package_keeps_its_numbers(hint: dict[str, str], life: Life) -> None:
    life.proto(
        {
            "x/x": properties(
                "all", at=ref("../t/time"), all={"type": "object", "additionalProperties": ref("../t/time")}
            )
        },
        time=TIME,
    )
    schemas = {
        "x/x": properties("all", at=ref("../u/time"), all={"type": "object", "additionalProperties": ref("../u/time")}),
        "u/time": {**LATER, **hint},
    }
    moved = life.proto(schemas)
    assert numbers(message(moved, "Time")) == KEPT
    assert numbers(message(moved, "X")) == {"at": 1, "all": 2}
    assert {entry.reserved for entry in life.ledger.messages["traps.t.Time"].entries} == {True}
    assert life.proto(schemas) == moved


def test_61_two_types_of_one_name_are_not_taken_for_one_that_moved(life: Life) -> None:
    life.proto({"a/time": TIME, "b/time": TIME})
    apart = life.proto({"c/time": LATER})
    assert numbers(message(apart, "Time")) == {"b": 1, "c": 2, "a": 3}


def test_61_what_has_nothing_in_common_with_what_is_gone_is_new(life: Life) -> None:
    life.proto(x=properties(at=TIME))
    assert life.codes(x=properties(at=ref("place")), place=properties(lat=INTEGER)) == {"LEDGER_TYPE_CHANGED"}


def test_61_a_proto_package_with_another_name(life: Life) -> None:
    life.proto(x=properties(at=TIME, w={"type": "string", "enum": ["a", "b"]}))
    life.settings = 'proto-package = "other.name"\n'
    moved = life.proto(x=properties(w={"type": "string", "enum": ["b", "a"]}, at=LATER))
    assert numbers(message(moved, "X")) == {"at": 1, "w": 2}
    assert numbers(message(moved, "XAt")) == KEPT
    assert numbers(message(moved, "XW")) == {"XW_UNSPECIFIED": 0, "XW_A": 1, "XW_B": 2}


@pytest.mark.parametrize(
    "schema",
    [TIME, {"type": "string", "enum": ["a"]}, {"type": "array", "items": TIME}],
    ids=["object", "enum", "list"],
)
def test_61_a_renamed_property_keeps_its_number_with_what_is_inside(schema: dict[str, Any], life: Life) -> None:
    before = life.proto(x=properties("old", first=TEXT, old=schema))
    after = life.proto(x=properties("new", new=was("old", schema), first=TEXT))
    assert numbers(message(after, "X")) == {"first": 1, "new": 2}
    assert after.count("message") + after.count("enum") == before.count("message") + before.count("enum")
    assert "reserved" not in after


def test_61_an_old_name_is_free_for_something_new(life: Life) -> None:
    life.proto(x=properties(a=TEXT))
    life.proto(x=properties(b=was("a", TEXT)))
    both = {"x": properties(b=was("a", TEXT), a=TEXT)}
    assert numbers(life.proto(**both)) == {"b": 1, "a": 2}


def test_61_two_properties_cannot_both_be_one_that_was(life: Life) -> None:
    life.proto(x=properties(a=TEXT))
    built = life.build(x=properties(b=was("a", TEXT), c=was("a", TEXT)))
    assert [d.code.id for d in built.diagnostics] == ["RENAME_UNUSED"]
    assert [(e.number, e.key) for e in life.ledger.messages["traps.t.X"].entries] == [(1, "b"), (2, "c")]


@pytest.mark.parametrize(
    "schemas",
    [
        {"x": properties(a=TEXT, b=was("c", TEXT))},
        {"x": properties(a=TEXT, b=was("a", TEXT))},
        {"x": properties(b=was("a", INTEGER))},
        {"x": properties(a=TEXT), "y": was("t/z", TIME)},
        {"x": properties(a=TEXT), "y": was("t/x", TIME)},
    ],
    ids=["no such property", "one that is there", "of another type", "no such file", "a file that is there"],
)
def test_61_a_hint_that_names_nothing_is_a_warning(schemas: dict[str, Any], life: Life) -> None:
    life.proto(x=properties(a=TEXT))
    built = life.build(**schemas)
    assert [(d.code.id, d.fails) for d in built.diagnostics] == [("RENAME_UNUSED", False)]
    assert built.diagnostics[0].hint


@pytest.mark.parametrize("before", [{"type": "string", "enum": ["a"]}, TIME], ids=["enum", "object"])
def test_64_a_message_is_no_enum_whatever_its_name(before: dict[str, Any], life: Life) -> None:
    life.proto(x=properties(w=before))
    (after,) = [one for one in ({"type": "string", "enum": ["a"]}, TIME) if one != before]
    assert life.codes(x=properties(w=after)) == {"LEDGER_TYPE_CHANGED"}
