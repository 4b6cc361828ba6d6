"""Field numbers over the history of a schema: each number is assigned only once."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from edge_cases import build_object
from schema_history import SchemaHistory, find_message, find_numbers

NUMBERS = (16, 61, 62, 63, 64)
"""Numbers of the edge cases with tests of their own."""

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


@pytest.fixture
def history(tmp_path: Path) -> SchemaHistory:
    return SchemaHistory(tmp_path)


def build_enum_object(*values: str) -> dict[str, Any]:
    """Build an object with one enum."""
    return build_object(w={"type": "string", "enum": [*values]})


def test_enum_values_keep_their_numbers(history: SchemaHistory) -> None:
    assert find_numbers(history.emit_proto(x=build_enum_object("a", "c")))["XW_C"] == 2
    inserted = find_numbers(history.emit_proto(x=build_enum_object("a", "b", "c")))
    assert (inserted["XW_A"], inserted["XW_B"], inserted["XW_C"]) == (1, 3, 2)
    removed = history.emit_proto(x=build_enum_object("c", "b"))
    assert re.search(r"reserved 1;", removed)
    assert 'reserved "XW_A";' in removed
    assert find_numbers(history.emit_proto(x=build_enum_object("c", "d", "b")))["XW_D"] == 4
    back = history.emit_proto(x=build_enum_object("a", "b", "c", "d"))
    assert find_numbers(back)["XW_A"] == 1
    assert "reserved" not in back


def test_the_order_of_properties_does_not_matter(history: SchemaHistory) -> None:
    first = find_numbers(history.emit_proto(x=build_object(a=TEXT, b=TEXT)))
    assert find_numbers(history.emit_proto(x=build_object(b=TEXT, a=TEXT))) == first


def test_an_inserted_property_gets_the_next_number(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=TEXT, c=TEXT))
    assert find_numbers(history.emit_proto(x=build_object(a=TEXT, b=TEXT, c=TEXT))) == {"a": 1, "b": 3, "c": 2}


def test_a_property_that_returns_keeps_its_number(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=TEXT, b=TEXT))
    gone = history.emit_proto(x=build_object(a=TEXT))
    assert "reserved 2;" in gone
    assert 'reserved "b";' in gone
    back = history.emit_proto(x=build_object(a=TEXT, b=TEXT))
    assert find_numbers(back) == {"a": 1, "b": 2}
    assert "reserved" not in back


def test_a_property_that_returns_with_another_type_gets_a_new_number(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=TEXT, b=TEXT))
    history.emit_proto(x=build_object(a=TEXT))
    other = history.emit_proto(x=build_object(a=TEXT, b=INTEGER))
    assert "optional int64 b = 3;" in other
    assert "reserved 2;" in other
    assert 'reserved "b"' not in other


def test_a_property_is_renamed_by_an_extension(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=TEXT, b=TEXT))
    renamed = history.emit_proto(x=build_object(a=TEXT, title={**TEXT, "x-renamed-from": "b"}))
    assert find_numbers(renamed) == {"a": 1, "title": 2}
    assert "reserved 2" not in renamed


def test_numbers_reserved_by_protobuf_are_skipped(history: SchemaHistory) -> None:
    pinned = find_numbers(history.emit_proto(x=build_object(a={**TEXT, "x-proto-field": 18999}, b=TEXT)))
    assert pinned == {"a": 18999, "b": 20000}


@pytest.mark.parametrize("number", [0, 19000, 19999, 536870912])
def test_invalid_field_numbers_are_errors(number: int, history: SchemaHistory) -> None:
    assert history.find_error_codes(x=build_object(a={**TEXT, "x-proto-field": number})) == {"EXTENSION_INVALID"}


def test_two_branches_that_add_a_property_conflict_in_the_ledger(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=TEXT))
    base = (history.folder / "proto/numbers.json").read_bytes()
    sides: list[bytes] = []
    for name in ("left", "right"):
        (history.folder / "proto/numbers.json").write_bytes(base)
        history.emit_proto(x=build_object("a", **{"a": TEXT, name: TEXT}))
        sides.append((history.folder / "proto/numbers.json").read_bytes())
    for name, content in zip(("ours", "base", "theirs"), (sides[0], base, sides[1]), strict=True):
        (history.folder / name).write_bytes(content)
    merged = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=history.folder, capture_output=True
    )
    assert merged.returncode > 0
    (history.folder / "proto/numbers.json").write_bytes(merged.stdout)
    assert history.find_error_codes(x=build_object(a=TEXT, left=TEXT, right=TEXT)) == {"LEDGER_UNREADABLE"}


def test_a_type_with_another_name_gets_another_message(history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(at={"$ref": "time.schema.json"}), time=build_object(a=TEXT))
    renamed = {"x": build_object(at={"$ref": "moment.schema.json"}), "moment": build_object(a=TEXT)}
    assert history.find_error_codes(**renamed) == {"LEDGER_TYPE_CHANGED"}


def test_a_missing_ledger_is_an_error_if_protos_exist(history: SchemaHistory) -> None:
    (history.folder / "proto").mkdir()
    (history.folder / "proto/t.proto").write_text('syntax = "proto3";\n', "utf-8")
    assert history.find_error_codes(x=build_object(a=TEXT)) == {"LEDGER_MISSING"}


def test_a_change_of_presence_keeps_the_number(history: SchemaHistory) -> None:
    assert " string a = 1;" in history.emit_proto(x=build_object("a", a=TEXT))
    assert "optional string a = 1;" in history.emit_proto(x=build_object(a=TEXT))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TEXT, {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}),
        ({"anyOf": [TEXT, {"type": "array", "items": TEXT}]}, TEXT),
    ],
    ids=["into", "out-of"],
)
def test_a_scalar_and_a_union_have_different_numbers(before: Any, after: Any, history: SchemaHistory) -> None:
    history.emit_proto(x=build_object(a=before))
    assert history.find_error_codes(x=build_object(a=after)) == {"LEDGER_TYPE_CHANGED"}
    history.emit_proto(x=build_object())
    assert find_numbers(history.emit_proto(x=build_object(a=after)))["a"] == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (INTEGER, {"type": "number"}),
        (TEXT, {"type": "string", "enum": ["a"]}),
        (build_object(a=TEXT), {"type": "object", "additionalProperties": TEXT}),
    ],
    ids=["number", "enum", "map"],
)
def test_a_type_change_that_json_allows_is_an_error_on_the_wire(
    before: Any, after: Any, history: SchemaHistory
) -> None:
    history.emit_proto(x=build_object(a=before))
    built = history.build(x=build_object(a=after))
    (found,) = [diagnostic for diagnostic in built.diagnostics if diagnostic.is_failure]
    assert found.code.id == "LEDGER_TYPE_CHANGED"
    assert found.hint


def build_union_schemas(*kinds: str) -> dict[str, Any]:
    """Build schemas with a union of objects that a constant discriminates."""
    objects = {kind: build_object("kind", kind={"const": kind}, **{kind: TEXT}) for kind in kinds}
    return {"x": build_object("u", u={"anyOf": [{"$ref": f"{kind}.schema.json"} for kind in kinds]}), **objects}


def test_members_of_a_oneof_keep_their_numbers(history: SchemaHistory) -> None:
    assert find_numbers(find_message(history.emit_proto(**build_union_schemas("a", "b")), "XU")) == {"a": 1, "b": 2}
    assert find_numbers(find_message(history.emit_proto(**build_union_schemas("c", "b", "a")), "XU")) == {
        "a": 1,
        "b": 2,
        "c": 3,
    }
    less = find_message(history.emit_proto(**build_union_schemas("c", "b")), "XU")
    assert find_numbers(less) == {"b": 2, "c": 3}
    assert "reserved 1;" in less
    assert 'reserved "a";' in less
    back = find_message(history.emit_proto(**build_union_schemas("d", "a", "b", "c")), "XU")
    assert find_numbers(back) == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert "reserved" not in back


def test_the_presence_field_keeps_its_number_while_unused(history: SchemaHistory) -> None:
    texts = {"type": "array", "items": TEXT}
    assert find_numbers(history.emit_proto(x=build_object(a=texts))) == {"a": 1, "explicit_fields": 2}
    assert find_numbers(history.emit_proto(x=build_object("a", a=texts, b=TEXT))) == {
        "a": 1,
        "explicit_fields": 2,
        "b": 3,
    }
    assert find_numbers(history.emit_proto(x=build_object("b", b=TEXT))) == {"explicit_fields": 2, "b": 3}
    named = history.emit_proto(x=build_object("b", b=TEXT, explicit_fields=TEXT))
    assert find_numbers(named) == {"explicit_fields": 2, "b": 3, "explicit_fields_2": 4}
    assert find_numbers(history.emit_proto(x=build_object(a=texts, b=TEXT)))["a"] == 1


def test_an_enum_value_that_returns_among_others_keeps_its_number(history: SchemaHistory) -> None:
    history.emit_proto(x=build_enum_object("a", "b"))
    history.emit_proto(x=build_enum_object("b", "c"))
    assert find_numbers(find_message(history.emit_proto(x=build_enum_object("d", "c", "b", "a")), "XW")) == {
        "XW_UNSPECIFIED": 0,
        "XW_A": 1,
        "XW_B": 2,
        "XW_C": 3,
        "XW_D": 4,
    }
