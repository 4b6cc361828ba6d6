"""Names: JSON's own spelling comes back, two names never become one, and a newcomer renames nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from traps import Trap, Traps, cases, made, properties

TEXT = {"type": "string"}
ODD = (
    "projectID", "baseURL", "experimentalOver200K", "topP", "cache_read", "$schema", "_tag", "step-start", "3d",
    "class", "from", "model_config", "json", "copy", "self", "None", "message", "DESCRIPTOR", "a.b", "a/b", "a~b", "größe",
)  # fmt: skip

TRAPS = (
    Trap(
        46,
        "keys that Python and protobuf have other names for",
        properties(*ODD, **dict.fromkeys(ODD, TEXT)),
        good=("{" + ",".join(f'"{name}":"{name}"' for name in ODD) + "}",),
        bad=("{" + ",".join(f'"{name}":"{name}"' for name in ODD[:-1]) + "}",),
        proto=(
            'project_id = 1 [json_name = "projectID"]',
            'experimental_over_200k = 3 [json_name = "experimentalOver200K"]',
            '[json_name = "$schema"]',
        ),
    ),
    Trap(
        47,
        "keys that differ in their marks only",
        properties(**dict.fromkeys(("foo-bar", "foo_bar", "fooBar", "FooBar", "foo.bar", "a_1", "a1", "A1"), TEXT)),
        good=(
            '{"foo-bar":"1","foo_bar":"2","fooBar":"3","FooBar":"4","foo.bar":"5","a_1":"6","a1":"7","A1":"8"}',
            '{"a_1":""}',
            '{"fooBar":""}',
        ),
        noted=('{"foobar":""}',),
    ),
    Trap(
        48,
        "the spelling of the proto is no spelling of JSON",
        {**properties("projectID", projectID=TEXT, step=TEXT), "additionalProperties": False},
        good=('{"projectID":"x"}',),
        bad=('{"project_id":"x"}', '{"projectID":"x","project_id":"y"}', '{"projectId":"x"}'),
    ),
)


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Traps:
    return Traps(tmp_path_factory.mktemp("names"), TRAPS)


@pytest.mark.parametrize("trap", cases(TRAPS))
def test_trap(trap: Trap, traps: Traps) -> None:
    traps.spring(trap)


def messages(proto: str) -> list[str]:
    """The names of all messages, in order of the files."""
    return re.findall(r"^message (\w+)", proto, re.MULTILINE)


AWKWARD = ("QuestionReplied", "question.replied", "InstallationUpdate-available", "effect_HttpApiError_BadRequest")


def test_44_a_newcomer_renames_nobody(tmp_path: Path) -> None:
    schemas = {f"t/{name}": properties(a=TEXT) for name in AWKWARD[1:]}
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = made(tmp_path / "before", schemas)
    (tmp_path / "after/proto").mkdir()
    (tmp_path / "after/proto/numbers.json").write_bytes(before.build.ledger.content)
    after = made(tmp_path / "after", {"t/QuestionReplied": properties(b=TEXT), **schemas}, kept=True)
    assert set(messages(before.proto)) < set(messages(after.proto))
    assert {str(k): s.name for k, s in before.build.proto.roots.items()}.items() <= {
        str(k): s.name for k, s in after.build.proto.roots.items()
    }.items()


def test_44_every_schema_has_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    schemas = {f"t/{name}": properties(a=TEXT) for name in AWKWARD}
    project = made(tmp_path, schemas)
    names = messages(project.proto)
    assert len({name.lower() for name in names}) == len(AWKWARD)
    assert messages(made(tmp_path / "b", dict(reversed(schemas.items()))).proto) == names
    paths = [artifact.path.lower() for artifact in project.output.artifacts]
    assert len(set(paths)) == len(paths)


TIME = properties("created", created={"type": "integer"}, updated={"type": "integer"})


def test_45_an_inline_object_is_named_by_its_path_and_keeps_its_numbers_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    before = made(tmp_path / "before", {"t/session": properties(id=TEXT, time=TIME)})
    assert messages(before.proto) == ["Session", "SessionTime"]
    (tmp_path / "after/proto").mkdir()
    (tmp_path / "after/proto/numbers.json").write_bytes(before.build.ledger.content)
    reordered = {**TIME, "properties": dict(reversed(TIME["properties"].items()))}
    moved = {
        "t/session": properties(id=TEXT, time={"$ref": "sessionTime.schema.json"}),
        "t/sessionTime": reordered,
    }
    after = made(tmp_path / "after", moved, kept=True)
    assert sorted(messages(after.proto)) == ["Session", "SessionTime"]
    for line in ("int64 created = 1;", "optional int64 updated = 2;"):
        assert line in before.proto
        assert line in after.proto
    wire = before.contract("t/session").codec.encode(b'{"id":"a","time":{"created":1,"updated":2}}')
    assert json.loads(after.contract("t/session").codec.decode(wire)) == {
        "id": "a",
        "time": {"created": 1, "updated": 2},
    }
