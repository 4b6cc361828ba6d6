"""Types and properties that are moved or renamed keep their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edge_cases import build_object
from schema_history import SchemaHistory, find_message, find_numbers

NUMBERS = (61, 64)
"""Numbers of the edge cases with tests of their own."""

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
TIME = build_object(a=TEXT, b=INTEGER)
LATER = build_object(b=INTEGER, c=TEXT, a=TEXT)
"""The same type with one more property, in another order."""
KEPT = {"a": 1, "b": 2, "c": 3}


@pytest.fixture
def history(tmp_path: Path) -> SchemaHistory:
    return SchemaHistory(tmp_path)


def build_reference(name: str) -> dict[str, Any]:
    return {"$ref": f"{name}.schema.json"}


def mark_renamed(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "x-renamed-from": name}


def test_an_inline_object_that_moves_to_a_file_keeps_its_name_and_numbers(history: SchemaHistory) -> None:
    inline = build_object(z=build_object(a=TEXT, b=INTEGER))
    history.emit_proto(x=build_object(at=build_object(zone=inline, a=TEXT)))
    moved = history.emit_proto(
        x=build_object(at=build_reference("time")), time=build_object(a=TEXT, zone=build_object(z=LATER))
    )
    assert " XAt at = 1;" in find_message(moved, "X")
    assert find_numbers(find_message(moved, "XAt")) == {"zone": 1, "a": 2}
    assert find_numbers(find_message(moved, "XAtZoneZ")) == KEPT
    assert "reserved" not in moved
    assert (
        history.emit_proto(
            x=build_object(at=build_reference("time")), time=build_object(a=TEXT, zone=build_object(z=LATER))
        )
        == moved
    )


def test_a_file_that_becomes_an_inline_object_keeps_its_name_and_numbers(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(at=build_reference("time")), time=TIME)
    moved = history.emit_proto(x=build_object(at=LATER))
    assert " Time at = 1;" in find_message(moved, "X")
    assert find_numbers(find_message(moved, "Time")) == KEPT


def put_in_array(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def put_in_map(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": schema}


def put_in_union(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [{**schema, "required": ["a"]}, {"type": "array", "items": TEXT}]}


@pytest.mark.parametrize(
    ("around", "inside"),
    [
        (put_in_array, "XAtItem"),
        (put_in_map, "XAtValue"),
        (put_in_union, "XAtObject"),
    ],
    ids=["list", "map", "union"],
)
def test_items_values_and_branches_move_too(around: Any, inside: str, history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(at=around(TIME)))
    moved = history.emit_proto(x=build_object(at=around(build_reference("time"))), time=LATER)
    assert find_numbers(find_message(moved, inside)) == KEPT


def test_an_inline_enum_that_moves_to_a_file_keeps_its_numbers(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(w={"type": "string", "enum": ["a", "b"]}))
    moved = history.emit_proto(
        x=build_object(w=build_reference("word")), word={"type": "string", "enum": ["c", "b", "a"]}
    )
    assert find_numbers(find_message(moved, "XW")) == {"XW_UNSPECIFIED": 0, "XW_A": 1, "XW_B": 2, "XW_C": 3}


def test_a_renamed_file_renames_its_message(history: SchemaHistory) -> None:
    history.emit_proto(
        x=build_object("all", at=build_reference("time"), all={"type": "array", "items": build_reference("time")}),
        time=TIME,
    )
    later = mark_renamed("t/time.schema.json", LATER)
    schemas = {
        "x": build_object(
            "all", at=build_reference("moment"), all={"type": "array", "items": build_reference("moment")}
        ),
        "moment": later,
    }
    renamed = history.emit_proto(**schemas)
    assert find_numbers(find_message(renamed, "Moment")) == KEPT
    assert find_numbers(find_message(renamed, "X")) == {"at": 1, "all": 2}
    assert all(entry.reserved for entry in history.ledger.messages["edge_cases.t.Time"].entries)
    assert history.emit_proto(**schemas) == renamed


@pytest.mark.parametrize("stated", ["t/time", "t/time.schema.json", "Time", "edge_cases.t.Time"])
def test_the_former_name_may_be_a_file_or_a_message(stated: str, history: SchemaHistory) -> None:
    history.emit_proto(time=TIME)
    assert find_numbers(find_message(history.emit_proto(moment=mark_renamed(stated, LATER)), "Moment")) == KEPT
    assert find_numbers(find_message(history.emit_proto(moment=mark_renamed(stated, LATER)), "Moment")) == KEPT


def test_types_inside_a_renamed_type_are_renamed_with_it(history: SchemaHistory) -> None:
    history.emit_proto(
        time=build_object("list", zone=TIME, list={"type": "array", "items": {"anyOf": [TIME, {"type": "null"}]}})
    )
    inside = {"list": {"type": "array", "items": {"anyOf": [LATER, {"type": "null"}]}}, "zone": LATER}
    renamed = history.emit_proto(moment=mark_renamed("t/time", build_object("list", **inside)))
    assert find_numbers(find_message(renamed, "Moment")) == {"zone": 1, "list": 2}
    assert find_numbers(find_message(renamed, "MomentZone")) == KEPT
    assert find_numbers(find_message(renamed, "MomentListItem")) == KEPT


def test_a_type_that_is_renamed_back_keeps_its_numbers(history: SchemaHistory) -> None:
    history.emit_proto(time=TIME)
    history.emit_proto(moment=mark_renamed("t/time", LATER))
    back = history.emit_proto(time=mark_renamed("t/moment", build_object(d=TEXT, c=TEXT, b=INTEGER)))
    assert find_numbers(find_message(back, "Time")) == {"b": 2, "c": 3, "d": 4}
    assert "reserved 1;" in back


def test_a_name_with_conflicting_numbers_is_not_reused(history: SchemaHistory) -> None:
    history.emit_proto(time=TIME, moment=build_object(z=INTEGER))
    history.emit_proto(time=TIME)
    assert find_numbers(find_message(history.emit_proto(moment=mark_renamed("t/time", LATER)), "Moment2")) == KEPT


@pytest.mark.parametrize("hint", [{}, {"x-renamed-from": "t/time.schema.json"}], ids=["by its name", "by a hint"])
def test_a_type_that_moves_to_another_package_keeps_its_numbers(hint: dict[str, str], history: SchemaHistory) -> None:
    history.emit_proto(
        {
            "x/x": build_object(
                "all",
                at=build_reference("../t/time"),
                all={"type": "object", "additionalProperties": build_reference("../t/time")},
            )
        },
        time=TIME,
    )
    schemas = {
        "x/x": build_object(
            "all",
            at=build_reference("../u/time"),
            all={"type": "object", "additionalProperties": build_reference("../u/time")},
        ),
        "u/time": {**LATER, **hint},
    }
    moved = history.emit_proto(schemas)
    assert find_numbers(find_message(moved, "Time")) == KEPT
    assert find_numbers(find_message(moved, "X")) == {"at": 1, "all": 2}
    assert {entry.reserved for entry in history.ledger.messages["edge_cases.t.Time"].entries} == {True}
    assert history.emit_proto(schemas) == moved


def test_an_ambiguous_move_gets_new_numbers(history: SchemaHistory) -> None:
    history.emit_proto({"a/time": TIME, "b/time": TIME})
    apart = history.emit_proto({"c/time": LATER})
    assert find_numbers(find_message(apart, "Time")) == {"b": 1, "c": 2, "a": 3}


def test_a_type_without_common_properties_is_new(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(at=TIME))
    assert history.find_error_codes(x=build_object(at=build_reference("place")), place=build_object(lat=INTEGER)) == {
        "LEDGER_TYPE_CHANGED"
    }


def test_a_renamed_proto_package_keeps_all_numbers(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(at=TIME, w={"type": "string", "enum": ["a", "b"]}))
    history.settings = 'proto-package = "other.name"\n'
    moved = history.emit_proto(x=build_object(w={"type": "string", "enum": ["b", "a"]}, at=LATER))
    assert find_numbers(find_message(moved, "X")) == {"at": 1, "w": 2}
    assert find_numbers(find_message(moved, "XAt")) == KEPT
    assert find_numbers(find_message(moved, "XW")) == {"XW_UNSPECIFIED": 0, "XW_A": 1, "XW_B": 2}


@pytest.mark.parametrize(
    "schema",
    [TIME, {"type": "string", "enum": ["a"]}, {"type": "array", "items": TIME}],
    ids=["object", "enum", "list"],
)
def test_a_renamed_property_keeps_the_numbers_inside(schema: dict[str, Any], history: SchemaHistory) -> None:
    before = history.emit_proto(x=build_object("old", first=TEXT, old=schema))
    after = history.emit_proto(x=build_object("new", new=mark_renamed("old", schema), first=TEXT))
    assert find_numbers(find_message(after, "X")) == {"first": 1, "new": 2}
    assert after.count("message") + after.count("enum") == before.count("message") + before.count("enum")
    assert "reserved" not in after


def test_the_former_name_can_be_used_again(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=TEXT))
    history.emit_proto(x=build_object(b=mark_renamed("a", TEXT)))
    both = {"x": build_object(b=mark_renamed("a", TEXT), a=TEXT)}
    assert find_numbers(history.emit_proto(**both)) == {"b": 1, "a": 2}


def test_two_properties_cannot_have_the_same_former_name(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=TEXT))
    built = history.build(x=build_object(b=mark_renamed("a", TEXT), c=mark_renamed("a", TEXT)))
    assert [d.code.id for d in built.diagnostics] == ["RENAME_UNUSED"]
    assert [(e.number, e.key) for e in history.ledger.messages["edge_cases.t.X"].entries] == [(1, "b"), (2, "c")]


@pytest.mark.parametrize(
    "schemas",
    [
        {"x": build_object(a=TEXT, b=mark_renamed("c", TEXT))},
        {"x": build_object(a=TEXT, b=mark_renamed("a", TEXT))},
        {"x": build_object(b=mark_renamed("a", INTEGER))},
        {"x": build_object(a=TEXT), "y": mark_renamed("t/z", TIME)},
        {"x": build_object(a=TEXT), "y": mark_renamed("t/x", TIME)},
    ],
    ids=["no such property", "one that is there", "of another type", "no such file", "a file that is there"],
)
def test_a_former_name_that_does_not_exist_is_a_warning(schemas: dict[str, Any], history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=TEXT))
    built = history.build(**schemas)
    assert [(d.code.id, d.is_failure) for d in built.diagnostics] == [("RENAME_UNUSED", False)]
    assert built.diagnostics[0].hint


@pytest.mark.parametrize("before", [{"type": "string", "enum": ["a"]}, TIME], ids=["enum", "object"])
def test_a_message_and_an_enum_have_different_numbers(before: dict[str, Any], history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(w=before))
    (after,) = [one for one in ({"type": "string", "enum": ["a"]}, TIME) if one != before]
    assert history.find_error_codes(x=build_object(w=after)) == {"LEDGER_TYPE_CHANGED"}
