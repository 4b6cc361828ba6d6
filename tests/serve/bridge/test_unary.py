"""Unary RPCs over real sockets: requests to the server, and responses to the client."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import grpc
import pytest
from aiohttp import web
from example_api import ThingsClient, get_details
from google.protobuf import wrappers_pb2
from google.rpc import error_details_pb2, status_pb2  # pyright: ignore[reportMissingTypeStubs]  # has no types
from running_bridge import RecordingHooks, run_bridge
from stub_server import StubServer, respond_with

from wirelock.build import Build
from wirelock.loader import LoadedArtifacts

THING = {"id": "a", "size": 1}


def call_and_fail(client: ThingsClient, name: str, request: Any = None, **more: Any) -> grpc.RpcError:
    """Make a call that fails, and return its error."""
    with pytest.raises(grpc.RpcError) as caught:
        client.call(name, request, **more)
    return caught.value


def unpack_details(error: Any) -> tuple[error_details_pb2.ErrorInfo, list[Any]]:
    """Unpack the details of an error: ErrorInfo, and the others packed."""
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    info = error_details_pb2.ErrorInfo()
    assert status.code == error.code().value[0]
    assert status.details[0].Unpack(info)
    return info, list(status.details[1:])


def list_fields(packed: Any) -> list[str]:
    """List the fields of BadRequest."""
    bad = error_details_pb2.BadRequest()
    assert packed.Unpack(bad)
    return [violation.field for violation in bad.field_violations]


# requests to the server


def test_a_property_in_the_path_is_one_segment(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, json.dumps(THING))
    assert client.call("Get", {"id": "a/b ü?#%2F"}) == THING
    assert (server.last_request.verb, server.last_request.target) == ("GET", "/things/a%2Fb%20%C3%BC%3F%23%252F")
    assert server.last_request.body == b""


def test_a_multi_segment_parameter_keeps_its_slashes(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, "content", "text/plain")
    assert client.call("Read", {"path": "src/a b.txt"}) == {"text": "content"}
    assert server.last_request.target == "/files/src/a%20b.txt"


@pytest.mark.parametrize(
    ("name", "request_", "pointer"),
    [
        ("Get", {"id": ".."}, "/id"),
        ("Get", {"id": ""}, "/id"),
        ("Read", {"path": "a/../../b"}, "/path"),
        ("Find", {"X-Trace": "a\r\nHost: b"}, "/X-Trace"),
    ],
)
def test_a_value_that_changes_the_request_is_rejected(
    client: ThingsClient, server: StubServer, name: str, request_: Any, pointer: str
) -> None:
    before = len(server.requests)
    error = call_and_fail(client, name, request_)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert list_fields(unpack_details(error)[1][0]) == [pointer]
    assert len(server.requests) == before


def test_parameters_go_where_the_service_file_says(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, json.dumps([THING]))
    assert client.call("Find", {"limit": 0, "words": ["a,b", "c"], "X-Trace": "t"}) == {"things": [THING]}
    assert server.last_request.target == "/things?limit=0&words=a%2Cb&words=c"
    assert server.last_request.headers["x-trace"] == "t"


def test_a_body_is_the_message_or_one_property_of_it(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(201, json.dumps(THING))
    client.call("Make", {"size": 1, "kind": "round"})
    assert (server.last_request.verb, server.last_request.target) == ("POST", "/things")
    assert json.loads(server.last_request.body) == {"size": 1, "kind": "round"}
    assert server.last_request.headers["content-type"] == "application/json"
    server.respond = respond_with(200, json.dumps(THING))
    client.call("Change", {"id": "a", "body": {"size": 2}})
    assert (server.last_request.verb, server.last_request.target) == ("PATCH", "/things/a")
    assert json.loads(server.last_request.body) == {"size": 2}


def test_metadata_is_not_forwarded_unless_allowed(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, json.dumps([]))
    metadata: dict[str, Any] = {"x-place": "here", "x-other": "there"}
    client.call("Find", authorization="Bearer mine", cookie="a=b", **metadata)
    assert server.last_request.headers["x-place"] == "here"
    assert not server.last_request.headers.keys() & {"authorization", "cookie", "x-other", "te", "grpc-timeout"}


def test_a_request_that_violates_its_schema_is_not_sent(client: ThingsClient, server: StubServer) -> None:
    before = len(server.requests)
    call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = client.channel.unary_unary("/things.things.Things/Make")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\x08\x01\x10\x63", timeout=10)  # an undeclared enum value
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\xff\xff\xff", timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(server.requests) == before


# responses to the client


def test_bodies_that_are_not_objects_become_messages(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, "42")
    assert client.call("Count") == 42
    server.respond = respond_with(200, "", "text/plain")
    assert client.call("Read", {"path": "empty"}) == {"text": ""}
    server.respond = respond_with(204)
    assert client.call("Remove", {"id": "a"}) == {}
    server.respond = respond_with(200, "true")
    assert client.call("Remove", {"id": "a"}) == {}


def test_a_large_integer_keeps_its_digits(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, '{"id": "a", "size": 1, "serial": 9007199254740993}')
    assert client.call("Get", {"id": "a"})["serial"] == 9007199254740993
    server.respond = respond_with(200, '{"id": "a", "size": 1, "serial": 18446744073709551617}')
    assert unpack_details(call_and_fail(client, "Get", {"id": "a"}))[0].reason == "NOT_REPRESENTABLE"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, grpc.StatusCode.INVALID_ARGUMENT),
        (401, grpc.StatusCode.UNAUTHENTICATED),
        (403, grpc.StatusCode.PERMISSION_DENIED),
        (404, grpc.StatusCode.NOT_FOUND),
        (409, grpc.StatusCode.ABORTED),
        (418, grpc.StatusCode.FAILED_PRECONDITION),
        (429, grpc.StatusCode.RESOURCE_EXHAUSTED),
        (500, grpc.StatusCode.INTERNAL),
        (501, grpc.StatusCode.UNIMPLEMENTED),
        (502, grpc.StatusCode.UNAVAILABLE),
        (503, grpc.StatusCode.UNAVAILABLE),
        (504, grpc.StatusCode.DEADLINE_EXCEEDED),
        (507, grpc.StatusCode.INTERNAL),
    ],
)
def test_a_status_has_the_code_of_googles_mapping(
    client: ThingsClient, server: StubServer, status: int, code: grpc.StatusCode
) -> None:
    server.respond = respond_with(status)
    error = call_and_fail(client, "Get", {"id": "a"})
    assert error.code() is code
    assert unpack_details(error)[0].metadata["http_status"] == str(status)


def test_an_error_body_becomes_its_message(
    client: ThingsClient, server: StubServer, things: tuple[Build, LoadedArtifacts]
) -> None:
    server.respond = respond_with(404, '{"message": "no such thing"}')
    info, rest = unpack_details(call_and_fail(client, "Get", {"id": "a"}))
    assert (info.reason, info.domain) == ("UPSTREAM_ERROR", "wirelock")
    assert rest[0].type_url == "type.googleapis.com/things.things.Error"
    assert b"no such thing" in rest[0].value


def test_an_undocumented_error_body_becomes_text(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(409, '{"why": 18446744073709551617}')
    info, rest = unpack_details(call_and_fail(client, "Get", {"id": "a"}))
    text = wrappers_pb2.StringValue()
    assert info.reason == "STATUS_UNDOCUMENTED"
    assert rest[0].Unpack(text) and text.value == '{"why": 18446744073709551617}'


def test_an_error_body_that_violates_its_schema_keeps_its_code(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(404, '{"message": 1}')
    error = call_and_fail(client, "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.NOT_FOUND
    info, rest = unpack_details(error)
    assert info.reason == "VIOLATION" and list_fields(rest[0]) == ["/message"]


def test_a_huge_error_body_keeps_the_status(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(404, json.dumps({"message": "x" * 100_000}))
    error = call_and_fail(client, "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert unpack_details(error)[0].metadata["http_status"] == "404"


def test_a_response_that_violates_its_schema_is_internal(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, '{"id": "a", "size": "big"}')
    error = call_and_fail(client, "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.INTERNAL
    info, rest = unpack_details(error)
    assert info.reason == "VIOLATION" and list_fields(rest[0]) == ["/size"]
    assert "/size" in get_details(error)


@pytest.mark.parametrize(
    ("respond", "reason", "message"),
    [
        (
            respond_with(200, "<html>", "text/html"),
            "MEDIA_TYPE_UNDOCUMENTED",
            "check that the path exists on this server",
        ),
        (respond_with(200, "{"), "MALFORMED", ""),
        (respond_with(200, b'{"id": "\xff", "size": 1}'), "MALFORMED", ""),
        (respond_with(200), "BODY_MISSING", ""),
        (respond_with(202, '{"id": "a", "size": 1}'), "STATUS_UNDOCUMENTED", "202"),
        (respond_with(302, Location="http://127.0.0.1:1/elsewhere"), "STATUS_UNDOCUMENTED", "302"),
        (respond_with(200, b"\x1f\x8b", **{"Content-Encoding": "gzip"}), "UPSTREAM_PROTOCOL_ERROR", "gzip"),
    ],
)
def test_an_undocumented_response_is_internal(
    client: ThingsClient, server: StubServer, respond: Any, reason: str, message: str
) -> None:
    server.respond = respond
    error = call_and_fail(client, "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.INTERNAL
    assert unpack_details(error)[0].reason == reason
    assert message in get_details(error)


def test_a_response_that_differs_from_its_constant_is_internal(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, "false")
    assert call_and_fail(client, "Remove", {"id": "a"}).code() is grpc.StatusCode.INTERNAL


def test_on_violation_warn_forwards_what_the_message_can_represent(
    server: StubServer, things: tuple[Build, LoadedArtifacts]
) -> None:
    hooks = RecordingHooks()
    with run_bridge(server.url, *things, hooks, on_violation="warn") as address:
        client = ThingsClient(address, *things)
        server.respond = respond_with(200, '{"id": "a", "size": -1}')
        wire = client.future("Get", {"id": "a"}).result()
        assert b"a" in wire
        assert [(finding.pointer, finding.warning) for finding in hooks.findings] == [("/size", True)]
        server.respond = respond_with(200, '{"id": "a", "size": {}}')
        assert call_and_fail(client, "Get", {"id": "a"}).code() is grpc.StatusCode.INTERNAL
        server.respond = respond_with(200, "<html>", "text/html")
        assert call_and_fail(client, "Get", {"id": "a"}).code() is grpc.StatusCode.INTERNAL


# errors


async def never_respond(_: web.Request) -> web.Response:
    """Send no response."""
    await asyncio.sleep(60)
    return web.Response()


def wait_until(condition: Any, seconds: float) -> bool:
    """Wait for a condition; return False if it is not true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def test_a_deadline_ends_the_request_to_the_server(client: ThingsClient, server: StubServer) -> None:
    server.respond, before = never_respond, server.disconnects
    assert call_and_fail(client, "Get", {"id": "a"}, timeout=0.3).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert wait_until(lambda: server.disconnects == before + 1, 1)


