"""What a call without a request of its own says goes with later calls: the seed's service, and any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import unquote

import grpc
import pytest
from bridges import bridged
from stub import Stub, says
from things import Client

from opencode_api import session_pb2 as pb
from opencode_api import session_pb2_grpc
from wirelock.build import Build
from wirelock.loader import Loaded
from wirelock.serve.bridge.lru import Remembered
from wirelock.serve.bridge.session_state import States
from wirelock.traffic.http.request_encoder import Call

SESSION = json.dumps(
    {"id": "ses_1", "title": "t", "directory": "/d", "version": "1", "time": {"created": 1, "updated": 1}}
)
HEADER = "x-opencode-directory"


@pytest.fixture
def sessions(server: Stub, project: Build, loaded: Loaded) -> Iterator[session_pb2_grpc.SessionServiceStub]:
    """The seed's service, with nothing remembered yet."""
    with bridged(server.url, project, loaded) as address, grpc.insecure_channel(address) as channel:
        yield session_pb2_grpc.SessionServiceStub(channel)


def place(sessions: session_pb2_grpc.SessionServiceStub, key: str, directory: str) -> None:
    """Set the directory of a session."""
    asked = pb.UpdateDirectoryRequest(session_id=key, directory=directory)
    assert sessions.UpdateSessionDirectory(asked, timeout=10) == pb.Empty()


def sent(sessions: session_pb2_grpc.SessionServiceStub, server: Stub, key: str) -> str | None:
    """The directory that goes with a call for a session."""
    server.answer = says(200, SESSION)
    sessions.GetSession(pb.GetSessionRequest(session_id=key), timeout=10)
    return server.last.headers.get(HEADER)


def test_the_last_directory_goes_with_every_call_that_names_the_session(
    sessions: session_pb2_grpc.SessionServiceStub, server: Stub
) -> None:
    before = len(server.asked)
    place(sessions, "ses_1", "/first")
    place(sessions, "ses_1", "/home/Zoë/a b%")
    place(sessions, "ses_2", "/other")
    assert len(server.asked) == before
    directory = sent(sessions, server, "ses_1")
    assert directory is not None and directory.isascii() and unquote(directory) == "/home/Zoë/a b%"
    sessions.UpdateSession(pb.UpdateSessionRequest(session_id="ses_1", body={"title": "t"}), timeout=10)
    assert server.last.headers[HEADER] == directory
    assert sent(sessions, server, "ses_3") is None


def test_the_others_take_none(sessions: session_pb2_grpc.SessionServiceStub, server: Stub) -> None:
    place(sessions, "ses_1", "/first")
    server.answer = says(200, SESSION)
    sessions.CreateSession(pb.CreateSessionRequest(parent_id="ses_1"), timeout=10)
    assert HEADER not in server.last.headers
    server.answer = says(200, f"[{SESSION}]")
    sessions.ListSessions(pb.Empty(), timeout=10)
    assert HEADER not in server.last.headers


def test_the_callers_own_metadata_wins(sessions: session_pb2_grpc.SessionServiceStub, server: Stub) -> None:
    place(sessions, "ses_1", "/first")
    own = [(HEADER, "/own")]
    server.answer = says(200, SESSION)
    sessions.GetSession(pb.GetSessionRequest(session_id="ses_1"), timeout=10, metadata=own)
    assert server.last.headers[HEADER] == "/own"
    sessions.CreateSession(pb.CreateSessionRequest(), timeout=10, metadata=own)
    assert server.last.headers[HEADER] == "/own"
    assert sent(sessions, server, "ses_1") == "%2Ffirst"


@pytest.mark.parametrize(("key", "directory", "place"), [("", "/d", "/sessionID"), ("ses_1", "", "/directory")])
def test_nothing_empty_is_remembered(
    sessions: session_pb2_grpc.SessionServiceStub, key: str, directory: str, place: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        sessions.UpdateSessionDirectory(pb.UpdateDirectoryRequest(session_id=key, directory=directory), timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert place in caught.value.details()


@pytest.mark.parametrize(
    ("status", "body", "code", "kept"),
    [
        (200, "true", None, False),
        (404, '{"name": "NotFoundError", "data": {"message": "gone"}}', grpc.StatusCode.NOT_FOUND, False),
        (200, "false", grpc.StatusCode.INTERNAL, True),
        (500, "", grpc.StatusCode.INTERNAL, True),
    ],
)
def test_a_session_that_is_gone_is_forgotten(
    sessions: session_pb2_grpc.SessionServiceStub,
    server: Stub,
    status: int,
    body: str,
    code: grpc.StatusCode | None,
    kept: bool,
) -> None:
    place(sessions, "ses_1", "/first")
    server.answer = says(status, body or None)
    asked = pb.DeleteSessionRequest(session_id="ses_1")
    if code is None:
        assert sessions.DeleteSession(asked, timeout=10) == pb.Empty()
    else:
        with pytest.raises(grpc.RpcError) as caught:
            sessions.DeleteSession(asked, timeout=10)
        assert caught.value.code() is code
    assert server.last.headers[HEADER] == "%2Ffirst"
    assert (sent(sessions, server, "ses_1") is not None) is kept


def test_no_service_is_known_by_name(client: Client, server: Stub) -> None:
    server.answer = says(204)
    client.ask("Place", {"id": "a", "place": "here & there"})
    client.ask("RemovePart", {"id": "a"})  # deletes something of the key's, not the key
    server.answer = says(200, '{"id": "a", "size": 1}')
    client.ask("Get", {"id": "a"})
    assert server.last.headers["x-place"] == "here%20%26%20there"
    server.answer = says(204)
    client.ask("Remove", {"id": "a"})
    server.answer = says(200, '{"id": "a", "size": 1}')
    client.ask("Get", {"id": "a"})
    assert "x-place" not in server.last.headers


def test_a_header_of_the_request_itself_is_not_said_twice(project: Build) -> None:
    states = States(project.graph.services)
    state = next(method.state for service in project.graph.services for method in service.methods if method.state)
    assert states.remember(state, {"sessionID": "ses_1", "directory": "/d"}) == ()
    for own, along in (((), ((HEADER, "%2Fd"),)), ((("X-OpenCode-Directory", "/own"),), ())):
        assert states.headers(Call("GET", "/session/ses_1", own), {"sessionID": "ses_1"}, {}) == along


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    values = Remembered(most=2)
    values.remember("a", "1")
    values.remember("b", "2")
    assert values.recall("a") == "1"
    values.remember("c", "3")
    assert [values.recall(key) for key in "abc"] == ["1", None, "3"]
    values.forget("a")
    values.forget("never there")
    assert values.recall("a") is None
