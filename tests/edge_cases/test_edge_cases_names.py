"""Names: JSON spelling survives, names never merge, and new names never rename old ones."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from edge_cases import EdgeCase, EdgeCaseSuite, build_object, build_project, parametrize_cases

NUMBERS = (44, 45)
"""Numbers of the edge cases with tests of their own."""

TEXT = {"type": "string"}
ODD = (
    "projectID", "baseURL", "experimentalOver200K", "topP", "cache_read", "$schema", "_tag", "step-start", "3d",
    "class", "from", "model_config", "json", "copy", "self", "None", "message", "DESCRIPTOR", "a.b", "a/b", "a~b", "größe",
)  # fmt: skip

EDGE_CASES = (
    EdgeCase(
        46,
        "keys that are not identifiers in Python or protobuf",
        build_object(*ODD, **dict.fromkeys(ODD, TEXT)),
        valid=("{" + ",".join(f'"{name}":"{name}"' for name in ODD) + "}",),
        invalid=("{" + ",".join(f'"{name}":"{name}"' for name in ODD[:-1]) + "}",),
        proto=(
            'project_id = 1 [json_name = "projectID"]',
            'experimental_over_200k = 3 [json_name = "experimentalOver200K"]',
            '[json_name = "$schema"]',
        ),
    ),
    EdgeCase(
        47,
        "keys that differ only in punctuation and case",
        build_object(**dict.fromkeys(("foo-bar", "foo_bar", "fooBar", "FooBar", "foo.bar", "a_1", "a1", "A1"), TEXT)),
        valid=(
            '{"foo-bar":"1","foo_bar":"2","fooBar":"3","FooBar":"4","foo.bar":"5","a_1":"6","a1":"7","A1":"8"}',
            '{"a_1":""}',
            '{"fooBar":""}',
        ),
        undeclared=('{"foobar":""}',),
    ),
    EdgeCase(
        48,
        "JSON does not accept the proto spelling",
        {**build_object("projectID", projectID=TEXT, step=TEXT), "additionalProperties": False},
        valid=('{"projectID":"x"}',),
        invalid=('{"project_id":"x"}', '{"projectID":"x","project_id":"y"}', '{"projectId":"x"}'),
    ),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> EdgeCaseSuite:
    return EdgeCaseSuite(tmp_path_factory.mktemp("names"), EDGE_CASES)


@pytest.mark.parametrize("edge_case", parametrize_cases(EDGE_CASES))
def test_edge_case(edge_case: EdgeCase, suite: EdgeCaseSuite) -> None:
    suite.check(edge_case)


def list_messages(proto: str) -> list[str]:
    """List the names of all messages in file order."""
    return re.findall(r"^message (\w+)", proto, re.MULTILINE)


AWKWARD = ("QuestionReplied", "question.replied", "InstallationUpdate-available", "effect_HttpApiError_BadRequest")


def test_a_new_schema_does_not_rename_other_messages(tmp_path: Path) -> None:
    schemas = {f"t/{name}": build_object(a=TEXT) for name in AWKWARD[1:]}
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = build_project(tmp_path / "before", schemas)
    (tmp_path / "after/proto").mkdir()
    (tmp_path / "after/proto/numbers.json").write_bytes(before.build.ledger.content)
    after = build_project(tmp_path / "after", {"t/QuestionReplied": build_object(b=TEXT), **schemas}, keep_ledger=True)
    assert set(list_messages(before.proto)) < set(list_messages(after.proto))
    assert {str(k): s.name for k, s in before.build.proto.roots.items()}.items() <= {
        str(k): s.name for k, s in after.build.proto.roots.items()
    }.items()


def test_every_schema_has_a_unique_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    schemas = {f"t/{name}": build_object(a=TEXT) for name in AWKWARD}
    project = build_project(tmp_path, schemas)
    names = list_messages(project.proto)
    assert len({name.lower() for name in names}) == len(AWKWARD)
    assert list_messages(build_project(tmp_path / "b", dict(reversed(schemas.items()))).proto) == names
    paths = [artifact.path.lower() for artifact in project.output.artifacts]
    assert len(set(paths)) == len(paths)


TIME = build_object("created", created={"type": "integer"}, updated={"type": "integer"})


def test_an_inline_object_is_named_by_its_path_and_keeps_its_numbers_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = build_project(tmp_path / "before", {"t/session": build_object(id=TEXT, time=TIME)})
    assert list_messages(before.proto) == ["Session", "SessionTime"]
    (tmp_path / "after/proto").mkdir()
    (tmp_path / "after/proto/numbers.json").write_bytes(before.build.ledger.content)
    reordered = {**TIME, "properties": dict(reversed(TIME["properties"].items()))}
    moved = {
        "t/session": build_object(id=TEXT, time={"$ref": "sessionTime.schema.json"}),
        "t/sessionTime": reordered,
    }
    after = build_project(tmp_path / "after", moved, keep_ledger=True)
    assert sorted(list_messages(after.proto)) == ["Session", "SessionTime"]
    for line in ("int64 created = 1;", "optional int64 updated = 2;"):
        assert line in before.proto
        assert line in after.proto
    old_codec, new_codec = before.get_contract("t/session").codec, after.get_contract("t/session").codec
    assert old_codec is not None and new_codec is not None
    wire = old_codec.encode(b'{"id":"a","time":{"created":1,"updated":2}}')
    assert json.loads(new_codec.decode(wire)) == {
        "id": "a",
        "time": {"created": 1, "updated": 2},
    }
