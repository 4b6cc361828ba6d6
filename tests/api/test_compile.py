"""A schema in memory has the verdicts of a project's files."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from checkout import ROOT, read_exchanges

import wirelock
from wirelock.ir import TypeId
from wirelock.loader import LoadedArtifacts

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "place": {"$ref": "https://example.com/place"}},
}
PLACE: dict[str, Any] = {"type": "object", "properties": {"street": {"type": "string"}, "number": {"type": "integer"}}}


def test_a_schema_in_everything_out() -> None:
    order = wirelock.compile(ORDER, registry={"https://example.com/place": PLACE})
    text = b'{"id":"o1","place":{"number":7}}'
    assert order.is_valid(text)
    assert order.is_valid_instance({"id": "o1"})
    assert order.findings(text) == []
    assert order.decode(order.encode(text)) == text
    assert order.model.model_validate_json(text).place.number == 7


def test_findings_are_diagnostics() -> None:
    order = wirelock.compile(ORDER, registry={"https://example.com/place": PLACE})
    found = order.findings(b'{"place": {"number": "7"}}')
    assert [(d.code.id, d.location.pointer) for d in found] == [("VIOLATION", "/id"), ("VIOLATION", "/place/number")]
    assert [d.code.id for d in order.findings(b"{")] == ["MALFORMED"]


@pytest.mark.parametrize("schema", [True, {}, {"type": "integer"}, {"type": "array", "items": {"type": "integer"}}])
def test_whatever_the_root_is_it_has_a_message(schema: Any) -> None:
    compiled = wirelock.compile(schema)
    text = b"[3]" if schema not in (True, {}) and schema["type"] == "array" else b"3"
    assert compiled.decode(compiled.encode(text)) == text


def test_the_dialect_may_be_given() -> None:
    beside: dict[str, Any] = {"$ref": "#/definitions/a", "maxLength": 1, "definitions": {"a": {"type": "string"}}}
    assert not wirelock.compile(beside).is_valid(b'"ab"')
    assert wirelock.compile(beside, dialect="http://json-schema.org/draft-07/schema#").is_valid(b'"ab"')


def test_format_counts_when_asked() -> None:
    schema: dict[str, Any] = {"type": "string", "format": "date"}
    assert wirelock.compile(schema).is_valid(b'"soon"')
    assert not wirelock.compile(schema, format_assertion=True).is_valid(b'"soon"')


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"type": "x"}, "SCHEMA_INVALID"),
        ({"$ref": "nowhere.json"}, "REFERENCE_NOT_FOUND"),
        ({"pattern": "(?!a)"}, "PATTERN_REFUSED"),
    ],
)
def test_a_schema_that_cannot_be_compiled_is_refused(schema: dict[str, Any], code: str) -> None:
    with pytest.raises(wirelock.SchemaError) as refused:
        wirelock.compile(schema)
    assert code in {diagnostic.code.id for diagnostic in refused.value.diagnostics}


def test_verdicts_are_those_of_the_files(loaded: LoadedArtifacts) -> None:
    """The session schemas in memory, on every recorded session and on each with one property less."""
    files = {path.relative_to(ROOT / "schemas").as_posix(): path for path in ROOT.glob("schemas/*/*.schema.json")}
    registry = {f"https://opencode.invalid/{n}": json.loads(path.read_text("utf-8")) for n, path in files.items()}
    root: dict[str, Any] = {"$ref": "https://opencode.invalid/session/sessionInfo.schema.json"}
    compiled = wirelock.compile(root, registry=registry)
    contract = loaded.get_contract(TypeId("session/sessionInfo.schema.json"))
    answers = [
        e.response for e in read_exchanges("lifecycle-1.18.33.har") if e.path == "/session" and e.method == "POST"
    ]
    for answer in answers:
        session: Any = None if answer is None else json.loads(answer.text)
        if not isinstance(session, dict):
            continue
        properties = cast("dict[str, Any]", session)
        for name in properties:
            text = json.dumps({key: value for key, value in properties.items() if key != name}).encode()
            by_files = [(f.pointer, f.message) for f in contract.check_schema(text) if not f.warning]
            assert [(d.location.pointer, d.message) for d in compiled.findings(text)] == by_files


def test_a_project_for_programs() -> None:
    project = wirelock.load(ROOT)
    assert project.config.package == "opencode_api"
    assert project.build().diagnostics == ()
    assert project.build() is project.build()


def test_no_project_is_an_error(tmp_path: object) -> None:
    with pytest.raises(wirelock.ProjectError, match="no wirelock project"):
        wirelock.load(str(tmp_path))


@pytest.mark.parametrize(
    ("schema", "texts"),
    [
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"x": True}}}}, [b"{}", b'{"x":1}']),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": ["array", "object", "null"]}}}, [b"null", b"[1]", b"{}"]),
        ({"type": ["array", "null"]}, [b"null", b"[]", b"[1]"]),
        (
            {"anyOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"type": "null"}]},
            [b"null", b"{}"],
        ),
    ],
)
def test_a_root_that_may_be_null_or_is_another_type_comes_back(schema: dict[str, Any], texts: list[bytes]) -> None:
    compiled = wirelock.compile(schema)
    assert [compiled.decode(compiled.encode(text)) for text in texts] == texts
    assert all(compiled.model.model_validate_json(text) for text in texts)


def test_a_registered_schema_may_call_itself_otherwise() -> None:
    registry: dict[str, Any] = {"https://example.com/a": {"$id": "https://example.com/b", "type": "string"}}
    for name in ("a", "b"):
        compiled = wirelock.compile({"$ref": f"https://example.com/{name}"}, registry=registry)
        assert compiled.is_valid(b'"x"')
        assert not compiled.is_valid(b"1")


def test_parts_of_all_of_that_no_message_can_hold_are_checked_all_the_same() -> None:
    closed: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    compiled = wirelock.compile({"allOf": [closed, {"type": "object", "properties": {"a": {"minLength": 2}}}]})
    assert compiled.decode(compiled.encode(b'{"a":"xy"}')) == b'{"a":"xy"}'
    for text in (b'{"a":"x"}', b'{"b":1}', b"1"):
        assert not compiled.is_valid(text)
        with pytest.raises(ValueError, match=r"json_schema|type"):
            compiled.model.model_validate_json(text)
