"""References and composition: what stands beside a $ref, circles, and schemas that are only names."""

from __future__ import annotations

from pathlib import Path

import pytest
from traps import DIALECT, DRAFT_07, Trap, Traps, cases, made, properties, refusals

import wirelock

TEXT = {"type": "string"}
NODE = properties("name", name=TEXT, children={"type": "array", "items": {"$ref": "#"}}, parent={"$ref": "#"})

TRAPS = (
    Trap(
        43,
        "a schema that holds itself",
        NODE,
        good=(
            '{"name":"a"}',
            '{"name":"a","children":[]}',
            '{"name":"a","children":[{"name":"b","parent":{"name":""}}]}',
        ),
        bad=('{"name":"a","parent":{}}', '{"name":"a","children":[{"name":1}]}', '{"name":"a","parent":null}'),
    ),
)


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps(tmp_path_factory.mktemp("references"), TRAPS)


@pytest.mark.parametrize("trap", cases(TRAPS))
def test_trap(trap: Trap, traps: Traps) -> None:
    traps.spring(trap)


@pytest.mark.parametrize(("dialect", "short"), [(DRAFT_07, True), (DIALECT, False)], ids=["draft-07", "2020-12"])
def test_30_the_dialect_says_whether_siblings_of_a_reference_count(dialect: str, short: bool) -> None:
    beside = {"$ref": "#/definitions/a", "minLength": 3}
    schema = {"$schema": dialect, "type": "object", "properties": {"x": beside}, "definitions": {"a": TEXT}}
    compiled = wirelock.compile(schema)
    assert compiled.is_valid(b'{"x":"a"}') is short
    assert compiled.is_valid(b'{"x":"abc"}')
    if short:
        assert compiled.model.model_validate_json(b'{"x":"a"}')
    else:
        with pytest.raises(ValueError, match=r"minLength|at least 3"):
            compiled.model.model_validate_json(b'{"x":"a"}')


def test_30_one_project_may_have_both(tmp_path: Path) -> None:
    beside = {"$ref": "#/definitions/a", "minLength": 3}
    schema = {**properties(x=beside), "definitions": {"a": TEXT}}
    project = made(tmp_path, {"t/old": {"$schema": DRAFT_07, **schema}, "t/new": schema})
    assert project.judge("t/old", '{"x":"a"}').accepted
    assert not project.judge("t/new", '{"x":"a"}').valid
    assert project.judge("t/new", '{"x":"a"}').disagreement == ""


def test_39_a_named_scalar_has_no_message_where_it_is_used(tmp_path: Path) -> None:
    schemas = {
        "t/sessionID": {**TEXT, "pattern": "^ses", "description": "Begins with ses."},
        "t/session": properties("id", id={"$ref": "sessionID.schema.json"}),
    }
    project = made(tmp_path, schemas, roots=("t/session",))
    assert "message SessionID" not in project.proto
    assert "string id = 1;" in project.proto
    assert project.judge("t/session", '{"id":"ses_1"}').round_trip == "equal"
    verdict = project.judge("t/session", '{"id":"msg_1"}')
    assert (verdict.valid, verdict.disagreement) == (False, "")


def test_43_a_circle_through_files_of_a_folder_is_one_proto(tmp_path: Path) -> None:
    schemas = {
        "t/order": properties("id", id=TEXT, customer={"$ref": "customer.schema.json"}),
        "t/customer": properties("name", name=TEXT, orders={"type": "array", "items": {"$ref": "order.schema.json"}}),
    }
    project = made(tmp_path, schemas)
    text = '{"id":"1","customer":{"name":"n","orders":[{"id":"2"},{"id":"3","customer":{"name":""}}]}}'
    assert project.judge("t/order", text).round_trip == "equal"
    assert not project.judge("t/order", text.replace('"2"', "2")).valid


def test_43_a_circle_through_folders_is_shown(tmp_path: Path) -> None:
    schemas = {
        "orders/order": properties(customer={"$ref": "../customers/customer.schema.json"}),
        "customers/customer": properties(last={"$ref": "../orders/order.schema.json"}),
    }
    found = refusals(tmp_path, schemas)
    assert {diagnostic.code.id for diagnostic in found} == {"PACKAGE_CYCLE"}
    assert all(name in found[0].message for name in ("orders", "customers"))


def test_43_a_document_deeper_than_protobuf_goes_is_refused_by_name(tmp_path: Path) -> None:
    project = made(tmp_path, {"t/node": NODE})
    deep = '{"name":"","parent":' * 150 + '{"name":""}' + "}" * 150
    verdict = project.judge("t/node", deep)
    assert (verdict.valid, verdict.round_trip) == (True, "failed")
    assert {raised.finding.code for raised in verdict.raised} == {"NOT_REPRESENTABLE"}


def test_29_parts_that_no_value_can_meet_are_refused_by_all(tmp_path: Path) -> None:
    project = made(tmp_path, {"t/x": properties(a={"allOf": [{"type": "string"}, {"type": "integer"}]})})
    for text in ('{"a":"x"}', '{"a":1}', '{"a":null}'):
        verdict = project.judge("t/x", text)
        assert (verdict.valid, verdict.disagreement) == (False, ""), text
    assert project.judge("t/x", "{}").round_trip == "equal"
