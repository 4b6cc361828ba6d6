"""References and composition: siblings of $ref, cycles, and named scalars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edge_cases import (
    DIALECT,
    DRAFT_07,
    EdgeCase,
    EdgeCaseSuite,
    build_object,
    build_project,
    find_errors,
    parametrize_cases,
)

import wirelock

NUMBERS = (29, 30, 39, 43)
"""Numbers of the edge cases with tests of their own."""

TEXT = {"type": "string"}
NODE = build_object("name", name=TEXT, children={"type": "array", "items": {"$ref": "#"}}, parent={"$ref": "#"})

EDGE_CASES = (
    EdgeCase(
        43,
        "a recursive schema",
        NODE,
        valid=(
            '{"name":"a"}',
            '{"name":"a","children":[]}',
            '{"name":"a","children":[{"name":"b","parent":{"name":""}}]}',
        ),
        invalid=('{"name":"a","parent":{}}', '{"name":"a","children":[{"name":1}]}', '{"name":"a","parent":null}'),
    ),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> EdgeCaseSuite:
    return EdgeCaseSuite(tmp_path_factory.mktemp("references"), EDGE_CASES)


@pytest.mark.parametrize("edge_case", parametrize_cases(EDGE_CASES))
def test_edge_case(edge_case: EdgeCase, suite: EdgeCaseSuite) -> None:
    suite.check(edge_case)


@pytest.mark.parametrize(("dialect", "short"), [(DRAFT_07, True), (DIALECT, False)], ids=["draft-07", "2020-12"])
def test_the_dialect_decides_if_siblings_of_a_reference_apply(dialect: str, short: bool) -> None:
    beside = {"$ref": "#/definitions/a", "minLength": 3}
    schema: dict[str, Any] = {"$schema": dialect, "type": "object", "properties": {"x": beside}}
    schema["definitions"] = {"a": TEXT}
    compiled = wirelock.compile(schema)
    assert compiled.is_valid(b'{"x":"a"}') is short
    assert compiled.is_valid(b'{"x":"abc"}')
    if short:
        assert compiled.model.model_validate_json(b'{"x":"a"}')
    else:
        with pytest.raises(ValueError, match=r"minLength|at least 3"):
            compiled.model.model_validate_json(b'{"x":"a"}')


def test_a_project_may_mix_dialects(tmp_path: Path) -> None:
    beside = {"$ref": "#/definitions/a", "minLength": 3}
    schema = {**build_object(x=beside), "definitions": {"a": TEXT}}
    project = build_project(tmp_path, {"t/old": {"$schema": DRAFT_07, **schema}, "t/new": schema})
    assert project.judge("t/old", '{"x":"a"}').is_accepted
    assert not project.judge("t/new", '{"x":"a"}').is_valid
    assert project.judge("t/new", '{"x":"a"}').disagreement == ""


def test_a_named_scalar_is_inlined(tmp_path: Path) -> None:
    schemas = {
        "t/sessionID": {**TEXT, "pattern": "^ses", "description": "Begins with ses."},
        "t/session": build_object("id", id={"$ref": "sessionID.schema.json"}),
    }
    project = build_project(tmp_path, schemas, roots=("t/session",))
    assert "message SessionID" not in project.proto
    assert "string id = 1;" in project.proto
    assert project.judge("t/session", '{"id":"ses_1"}').round_trip == "equal"
    verdict = project.judge("t/session", '{"id":"msg_1"}')
    assert (verdict.is_valid, verdict.disagreement) == (False, "")


def test_a_cycle_of_files_in_a_folder_is_one_proto(tmp_path: Path) -> None:
    schemas = {
        "t/order": build_object("id", id=TEXT, customer={"$ref": "customer.schema.json"}),
        "t/customer": build_object("name", name=TEXT, orders={"type": "array", "items": {"$ref": "order.schema.json"}}),
    }
    project = build_project(tmp_path, schemas)
    text = '{"id":"1","customer":{"name":"n","orders":[{"id":"2"},{"id":"3","customer":{"name":""}}]}}'
    assert project.judge("t/order", text).round_trip == "equal"
    assert not project.judge("t/order", text.replace('"2"', "2")).is_valid


def test_a_cycle_of_folders_is_an_error(tmp_path: Path) -> None:
    schemas = {
        "orders/order": build_object(customer={"$ref": "../customers/customer.schema.json"}),
        "customers/customer": build_object(last={"$ref": "../orders/order.schema.json"}),
    }
    found = find_errors(tmp_path, schemas)
    assert {diagnostic.code.id for diagnostic in found} == {"PACKAGE_CYCLE"}
    assert all(name in found[0].message for name in ("orders", "customers"))


def test_a_document_deeper_than_the_limit_of_protobuf_is_not_representable(tmp_path: Path) -> None:
    project = build_project(tmp_path, {"t/node": NODE})
    deep = '{"name":"","parent":' * 150 + '{"name":""}' + "}" * 150
    verdict = project.judge("t/node", deep)
    assert (verdict.is_valid, verdict.round_trip) == (True, "failed")
    assert {raised.finding.code for raised in verdict.findings} == {"NOT_REPRESENTABLE"}


def test_a_contradictory_all_of_rejects_every_value(tmp_path: Path) -> None:
    project = build_project(tmp_path, {"t/x": build_object(a={"allOf": [{"type": "string"}, {"type": "integer"}]})})
    for text in ('{"a":"x"}', '{"a":1}', '{"a":null}'):
        verdict = project.judge("t/x", text)
        assert (verdict.is_valid, verdict.disagreement) == (False, ""), text
    assert project.judge("t/x", "{}").round_trip == "equal"