def test_a_cancelled_call_ends_the_request_to_the_server(
    client: ThingsClient, server: StubServer, hooks: RecordingHooks
) -> None:
    server.respond, before, requests = never_respond, server.disconnects, len(server.requests)
    call = client.future("Make", {"size": 1})
    assert wait_until(lambda: len(server.requests) == requests + 1, 5)
    call.cancel()
    assert wait_until(lambda: server.disconnects == before + 1, 1)
    assert wait_until(lambda: hooks.calls[-1].code is grpc.StatusCode.CANCELLED, 1)


def test_a_lost_get_is_retried_once_and_a_post_is_not(client: ThingsClient, server: StubServer) -> None:
    async def abort(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.respond = abort
    for name, request, times in (("Get", {"id": "a"}, 2), ("Make", {"size": 1}, 1)):
        before = len(server.requests)
        error = call_and_fail(client, name, request)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert len(server.requests) - before == times, name


def test_an_upstream_that_is_down_is_unavailable(things: tuple[Build, LoadedArtifacts]) -> None:
    with run_bridge("http://127.0.0.1:1", *things) as address:
        error = call_and_fail(ThingsClient(address, *things), "Get", {"id": "a"})
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert unpack_details(error)[0].reason == "UPSTREAM_UNREACHABLE"
        assert "cannot be reached" in get_details(error)


@pytest.mark.parametrize("name", ["Get", "Watch"])
def test_our_credentials_are_sent_only_to_the_server(
    server: StubServer, things: tuple[Build, LoadedArtifacts], name: str
) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"message": f"who is {request.headers['Authorization']}?"}, status=404)

    server.respond = echo
    with run_bridge(server.url, *things, WIRELOCK_UPSTREAM_TOKEN="s3cr3t-t0ken") as address:
        client = ThingsClient(address, *things)
        with pytest.raises(grpc.RpcError) as caught:
            next(client.stream(name)) if name == "Watch" else client.call(name, {"id": "a"})
    assert server.last_request.headers["authorization"] == "Bearer s3cr3t-t0ken"
    error: Any = caught.value
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    assert b"who is Bearer" in details and b"s3cr3t" not in details


