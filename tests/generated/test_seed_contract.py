"""`session.proto` keeps the names, numbers, types, presence and services of its first version.

Fields that the server's API adds follow these. Three faults of the first version are corrected: `ModelSelection` has its
qualified name, it has no provider, and the unused import of provider.proto is removed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

ROOT = Path(__file__).parents[2]

CONTRACT = {
    "SessionInfo": [
        "string id = 1",
        "string title = 2",
        "string directory = 3",
        "optional string version = 4",
        "optional SessionTime time = 5",
    ],
    "SessionTime": ["int64 created = 1", "int64 updated = 2"],
    "TabInfo": [
        "SessionInfo session = 1",
        "optional opencode.model.ModelSelection selected_model = 2",
        "optional string selected_agent = 3",
    ],
    "TabList": ["repeated TabInfo tabs = 1"],
    "SessionList": ["repeated SessionInfo sessions = 1"],
    "CreateSessionRequest": ["optional string title = 1"],
    "DeleteSessionRequest": ["string session_id = 1"],
    "UpdateDirectoryRequest": ["string session_id = 1", "string directory = 2"],
    "Empty": [],
}
COMPLETE = ("TabInfo", "TabList", "SessionList", "DeleteSessionRequest", "UpdateDirectoryRequest", "Empty")
METHODS = [
    "rpc ListSessions(Empty) returns (SessionList)",
    "rpc CreateSession(CreateSessionRequest) returns (SessionInfo)",
    "rpc DeleteSession(DeleteSessionRequest) returns (Empty)",
    "rpc UpdateSessionDirectory(UpdateDirectoryRequest) returns (Empty)",
    "rpc GetSession(GetSessionRequest) returns (SessionInfo)",
    "rpc UpdateSession(UpdateSessionRequest) returns (SessionInfo)",
]


@pytest.fixture(scope="module")
def session() -> FileDescriptorProto:
    content = (ROOT / "generated/opencode_api/descriptors.binpb").read_bytes()
    files = descriptor_pb2.FileDescriptorSet.FromString(content).file
    return next(file for file in files if file.name == "session.proto")


def format_field(field: FieldDescriptorProto) -> str:
    """Return a field in the notation of CONTRACT."""
    label = "optional " if field.proto3_optional else "repeated " if field.label == field.LABEL_REPEATED else ""
    return f"{label}{format_type(field)} {field.name} = {field.number}"


def format_type(field: FieldDescriptorProto) -> str:
    if field.type_name:
        return field.type_name.removeprefix(".opencode.session.").removeprefix(".")
    return FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()


def test_file_and_package(session: FileDescriptorProto) -> None:
    assert (session.package, session.syntax) == ("opencode.session", "proto3")
    assert "model.proto" in session.dependency
    assert "provider.proto" not in session.dependency


@pytest.mark.parametrize("name", CONTRACT)
def test_message(session: FileDescriptorProto, name: str) -> None:
    message = next(message for message in session.message_type if message.name == name)
    fields = [format_field(field) for field in sorted(message.field, key=lambda field: field.number)]
    assert fields[: len(CONTRACT[name])] == CONTRACT[name]
    if name in COMPLETE:
        assert fields == CONTRACT[name]


def test_fields_that_the_api_adds_are_optional(session: FileDescriptorProto) -> None:
    message = next(message for message in session.message_type if message.name == "SessionInfo")
    added = [field for field in message.field if field.number > 5]
    assert len(added) >= 10
    assert all(field.proto3_optional or field.label == field.LABEL_REPEATED for field in added)


def test_creation_request_follows_the_listing(session: FileDescriptorProto) -> None:
    message = next(message for message in session.message_type if message.name == "CreateSessionRequest")
    names = [field.json_name for field in message.field]
    assert names == ["title", "parentID", "permission", "agent", "model", "metadata", "workspaceID"]
    assert all(field.proto3_optional for field in message.field)


def test_service(session: FileDescriptorProto) -> None:
    (service,) = session.service
    assert service.name == "SessionService"
    short = [(m.name, m.input_type.rpartition(".")[2], m.output_type.rpartition(".")[2]) for m in service.method]
    assert [f"rpc {name}({request}) returns ({response})" for name, request, response in short] == METHODS


def test_the_model_selection_has_no_provider() -> None:
    text = (ROOT / "proto/model.proto").read_text("utf-8")
    assert "provider.proto" not in text
    assert not re.search(r"^ *(repeated |optional )?\S*ProviderInfo ", text, re.MULTILINE)
