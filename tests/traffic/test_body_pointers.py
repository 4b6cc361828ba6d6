"""Pointers and excerpts of findings in a request whose body is one property of its message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import wirelock
from wirelock.diagnostics import ExchangeRef, Report
from wirelock.ir import TypeId
from wirelock.traffic.conformance.locations import FindingContext
from wirelock.traffic.conformance.outcomes import BodyCheck
from wirelock.traffic.conformance.verdict import Verdict

SEND = {
    "type": "object",
    "required": ["body", "bodyType"],
    "properties": {
        "bodyType": {"enum": ["small", "large"]},
        "body": {"type": "object", "properties": {"bodyType": {"type": "integer"}}},
    },
}
METHOD = {
    "request": "send.schema.json",
    "response": "reply.schema.json",
    "http": {"post": "/item", "body": "body"},
    "in": {"bodyType": "query"},
}
FILES = {
    "schemas/item/send.schema.json": SEND,
    "schemas/item/reply.schema.json": {"type": "object"},
    "schemas/item/item.service.json": {"service": "ItemService", "methods": {"Send": METHOD}},
}


def verify_request(root: Path, query: str, body: object) -> Report:
    """Verify a recording of one request with a query and a body."""
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(content), "utf-8")
    (root / "wirelock.toml").write_text('package = "item_api"\n', "utf-8")
    headers = [{"name": "content-type", "value": "application/json"}]
    request: dict[str, Any] = {"method": "POST", "url": f"http://server/item{query}", "headers": headers, "body": body}
    line: dict[str, Any] = {"request": request, "response": {"status": 200, "headers": headers, "body": {}}}
    recording = root / "item.ndjson"
    recording.write_text(json.dumps(line) + "\n", "utf-8")
    return wirelock.verify(wirelock.load(root), [str(recording)])


def get_failure(report: Report) -> tuple[str, list[str]]:
    """Return the pointer of the only failure, and the marked lines of its excerpt."""
    (diagnostic,) = (diagnostic for diagnostic in report.diagnostics if diagnostic.is_failure)
    (example,) = (example for example in report.examples if example.diagnostic == diagnostic)
    assert example.document is not None
    marked = [example.document.lines[index].strip() for index in example.document.marked_lines]
    return diagnostic.location.pointer, marked


def test_a_sibling_of_the_body_is_not_inside_it() -> None:
    check = BodyCheck(TypeId("a.schema.json"), b"{}", "/body")
    assert check.to_body_pointer("/bodyType") == "/bodyType"
    assert check.to_body_pointer("/body/id") == "/id"


def test_a_query_parameter_keeps_its_pointer(tmp_path: Path) -> None:
    assert get_failure(verify_request(tmp_path, "?bodyType=huge", {})) == ("/bodyType", ['"bodyType": "huge",'])


def test_a_property_of_the_body_has_a_pointer_into_the_body(tmp_path: Path) -> None:
    report = verify_request(tmp_path, "?bodyType=small", {"bodyType": "huge"})
    assert get_failure(report) == ("/bodyType", ['"bodyType": "huge"'])


def test_a_missing_query_parameter_is_missing_from_the_whole_request(tmp_path: Path) -> None:
    pointer, marked = get_failure(verify_request(tmp_path, "", {"bodyType": 1}))
    assert (pointer, marked) == ("/bodyType", ['"bodyType" is missing'])


def test_a_disagreement_points_to_the_root_of_the_body() -> None:
    check = BodyCheck(TypeId("a.schema.json"), b'{"body":{}}', "/body")
    context = FindingContext(ExchangeRef("item.ndjson", 0, "POST", "http://server/item", 200, "request"))
    [(diagnostic, pointer)] = context.list_diagnostics(Verdict(disagreement="the model accepts it"), check)
    assert (diagnostic.code.id, diagnostic.location.pointer, pointer) == ("DISAGREEMENT", "", "/body")
