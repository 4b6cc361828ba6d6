"""Field numbers over the life of a schema: a number is given once, whatever is done to the property."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from life import Life, message, numbers
from traps import properties

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path)


def words(*values: str) -> dict[str, Any]:
    """An object with one word."""
    return properties(w={"type": "string", "enum": [*values]})


def test_16_words_keep_their_numbers(life: Life) -> None:
    assert numbers(life.proto(x=words("a", "c")))["XW_C"] == 2
    inserted = numbers(life.proto(x=words("a", "b", "c")))
    assert (inserted["XW_A"], inserted["XW_B"], inserted["XW_C"]) == (1, 3, 2)
    removed = life.proto(x=words("c", "b"))
    assert re.search(r"reserved 1;", removed)
    assert 'reserved "XW_A";' in removed
    assert numbers(life.proto(x=words("c", "d", "b")))["XW_D"] == 4
    back = life.proto(x=words("a", "b", "c", "d"))
    assert numbers(back)["XW_A"] == 1
    assert "reserved" not in back


def test_61_the_order_of_properties_is_nothing(life: Life) -> None:
    first = numbers(life.proto(x=properties(a=TEXT, b=TEXT)))
    assert numbers(life.proto(x=properties(b=TEXT, a=TEXT))) == first


def test_61_a_property_in_the_middle_is_the_last_number(life: Life) -> None:
    life.proto(x=properties(a=TEXT, c=TEXT))
    assert numbers(life.proto(x=properties(a=TEXT, b=TEXT, c=TEXT))) == {"a": 1, "b": 3, "c": 2}


def test_61_a_property_goes_and_returns(life: Life) -> None:
    life.proto(x=properties(a=TEXT, b=TEXT))
    gone = life.proto(x=properties(a=TEXT))
    assert "reserved 2;" in gone
    assert 'reserved "b";' in gone
    back = life.proto(x=properties(a=TEXT, b=TEXT))
    assert numbers(back) == {"a": 1, "b": 2}
    assert "reserved" not in back


def test_61_a_property_returns_with_another_type(life: Life) -> None:
    life.proto(x=properties(a=TEXT, b=TEXT))
    life.proto(x=properties(a=TEXT))
    other = life.proto(x=properties(a=TEXT, b=INTEGER))
    assert "optional int64 b = 3;" in other
    assert "reserved 2;" in other
    assert 'reserved "b"' not in other


def test_61_a_property_is_renamed_by_a_hint(life: Life) -> None:
    life.proto(x=properties(a=TEXT, b=TEXT))
    renamed = life.proto(x=properties(a=TEXT, title={**TEXT, "x-renamed-from": "b"}))
    assert numbers(renamed) == {"a": 1, "title": 2}
    assert "reserved 2" not in renamed


def test_61_numbers_of_protobuf_itself_are_skipped(life: Life) -> None:
    pinned = numbers(life.proto(x=properties(a={**TEXT, "x-proto-field": 18999}, b=TEXT)))
    assert pinned == {"a": 18999, "b": 20000}


@pytest.mark.parametrize("number", [0, 19000, 19999, 536870912])
def test_61_numbers_that_protobuf_has_not_are_refused(number: int, life: Life) -> None:
    assert life.codes(x=properties(a={**TEXT, "x-proto-field": number})) == {"EXTENSION_INVALID"}


def test_61_two_branches_that_add_a_property_conflict_in_the_ledger(life: Life) -> None:
    life.proto(x=properties(a=TEXT))
    base = (life.folder / "proto/numbers.json").read_bytes()
    sides = []
    for name in ("left", "right"):
        (life.folder / "proto/numbers.json").write_bytes(base)
        life.proto(x=properties("a", **{"a": TEXT, name: TEXT}))
        sides.append((life.folder / "proto/numbers.json").read_bytes())
    for name, content in zip(("ours", "base", "theirs"), (sides[0], base, sides[1]), strict=True):
        (life.folder / name).write_bytes(content)
    merged = subprocess.run(["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=life.folder, capture_output=True)
    assert merged.returncode > 0
    (life.folder / "proto/numbers.json").write_bytes(merged.stdout)
    assert life.codes(x=properties(a=TEXT, left=TEXT, right=TEXT)) == {"LEDGER_UNREADABLE"}


def test_61_a_message_of_another_name_is_another_message(life: Life) -> None:
    life.proto(x=properties(at={"$ref": "time.schema.json"}), time=properties(a=TEXT))
    renamed = {"x": properties(at={"$ref": "moment.schema.json"}), "moment": properties(a=TEXT)}
    assert life.codes(**renamed) == {"LEDGER_TYPE_CHANGED"}


def test_61_a_lost_ledger_is_no_new_beginning(life: Life) -> None:
    (life.folder / "proto").mkdir()
    (life.folder / "proto/t.proto").write_text('syntax = "proto3";\n', "utf-8")
    assert life.codes(x=properties(a=TEXT)) == {"LEDGER_MISSING"}


def test_62_presence_changes_and_the_number_does_not(life: Life) -> None:
    assert " string a = 1;" in life.proto(x=properties("a", a=TEXT))
    assert "optional string a = 1;" in life.proto(x=properties(a=TEXT))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TEXT, {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}),
        ({"anyOf": [TEXT, {"type": "array", "items": TEXT}]}, TEXT),
    ],
    ids=["into", "out-of"],
)
def test_63_a_scalar_and_a_union_have_no_number_in_common(before: Any, after: Any, life: Life) -> None:
    life.proto(x=properties(a=before))
    assert life.codes(x=properties(a=after)) == {"LEDGER_TYPE_CHANGED"}
    life.proto(x=properties())
    assert numbers(life.proto(x=properties(a=after)))["a"] == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (INTEGER, {"type": "number"}),
        (TEXT, {"type": "string", "enum": ["a"]}),
        (properties(a=TEXT), {"type": "object", "additionalProperties": TEXT}),
    ],
    ids=["number", "enum", "map"],
)
def test_64_what_json_would_forgive_the_wire_does_not(before: Any, after: Any, life: Life) -> None:
    life.proto(x=properties(a=before))
    built = life.build(x=properties(a=after))
    (found,) = [diagnostic for diagnostic in built.diagnostics if diagnostic.fails]
    assert found.code.id == "LEDGER_TYPE_CHANGED"
    assert found.hint


def branches(*kinds: str) -> dict[str, Any]:
    """Schemas with a union of objects told apart by a constant."""
    objects = {kind: properties("kind", kind={"const": kind}, **{kind: TEXT}) for kind in kinds}
    return {"x": properties("u", u={"anyOf": [{"$ref": f"{kind}.schema.json"} for kind in kinds]}), **objects}


def test_61_members_of_a_oneof_keep_their_numbers(life: Life) -> None:
    assert numbers(message(life.proto(**branches("a", "b")), "XU")) == {"a": 1, "b": 2}
    assert numbers(message(life.proto(**branches("c", "b", "a")), "XU")) == {"a": 1, "b": 2, "c": 3}
    less = message(life.proto(**branches("c", "b")), "XU")
    assert numbers(less) == {"b": 2, "c": 3}
    assert "reserved 1;" in less
    assert 'reserved "a";' in less
    back = message(life.proto(**branches("d", "a", "b", "c")), "XU")
    assert numbers(back) == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert "reserved" not in back


def test_61_the_presence_field_keeps_its_number_when_nothing_needs_it_any_more(life: Life) -> None:
    texts = {"type": "array", "items": TEXT}
    assert numbers(life.proto(x=properties(a=texts))) == {"a": 1, "explicit_fields": 2}
    assert numbers(life.proto(x=properties("a", a=texts, b=TEXT))) == {"a": 1, "explicit_fields": 2, "b": 3}
    assert numbers(life.proto(x=properties("b", b=TEXT))) == {"explicit_fields": 2, "b": 3}
    named = life.proto(x=properties("b", b=TEXT, explicit_fields=TEXT))
    assert numbers(named) == {"explicit_fields": 2, "b": 3, "explicit_fields_2": 4}
    assert numbers(life.proto(x=properties(a=texts, b=TEXT)))["a"] == 1


def test_61_a_word_that_returns_among_others_has_its_number(life: Life) -> None:
    life.proto(x=words("a", "b"))
    life.proto(x=words("b", "c"))
    assert numbers(message(life.proto(x=words("d", "c", "b", "a")), "XW")) == {
        "XW_UNSPECIFIED": 0,
        "XW_A": 1,
        "XW_B": 2,
        "XW_C": 3,
        "XW_D": 4,
    }
