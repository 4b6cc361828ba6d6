"""Session states: a call without an HTTP request sets a header of later calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import unquote

import grpc
import pytest
from example_api import ThingsClient, get_details
from running_bridge import run_bridge
from stub_server import StubServer, respond_with

from opencode_api import session_pb2 as pb
from opencode_api import session_pb2_grpc
from wirelock.build import Build
from wirelock.loader import LoadedArtifacts
from wirelock.serve.bridge.session_state import LruCache, SessionStates
from wirelock.traffic.http.request_encoder import HttpRequest

SESSION = json.dumps(
    {"id": "ses_1", "title": "t", "directory": "/d", "version": "1", "time": {"created": 1, "updated": 1}}
)
HEADER = "x-opencode-directory"


@pytest.fixture
def sessions(
    server: StubServer, project: Build, loaded: LoadedArtifacts
) -> Iterator[session_pb2_grpc.SessionServiceStub]:
    """The session service of this repository, without any state."""
    with run_bridge(server.url, project, loaded) as address, grpc.insecure_channel(address) as channel:
        yield session_pb2_grpc.SessionServiceStub(channel)


def set_directory(sessions: session_pb2_grpc.SessionServiceStub, key: str, directory: str) -> None:
    """Set the directory of a session."""
    request = pb.UpdateDirectoryRequest(session_id=key, directory=directory)
    assert sessions.UpdateSessionDirectory(request, timeout=10) == pb.Empty()


def get_sent_directory(sessions: session_pb2_grpc.SessionServiceStub, server: StubServer, key: str) -> str | None:
    """Return the directory header of a call for a session."""
    server.respond = respond_with(200, SESSION)
    sessions.GetSession(pb.GetSessionRequest(session_id=key), timeout=10)
    return server.last_request.headers.get(HEADER)


def test_every_call_for_the_session_sends_its_last_directory(
    sessions: session_pb2_grpc.SessionServiceStub, server: StubServer
) -> None:
    before = len(server.requests)
    set_directory(sessions, "ses_1", "/first")
    set_directory(sessions, "ses_1", "/home/Zoë/a b%")
    set_directory(sessions, "ses_2", "/other")
    assert len(server.requests) == before
    directory = get_sent_directory(sessions, server, "ses_1")
    assert directory is not None and directory.isascii() and unquote(directory) == "/home/Zoë/a b%"
    sessions.UpdateSession(
        pb.UpdateSessionRequest(session_id="ses_1", body=pb.UpdateSessionBody(title="t")), timeout=10
    )
    assert server.last_request.headers[HEADER] == directory
    assert get_sent_directory(sessions, server, "ses_3") is None


def test_other_calls_send_no_directory(sessions: session_pb2_grpc.SessionServiceStub, server: StubServer) -> None:
    set_directory(sessions, "ses_1", "/first")
    server.respond = respond_with(200, SESSION)
    sessions.CreateSession(pb.CreateSessionRequest(parent_id="ses_1"), timeout=10)
    assert HEADER not in server.last_request.headers
    server.respond = respond_with(200, f"[{SESSION}]")
    sessions.ListSessions(pb.Empty(), timeout=10)
    assert HEADER not in server.last_request.headers


def test_metadata_of_the_client_takes_precedence(
    sessions: session_pb2_grpc.SessionServiceStub, server: StubServer
) -> None:
    set_directory(sessions, "ses_1", "/first")
    own = ((HEADER, "/own"),)
    server.respond = respond_with(200, SESSION)
    sessions.GetSession(pb.GetSessionRequest(session_id="ses_1"), timeout=10, metadata=own)
    assert server.last_request.headers[HEADER] == "/own"
    sessions.CreateSession(pb.CreateSessionRequest(), timeout=10, metadata=own)
    assert server.last_request.headers[HEADER] == "/own"
    assert get_sent_directory(sessions, server, "ses_1") == "%2Ffirst"


@pytest.mark.parametrize(("key", "directory", "place"), [("", "/d", "/sessionID"), ("ses_1", "", "/directory")])
def test_empty_values_are_rejected(
    sessions: session_pb2_grpc.SessionServiceStub, key: str, directory: str, place: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        sessions.UpdateSessionDirectory(pb.UpdateDirectoryRequest(session_id=key, directory=directory), timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert place in get_details(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "code", "kept"),
    [
        (200, "true", None, False),
        (404, '{"name": "NotFoundError", "data": {"message": "gone"}}', grpc.StatusCode.NOT_FOUND, False),
        (200, "false", grpc.StatusCode.INTERNAL, True),
        (500, "", grpc.StatusCode.INTERNAL, True),
    ],
)
def test_a_deleted_session_is_forgotten(
    sessions: session_pb2_grpc.SessionServiceStub,
    server: StubServer,
    status: int,
    body: str,
    code: grpc.StatusCode | None,
    kept: bool,
) -> None:
    set_directory(sessions, "ses_1", "/first")
    server.respond = respond_with(status, body or None)
    request = pb.DeleteSessionRequest(session_id="ses_1")
    if code is None:
        assert sessions.DeleteSession(request, timeout=10) == pb.Empty()
    else:
        with pytest.raises(grpc.RpcError) as caught:
            sessions.DeleteSession(request, timeout=10)
        assert caught.value.code() is code
    assert server.last_request.headers[HEADER] == "%2Ffirst"
    assert (get_sent_directory(sessions, server, "ses_1") is not None) is kept


def test_states_work_for_any_service(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(204)
    client.call("Place", {"id": "a", "place": "here & there"})
    client.call("RemovePart", {"id": "a"})  # deletes a part of the thing, not the thing
    server.respond = respond_with(200, '{"id": "a", "size": 1}')
    client.call("Get", {"id": "a"})
    assert server.last_request.headers["x-place"] == "here%20%26%20there"
    server.respond = respond_with(204)
    client.call("Remove", {"id": "a"})
    server.respond = respond_with(200, '{"id": "a", "size": 1}')
    client.call("Get", {"id": "a"})
    assert "x-place" not in server.last_request.headers


def test_a_header_of_the_request_is_not_repeated(project: Build) -> None:
    states = SessionStates(project.graph.services)
    state = next(method.state for service in project.graph.services for method in service.methods if method.state)
    assert states.remember(state, {"sessionID": "ses_1", "directory": "/d"}) == ()
    for own, added in (((), ((HEADER, "%2Fd"),)), ((("X-OpenCode-Directory", "/own"),), ())):
        assert states.select_headers(HttpRequest("GET", "/session/ses_1", own), {"sessionID": "ses_1"}, {}) == added


def test_the_least_recently_used_key_is_discarded_first() -> None:
    values = LruCache(max_keys=2)
    values.put("a", "1")
    values.put("b", "2")
    assert values.get("a") == "1"
    values.put("c", "3")
    assert [values.get(key) for key in "abc"] == ["1", None, "3"]
    values.discard("a")
    values.discard("never there")
    assert values.get("a") is None
