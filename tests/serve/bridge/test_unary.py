"""RPCs over real sockets: what the server is asked, and what the client is told."""

from __future__ import annotations

import json
import time
from typing import Any

import grpc
import pytest
from aiohttp import web
from bridges import Noted, bridged
from google.protobuf import wrappers_pb2
from google.rpc import error_details_pb2, status_pb2
from stub import Stub, says
from things import Client

from wirelock.build import Build
from wirelock.loader import Loaded

THING = {"id": "a", "size": 1}


def refused(client: Client, name: str, request: Any = None, **more: Any) -> grpc.RpcError:
    """The error of a call that fails."""
    with pytest.raises(grpc.RpcError) as caught:
        client.ask(name, request, **more)
    return caught.value


def details(error: Any) -> tuple[error_details_pb2.ErrorInfo, list[Any]]:
    """What is in the details of an error: ErrorInfo, and the rest as packed."""
    status = status_pb2.Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    info = error_details_pb2.ErrorInfo()
    assert status.code == error.code().value[0]
    assert status.details[0].Unpack(info)
    return info, list(status.details[1:])


def places(packed: Any) -> list[str]:
    """The fields that BadRequest names."""
    bad = error_details_pb2.BadRequest()
    assert packed.Unpack(bad)
    return [violation.field for violation in bad.field_violations]


# what the server is asked


def test_a_property_in_the_path_is_one_segment(client: Client, server: Stub) -> None:
    server.answer = says(200, json.dumps(THING))
    assert client.ask("Get", {"id": "a/b ü?#%2F"}) == THING
    assert (server.last.verb, server.last.target) == ("GET", "/things/a%2Fb%20%C3%BC%3F%23%252F")
    assert server.last.body == b""


def test_a_rest_of_the_path_keeps_its_slashes(client: Client, server: Stub) -> None:
    server.answer = says(200, "content", "text/plain")
    assert client.ask("Read", {"path": "src/a b.txt"}) == {"text": "content"}
    assert server.last.target == "/files/src/a%20b.txt"


@pytest.mark.parametrize(
    ("name", "request_", "place"),
    [
        ("Get", {"id": ".."}, "/id"),
        ("Get", {"id": ""}, "/id"),
        ("Read", {"path": "a/../../b"}, "/path"),
        ("Find", {"X-Trace": "a\r\nHost: b"}, "/X-Trace"),
    ],
)
def test_what_would_change_the_request_is_refused(
    client: Client, server: Stub, name: str, request_: Any, place: str
) -> None:
    before = len(server.asked)
    error = refused(client, name, request_)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert places(details(error)[1][0]) == [place]
    assert len(server.asked) == before


def test_parameters_go_where_the_service_file_says(client: Client, server: Stub) -> None:
    server.answer = says(200, json.dumps([THING]))
    assert client.ask("Find", {"limit": 0, "words": ["a,b", "c"], "X-Trace": "t"}) == {"things": [THING]}
    assert server.last.target == "/things?limit=0&words=a%2Cb&words=c"
    assert server.last.headers["x-trace"] == "t"


def test_a_body_is_the_message_or_one_property_of_it(client: Client, server: Stub) -> None:
    server.answer = says(201, json.dumps(THING))
    client.ask("Make", {"size": 1, "kind": "round"})
    assert (server.last.verb, server.last.target) == ("POST", "/things")
    assert json.loads(server.last.body) == {"size": 1, "kind": "round"}
    assert server.last.headers["content-type"] == "application/json"
    server.answer = says(200, json.dumps(THING))
    client.ask("Change", {"id": "a", "body": {"size": 2}})
    assert (server.last.verb, server.last.target) == ("PATCH", "/things/a")
    assert json.loads(server.last.body) == {"size": 2}


def test_metadata_stays_here_unless_it_is_allowed(client: Client, server: Stub) -> None:
    server.answer = says(200, json.dumps([]))
    client.ask("Find", authorization="Bearer mine", cookie="a=b", **{"x-place": "here", "x-other": "there"})
    assert server.last.headers["x-place"] == "here"
    assert not server.last.headers.keys() & {"authorization", "cookie", "x-other", "te", "grpc-timeout"}


