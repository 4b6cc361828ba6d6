"""The bridge in front of OpenCode servers, called by a gRPC client."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import aiohttp
import grpc
import opencode
import pytest
from aiohttp import web
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from running_bridge import run_bridge
from stub_server import Respond, StubServer, run_stub
from yarl import URL

from opencode_api import session_pb2, session_pb2_grpc
from wirelock.build import Build
from wirelock.loader import LoadedArtifacts

pytestmark = pytest.mark.long

UNKNOWN = "ses_unknown00000000000000000"


@pytest.fixture(
    params=[pytest.param(version, marks=opencode.skip_without(version)) for version in opencode.VERSIONS],
    scope="module",
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[opencode.OpenCodeServer]:
    with opencode.run_server(request.param, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def address(server: opencode.OpenCodeServer, project: Build, loaded: LoadedArtifacts) -> Iterator[str]:
    with run_bridge(server.url, project, loaded) as address:
        yield address


@pytest.fixture
def sessions(address: str) -> Iterator[session_pb2_grpc.SessionServiceStub]:
    with grpc.insecure_channel(address) as channel:
        yield session_pb2_grpc.SessionServiceStub(channel)


def get_over_http(server: opencode.OpenCodeServer, path: str) -> object:
    with urllib.request.urlopen(f"{server.url}{path}", timeout=10) as answer:
        return json.load(answer)


def test_the_lifecycle_of_a_session(
    server: opencode.OpenCodeServer, sessions: session_pb2_grpc.SessionServiceStub
) -> None:
    created = sessions.CreateSession(session_pb2.CreateSessionRequest(title="over gRPC"), timeout=20)
    assert created.title == "over gRPC"
    assert created.directory == str(server.directory)
    listed = sessions.ListSessions(session_pb2.Empty(), timeout=20)
    assert created.id in [session.id for session in listed.sessions]
    read = sessions.GetSession(session_pb2.GetSessionRequest(session_id=created.id), timeout=20)
    assert read == created
    assert get_over_http(server, f"/session/{created.id}")["title"] == "over gRPC"  # type: ignore[index]
    renamed = session_pb2.UpdateSessionRequest(session_id=created.id, body={"title": "renamed"})
    assert sessions.UpdateSession(renamed, timeout=20).title == "renamed"
    assert (
        sessions.DeleteSession(session_pb2.DeleteSessionRequest(session_id=created.id), timeout=20)
        == session_pb2.Empty()
    )
    assert created.id not in [s.id for s in sessions.ListSessions(session_pb2.Empty(), timeout=20).sessions]


def test_a_session_that_does_not_exist_is_not_found(sessions: session_pb2_grpc.SessionServiceStub) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        sessions.GetSession(session_pb2.GetSessionRequest(session_id=UNKNOWN), timeout=20)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    packed = status_pb2.Status.FromString(details).details
    info = error_details_pb2.ErrorInfo()
    assert packed[0].Unpack(info) and info.metadata["http_status"] == "404"
    error = session_pb2.NotFoundError()
    assert packed[1].Unpack(error)
    assert UNKNOWN in error.data.message


def forward_to(server: opencode.OpenCodeServer) -> Respond:
    """Return a stub behavior that forwards requests to the server, so that tests can inspect them."""

    async def answer(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method,
                URL(server.url + request.raw_path, encoded=True),
                headers=headers,
                data=await request.read() or None,
            ) as got,
        ):
            return web.Response(status=got.status, body=await got.read(), content_type=got.content_type)

    return answer


def test_the_directory_of_a_session_is_sent_with_its_calls(
    server: opencode.OpenCodeServer, project: Build, loaded: LoadedArtifacts, tmp_path: Path
) -> None:
    other = tmp_path / "ünder way"
    other.mkdir()
    with (
        run_stub(StubServer(forward_to(server))) as stub,
        run_bridge(stub.url, project, loaded) as address,
        grpc.insecure_channel(address) as channel,
    ):
        sessions = session_pb2_grpc.SessionServiceStub(channel)
        created = sessions.CreateSession(
            session_pb2.CreateSessionRequest(title="elsewhere"),
            metadata=[("x-opencode-directory", str(tmp_path))],
            timeout=20,
        )
        assert created.directory == str(tmp_path)
        read = session_pb2.GetSessionRequest(session_id=created.id)
        sessions.GetSession(read, timeout=20)
        assert "x-opencode-directory" not in stub.last_request.headers
        moved = session_pb2.UpdateDirectoryRequest(session_id=created.id, directory=str(other))
        assert sessions.UpdateSessionDirectory(moved, timeout=20) == session_pb2.Empty()
        assert sessions.GetSession(read, timeout=20).id == created.id
        assert stub.last_request.headers["x-opencode-directory"] == quote(str(other), safe="")
        sessions.DeleteSession(session_pb2.DeleteSessionRequest(session_id=created.id), timeout=20)
        assert stub.last_request.headers["x-opencode-directory"] == quote(str(other), safe="")


def test_a_client_uses_reflection(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert "opencode.session.SessionService" in database.get_services()
        pool = DescriptorPool(database)
        method = pool.FindServiceByName("opencode.session.SessionService").FindMethodByName("ListSessions")
        call = channel.unary_unary(
            "/opencode.session.SessionService/ListSessions",
            request_serializer=GetMessageClass(method.input_type).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        answer = call(GetMessageClass(method.input_type)(), timeout=20)
        assert answer.DESCRIPTOR.full_name == "opencode.session.SessionList"


def test_the_health_is_serving_while_the_server_is_up(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for name in ("", "opencode.session.SessionService"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=20)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


@opencode.skip_without("1.18.33")
def test_a_wrong_password_is_unauthenticated_and_the_right_one_is_not(
    project: Build, loaded: LoadedArtifacts, tmp_path: Path
) -> None:
    with opencode.run_server("1.18.33", tmp_path, password="hunter2") as server:
        for password, code in (("hunter1", grpc.StatusCode.UNAUTHENTICATED), ("hunter2", grpc.StatusCode.OK)):
            environment = {"WIRELOCK_UPSTREAM_USER": "opencode", "WIRELOCK_UPSTREAM_PASSWORD": password}
            with (
                run_bridge(server.url, project, loaded, **environment) as address,
                grpc.insecure_channel(address) as channel,
            ):
                call = session_pb2_grpc.SessionServiceStub(channel).ListSessions.future(session_pb2.Empty(), timeout=20)
                assert call.code() is code
                assert password not in call.details()