@pytest.mark.parametrize("name", ["Get", "Watch"])
def test_a_401_mentions_the_credentials(client: ThingsClient, server: StubServer, name: str) -> None:
    server.respond = respond_with(401)
    with pytest.raises(grpc.RpcError) as caught:
        next(client.stream(name)) if name == "Watch" else client.call(name, {"id": "a"})
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "credentials" in get_details(caught.value)


@pytest.mark.parametrize("name", ["Get", "Watch"])
@pytest.mark.parametrize(
    "echo", ['pa"ss/wörd', 'pa\\"ss\\/w\\u00f6rd', 'pa\\"ss/wörd', "pa%22ss%2Fw%C3%B6rd", "bWU6cGEic3Mvd8O2cmQ="]
)
def test_a_password_in_an_error_body_is_redacted(
    things: tuple[Build, LoadedArtifacts], server: StubServer, name: str, echo: str
) -> None:
    server.respond = respond_with(500, f'{{"message": "<{echo}>"}}')
    password = 'pa"ss/wörd'
    with run_bridge(server.url, *things, WIRELOCK_UPSTREAM_USER="me", WIRELOCK_UPSTREAM_PASSWORD=password) as address:
        client = ThingsClient(address, *things)
        with pytest.raises(grpc.RpcError) as caught:
            client.call("Get", {"id": "a"}) if name == "Get" else list(client.stream("Watch"))
    assert server.last_request.headers["authorization"] == "Basic bWU6cGEic3Mvd8O2cmQ="
    error: Any = caught.value
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    assert b"<[redacted]" in details and b"ss" not in details.partition(b"<")[2]


def divide_by_zero(*_: object) -> float:
    return 1 / 0


def test_an_internal_error_asks_for_a_report(
    things: tuple[Build, LoadedArtifacts], server: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = RecordingHooks()
    with run_bridge(server.url, *things, hooks) as address:
        monkeypatch.setattr("wirelock.serve.bridge.responses.ResponseDecoder.decode", divide_by_zero)
        server.respond = respond_with(200, json.dumps(THING))
        error = call_and_fail(ThingsClient(address, *things), "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "internal error of wirelock" in get_details(error) and "ZeroDivisionError" in get_details(error)
    assert [call.code for call in hooks.calls] == [grpc.StatusCode.INTERNAL]


def test_concurrent_calls_all_get_a_response(client: ThingsClient, server: StubServer) -> None:
    server.respond = respond_with(200, json.dumps(THING))
    calls = [client.future("Get", {"id": str(n)}) for n in range(500)]
    assert {client.decode("Get", call.result())["id"] for call in calls} == {"a"}
