"""JSON Pointers are compared by token, never as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wirelock
from wirelock.ir import TypeId
from wirelock.runtime.json.pointers import get_relative_pointer, join_pointer
from wirelock.traffic.conformance.outcomes import BodyCheck

NAMES = st.lists(st.sampled_from(["body", "bodyType", "bo", "", "a/b", "~"]), max_size=4)


@pytest.mark.parametrize(
    ("pointer", "ancestor", "relative"),
    [
        ("/body/id", "/body", "/id"),
        ("/body", "/body", ""),
        ("/bodyType", "/body", None),
        ("/id", "", "/id"),
        ("", "", ""),
        ("", "/body", None),
    ],
)
def test_a_pointer_relative_to_an_ancestor(pointer: str, ancestor: str, relative: str | None) -> None:
    assert get_relative_pointer(pointer, ancestor) == relative


@given(NAMES, NAMES)
def test_every_pointer_below_an_ancestor_is_found_again(names: list[str], below: list[str]) -> None:
    ancestor, pointer = join_pointer(names), join_pointer([*names, *below])
    assert get_relative_pointer(pointer, ancestor) == join_pointer(below)


@given(NAMES, NAMES)
def test_only_a_pointer_below_an_ancestor_is_relative(names: list[str], others: list[str]) -> None:
    is_below = others[: len(names)] == names
    assert (get_relative_pointer(join_pointer(others), join_pointer(names)) is not None) == is_below


def test_a_sibling_of_the_body_is_not_inside_it() -> None:
    check = BodyCheck(TypeId("a.schema.json"), b"{}", "/body")
    assert check.to_body_pointer("/bodyType") == "/bodyType"
    assert check.to_body_pointer("/body/id") == "/id"


def test_verify_shows_the_pointer_of_a_query_parameter_beside_the_body(tmp_path: Path) -> None:
    request = {
        "type": "object",
        "required": ["body", "bodyType"],
        "properties": {"bodyType": {"enum": ["small", "large"]}, "body": {"type": "object"}},
    }
    method = {
        "request": "send.schema.json",
        "response": "reply.schema.json",
        "http": {"post": "/item", "body": "body"},
        "in": {"bodyType": "query"},
    }
    files = {
        "schemas/item/send.schema.json": request,
        "schemas/item/reply.schema.json": {"type": "object"},
        "schemas/item/item.service.json": {"service": "ItemService", "methods": {"Send": method}},
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content), "utf-8")
    (tmp_path / "wirelock.toml").write_text('package = "item_api"\n', "utf-8")
    headers = [{"name": "content-type", "value": "application/json"}]
    sent: dict[str, Any] = {"method": "POST", "url": "http://server/item?bodyType=huge", "headers": headers, "body": {}}
    recording = tmp_path / "item.ndjson"
    line: dict[str, Any] = {"request": sent, "response": {"status": 200, "headers": headers, "body": {}}}
    recording.write_text(json.dumps(line) + "\n", "utf-8")
    report = wirelock.verify(wirelock.load(tmp_path), [str(recording)])
    assert [d.location.pointer for d in report.diagnostics if d.is_failure] == ["/bodyType"]