def test_a_request_that_breaks_its_schema_is_not_sent(client: Client, server: Stub) -> None:
    before = len(server.asked)
    call = client.channel.unary_unary("/things.things.Things/Make")
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\x08\x01\x10\x63", timeout=10)  # an enum value that nobody declared
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError) as caught:
        call(b"\xff\xff\xff", timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert len(server.asked) == before


# what the client is told


def test_bare_values_fill_their_messages(client: Client, server: Stub) -> None:
    server.answer = says(200, "42")
    assert client.ask("Count") == 42
    server.answer = says(200, "", "text/plain")
    assert client.ask("Read", {"path": "empty"}) == {"text": ""}
    server.answer = says(204)
    assert client.ask("Remove", {"id": "a"}) == {}
    server.answer = says(200, "true")
    assert client.ask("Remove", {"id": "a"}) == {}


def test_a_large_integer_keeps_its_digits(client: Client, server: Stub) -> None:
    server.answer = says(200, '{"id": "a", "size": 1, "serial": 9007199254740993}')
    assert client.ask("Get", {"id": "a"})["serial"] == 9007199254740993
    server.answer = says(200, '{"id": "a", "size": 1, "serial": 18446744073709551617}')
    assert details(refused(client, "Get", {"id": "a"}))[0].reason == "NOT_REPRESENTABLE"


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
def test_a_status_is_the_code_that_google_gives_it(
    client: Client, server: Stub, status: int, code: grpc.StatusCode
) -> None:
    server.answer = says(status)
    error = refused(client, "Get", {"id": "a"})
    assert error.code() is code
    assert details(error)[0].metadata["http_status"] == str(status)


def test_the_error_body_travels_as_its_message(client: Client, server: Stub, things: tuple[Build, Loaded]) -> None:
    server.answer = says(404, '{"message": "no such thing"}')
    info, rest = details(refused(client, "Get", {"id": "a"}))
    assert (info.reason, info.domain) == ("UPSTREAM_ERROR", "wirelock")
    assert rest[0].type_url == "type.googleapis.com/things.things.Error"
    assert b"no such thing" in rest[0].value


def test_an_error_body_that_is_not_described_travels_as_it_is(client: Client, server: Stub) -> None:
    server.answer = says(409, '{"why": 18446744073709551617}')
    info, rest = details(refused(client, "Get", {"id": "a"}))
    text = wrappers_pb2.StringValue()
    assert info.reason == "STATUS_UNDOCUMENTED"
    assert rest[0].Unpack(text) and text.value == '{"why": 18446744073709551617}'


def test_an_error_body_that_breaks_its_schema_keeps_its_code(client: Client, server: Stub) -> None:
    server.answer = says(404, '{"message": 1}')
    error = refused(client, "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.NOT_FOUND
    info, rest = details(error)
    assert info.reason == "VIOLATION" and places(rest[0]) == ["/message"]


def test_a_very_large_error_body_does_not_cost_the_status(client: Client, server: Stub) -> None:
    server.answer = says(404, json.dumps({"message": "x" * 100_000}))
    error = refused(client, "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert details(error)[0].metadata["http_status"] == "404"


def test_an_answer_that_breaks_its_schema_is_internal(client: Client, server: Stub) -> None:
    server.answer = says(200, '{"id": "a", "size": "big"}')
    error = refused(client, "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.INTERNAL
    info, rest = details(error)
    assert info.reason == "VIOLATION" and places(rest[0]) == ["/size"]
    assert "/size" in error.details()


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (says(200, "<html>", "text/html"), "MEDIA_TYPE_UNDOCUMENTED", "does the path exist on this server"),
        (says(200, "{"), "MALFORMED", ""),
        (says(200, b'{"id": "\xff", "size": 1}'), "MALFORMED", ""),
        (says(200), "BODY_MISSING", ""),
        (says(202, '{"id": "a", "size": 1}'), "STATUS_UNDOCUMENTED", "202"),
        (says(302, Location="http://127.0.0.1:1/elsewhere"), "STATUS_UNDOCUMENTED", "302"),
        (says(200, b"\x1f\x8b", **{"Content-Encoding": "gzip"}), "UPSTREAM_PROTOCOL_ERROR", "gzip"),
    ],
)
def test_what_is_no_described_answer_is_internal(
    client: Client, server: Stub, answer: Any, reason: str, words: str
) -> None:
    server.answer = answer
    error = refused(client, "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.INTERNAL
    assert details(error)[0].reason == reason
    assert words in error.details()


def test_false_where_true_is_promised_is_internal(client: Client, server: Stub) -> None:
    server.answer = says(200, "false")
    assert refused(client, "Remove", {"id": "a"}).code() is grpc.StatusCode.INTERNAL


def test_with_the_other_policy_it_goes_on_where_the_message_holds_it(
    server: Stub, things: tuple[Build, Loaded]
) -> None:
    noted = Noted()
    with bridged(server.url, *things, noted, violations="warn") as address:
        client = Client(address, *things)
        server.answer = says(200, '{"id": "a", "size": -1}')
        wire = client.future("Get", {"id": "a"}).result()
        assert b"a" in wire
        assert [(finding.pointer, finding.warning) for finding in noted.findings] == [("/size", True)]
        server.answer = says(200, '{"id": "a", "size": {}}')
        assert refused(client, "Get", {"id": "a"}).code() is grpc.StatusCode.INTERNAL
        server.answer = says(200, "<html>", "text/html")
        assert refused(client, "Get", {"id": "a"}).code() is grpc.StatusCode.INTERNAL


# when things go wrong


async def never(_: web.Request) -> web.Response:
    """An answer that does not come."""
    import asyncio

    await asyncio.sleep(60)
    return web.Response()


def until(condition: Any, seconds: float) -> bool:
    """Whether something comes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


def test_a_deadline_ends_the_request_to_the_server(client: Client, server: Stub) -> None:
    server.answer, before = never, server.gone
    assert refused(client, "Get", {"id": "a"}, timeout=0.3).code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert until(lambda: server.gone == before + 1, 1)


def test_a_cancelled_call_ends_the_request_to_the_server(client: Client, server: Stub, noted: Noted) -> None:
    server.answer, before, asked = never, server.gone, len(server.asked)
    call = client.future("Make", {"size": 1})
    assert until(lambda: len(server.asked) == asked + 1, 5)
    call.cancel()
    assert until(lambda: server.gone == before + 1, 1)
    assert until(lambda: noted.calls[-1].code is grpc.StatusCode.CANCELLED, 1)


def test_a_lost_get_is_tried_again_once_and_a_post_is_not(client: Client, server: Stub) -> None:
    async def lost(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.answer = lost
    for name, request, times in (("Get", {"id": "a"}, 2), ("Make", {"size": 1}, 1)):
        before = len(server.asked)
        error = refused(client, name, request)
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert len(server.asked) - before == times, name


def test_an_upstream_that_is_down_is_unavailable(things: tuple[Build, Loaded]) -> None:
    with bridged("http://127.0.0.1:1", *things) as address:
        error = refused(Client(address, *things), "Get", {"id": "a"})
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert details(error)[0].reason == "UPSTREAM_UNREACHABLE"
        assert "cannot be reached" in error.details()


@pytest.mark.parametrize("name", ["Get", "Watch"])
def test_our_credentials_go_to_the_server_and_nowhere_else(
    server: Stub, things: tuple[Build, Loaded], name: str
) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"message": f"who is {request.headers['Authorization']}?"}, status=404)

    server.answer = echo
    with bridged(server.url, *things, WIRELOCK_UPSTREAM_TOKEN="s3cr3t-t0ken") as address:
        client = Client(address, *things)
        with pytest.raises(grpc.RpcError) as caught:
            next(client.stream(name)) if name == "Watch" else client.ask(name, {"id": "a"})
    assert server.last.headers["authorization"] == "Bearer s3cr3t-t0ken"
    told = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    assert b"who is Bearer" in told and b"s3cr3t" not in told


@pytest.mark.parametrize("name", ["Get", "Watch"])
def test_who_is_refused_is_told_of_the_credentials(client: Client, server: Stub, name: str) -> None:
    server.answer = says(401)
    with pytest.raises(grpc.RpcError) as caught:
        next(client.stream(name)) if name == "Watch" else client.ask(name, {"id": "a"})
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "credentials" in caught.value.details()


@pytest.mark.parametrize("name", ["Get", "Watch"])
@pytest.mark.parametrize(
    "echo", ['pa"ss/wörd', 'pa\\"ss\\/w\\u00f6rd', 'pa\\"ss/wörd', "pa%22ss%2Fw%C3%B6rd", "bWU6cGEic3Mvd8O2cmQ="]
)
def test_a_password_that_the_server_repeats_in_an_error_is_not_passed_on(
    things: tuple[Build, Loaded], server: Stub, name: str, echo: str
) -> None:
    server.answer = says(500, f'{{"message": "<{echo}>"}}')
    password = 'pa"ss/wörd'
    with bridged(server.url, *things, WIRELOCK_UPSTREAM_USER="me", WIRELOCK_UPSTREAM_PASSWORD=password) as address:
        client = Client(address, *things)
        with pytest.raises(grpc.RpcError) as caught:
            client.ask("Get", {"id": "a"}) if name == "Get" else list(client.stream("Watch"))
    assert server.last.headers["authorization"] == "Basic bWU6cGEic3Mvd8O2cmQ="
    error: Any = caught.value
    told = dict(error.trailing_metadata())["grpc-status-details-bin"]
    assert b"<[redacted]" in told and b"ss" not in told.partition(b"<")[2]


def test_a_fault_of_ours_is_told_as_one(
    things: tuple[Build, Loaded], server: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = Noted()
    with bridged(server.url, *things, noted) as address:
        monkeypatch.setattr("wirelock.serve.bridge.responses.Answers.read", lambda *_: 1 / 0)
        server.answer = says(200, json.dumps(THING))
        error = refused(Client(address, *things), "Get", {"id": "a"})
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "a fault of wirelock" in error.details() and "ZeroDivisionError" in error.details()
    assert [call.code for call in noted.calls] == [grpc.StatusCode.INTERNAL]


def test_many_calls_at_once_are_all_answered(client: Client, server: Stub) -> None:
    server.answer = says(200, json.dumps(THING))
    calls = [client.future("Get", {"id": str(n)}) for n in range(500)]
    assert {client.read("Get", call.result())["id"] for call in calls} == {"a"}
