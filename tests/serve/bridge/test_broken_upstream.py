"""Upstreams that are down, slow, broken or hostile: gRPC code, message, and no connection to another address."""

from __future__ import annotations

import asyncio
import gzip
import re
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from checkout import ROOT
from google.protobuf.message import Message
from raw_upstream import (
    SESSION,
    BridgeClient,
    CallOutcome,
    RawConnection,
    RawServer,
    Script,
    UnaryMethod,
    build_response,
    join_lines,
    run_bridge_client,
    run_raw_server,
    send_response,
    stay_silent,
    wait_for_disconnects,
)
from running_bridge import RecordingHooks

from opencode_api import session_pb2
from wirelock.build import Build
from wirelock.loader import LoadedArtifacts

CallBridge = Callable[..., CallOutcome]
OK, INTERNAL, UNAVAILABLE = grpc.StatusCode.OK, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE
INVALID = grpc.StatusCode.INVALID_ARGUMENT
JSON = "Content-Type: application/json"


@pytest.fixture
def call_bridge(project: Build, loaded: LoadedArtifacts) -> CallBridge:
    """Make one call with an upstream script, and return its outcome."""

    def make_call(
        script: Script | bytes, rpc: str = "GetSession", request: Message | None = None, **more: object
    ) -> CallOutcome:
        async def run() -> CallOutcome:
            async with (
                run_raw_server(send_response(script) if isinstance(script, bytes) else script) as server,
                run_bridge_client(server.url, project, loaded) as front,
            ):
                return await front.call(rpc, *([] if request is None else [request]), **more)  # type: ignore[arg-type]

        return asyncio.run(run())

    return make_call


def test_a_valid_response_succeeds(call_bridge: CallBridge) -> None:
    outcome = call_bridge(build_response())
    assert outcome.code is OK and outcome.response == session_pb2.SessionInfo(id="ses_1", title="t", directory="/d")


def test_an_upstream_that_is_down_is_unavailable(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> CallOutcome:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        async with run_bridge_client(f"http://127.0.0.1:{port}", project, loaded) as front:
            return await front.call()

    outcome = asyncio.run(run())
    assert (outcome.code, outcome.reason) == (UNAVAILABLE, "UPSTREAM_UNREACHABLE")
    assert "cannot be reached" in outcome.details


async def reset(connection: RawConnection) -> None:
    connection.reset()


async def reset_in_body(connection: RawConnection) -> None:
    await connection.send(join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: 100", body=b'{"id":'))
    await asyncio.sleep(0.05)
    connection.reset()


BROKEN: list[tuple[str, Script | bytes, grpc.StatusCode, str]] = [
    ("resets the connection", reset, UNAVAILABLE, "UPSTREAM_UNREACHABLE"),
    ("resets in the body", reset_in_body, UNAVAILABLE, "UPSTREAM_PROTOCOL_ERROR"),
    ("closes without a response", b"", UNAVAILABLE, "UPSTREAM_UNREACHABLE"),
    ("does not speak HTTP", b"SSH-2.0-OpenSSH_9.6\r\n", INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("sends HTML", build_response(b"<html>", kind="text/html; charset=utf-8"), INTERNAL, "MEDIA_TYPE_UNDOCUMENTED"),
    ("body is too short", join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: 900", body=SESSION), UNAVAILABLE, "UPSTREAM_PROTOCOL_ERROR"),
    ("content length is too small", join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: 9", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("content length is not a number", join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: ten", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("content length is negative", join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: -1", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("two content lengths", join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: 43", "Content-Length: 9", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("content length and chunks", join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: 43", "Transfer-Encoding: chunked", body=b"2b\r\n" + SESSION + b"\r\n0\r\n\r\n"), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("invalid chunks", join_lines("HTTP/1.1 200 OK", JSON, "Transfer-Encoding: chunked", body=b"zz\r\n" + SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("chunks end early", join_lines("HTTP/1.1 200 OK", JSON, "Transfer-Encoding: chunked", body=b"ff\r\n" + SESSION), UNAVAILABLE, "UPSTREAM_PROTOCOL_ERROR"),
    ("NUL in a header", join_lines("HTTP/1.1 200 OK", JSON, "X-A: a\x00b", "Content-Length: 43", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("content length twice", join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: 43", "Content-Length: 43", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("endless headers", b"HTTP/1.1 200 OK\r\n" + b"X-A: aaaaaaaaaaaaaaaa\r\n" * 40_000, INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("huge header", b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 1_000_000, INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("switches protocols", join_lines("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"), INTERNAL, "STATUS_UNDOCUMENTED"),
    ("no body", join_lines("HTTP/1.1 200 OK", JSON, "Content-Length: 0"), INTERNAL, "BODY_MISSING"),
    ("unaccepted content coding", build_response(gzip.compress(SESSION), "200 OK", "Content-Encoding: gzip"), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("gzip bomb", build_response(gzip.compress(bytes(2**27), 1), "200 OK", "Content-Encoding: gzip"), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("huge content length", join_lines("HTTP/1.1 200 OK", JSON, f"Content-Length: {2**40}", body=b"{"), INTERNAL, "UPSTREAM_TOO_LARGE"),
    ("body is not UTF-8", build_response(b'{"id":"\xff","title":"t","directory":"/d"}'), INTERNAL, "MALFORMED"),
    ("duplicate key", build_response(b'{"id":"a","id":"b","title":"t","directory":"/d"}'), INTERNAL, "MALFORMED"),
    ("NaN", build_response(b'{"id":"a","title":"t","directory":"/d","cost":NaN}'), INTERNAL, "MALFORMED"),
    ("lone surrogate", build_response(b'{"id":"\\ud800","title":"t","directory":"/d"}'), INTERNAL, "MALFORMED"),
    ("deeply nested body", build_response(b"[" * 100_000), INTERNAL, "MALFORMED"),
    ("text after the document", build_response(SESSION + b"x"), INTERNAL, "MALFORMED"),
    ("body violates its schema", build_response(b'{"id":1,"title":"t","directory":"/d"}'), INTERNAL, "VIOLATION"),
    ("unknown enum value", build_response(b'{"id":"a","title":"t","directory":"/d","permission":[{"permission":"a","pattern":"*","action":"perhaps"}]}'), INTERNAL, "VIOLATION"),
    ("204 with a body", join_lines("HTTP/1.1 204 No Content", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("invalid status", join_lines("HTTP/1.1 999 What", JSON, "Content-Length: 2", body=b"{}"), INTERNAL, "STATUS_UNDOCUMENTED"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "code", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_upstream_fails_the_call(
    call_bridge: CallBridge, script: Script | bytes, code: grpc.StatusCode, reason: str
) -> None:
    outcome = call_bridge(script)
    assert (outcome.code, outcome.reason) == (code, reason), outcome.details
    assert outcome.details.isprintable() and outcome.details


def test_an_unexpected_body_is_not_shown(call_bridge: CallBridge) -> None:
    outcome = call_bridge(join_lines("HTTP/1.1 204 No Content", body=b'{"password":"hunter2"}'))
    assert "hunter2" not in outcome.details and "127.0.0.1" not in outcome.details


def test_unsolicited_bytes_are_not_the_next_response(project: Build, loaded: LoadedArtifacts) -> None:
    """The upstream sends an unsolicited response on a persistent connection."""
    smuggled = build_response(b'{"id":"smuggled","title":"t","directory":"/d"}')

    async def respond(connection: RawConnection) -> None:
        await connection.send(build_response())
        await asyncio.sleep(0.05)
        await connection.send(smuggled)

    async def run() -> list[CallOutcome]:
        async with (
            run_raw_server(respond, keep=True) as server,
            run_bridge_client(server.url, project, loaded) as front,
        ):
            outcomes = list[CallOutcome]()
            for _ in range(4):
                outcomes.append(await front.call())
                await asyncio.sleep(0.2)
            return outcomes

    for outcome in asyncio.run(run()):
        assert "smuggled" not in str(outcome)
        assert outcome.code is OK, outcome.details


def test_cookies_are_not_stored(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> list[RawConnection]:
        async with (
            run_raw_server(
                send_response(build_response(SESSION, "200 OK", "Set-Cookie: session=first; Path=/"))
            ) as server,
            run_bridge_client(server.url, project, loaded) as front,
        ):
            assert [(await front.call()).code for _ in range(2)] == [OK, OK]
            return server.requests

    assert not [connection for connection in asyncio.run(run()) if b"cookie" in connection.request.lower()]


def test_a_folded_header_is_one_header(call_bridge: CallBridge) -> None:
    """A client reads the fold as a blank (RFC 9112, section 5.2)."""
    folded = join_lines("HTTP/1.1 200 OK", JSON, "X-A: a", " Content-Length: 3", "Content-Length: 43", body=SESSION)
    assert call_bridge(folded).code is OK


def test_proxy_variables_are_ignored(call_bridge: CallBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_grpc_proxy", "127.0.0.1")  # the gRPC client of this test would use the proxy
    assert call_bridge(build_response()).code is OK


def test_html_gets_a_hint(call_bridge: CallBridge) -> None:
    assert "check that the path exists" in call_bridge(build_response(b"<html>", kind="text/html")).details


def test_a_finding_has_a_pointer_into_the_body(call_bridge: CallBridge) -> None:
    outcome = call_bridge(build_response(b'{"id":"a","title":7,"directory":"/d"}'))
    assert outcome.fields == ("/title",) and "/title" in outcome.details


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(call_bridge: CallBridge, status: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        outcome = call_bridge(
            build_response(b"{}", status, f"Location: http://127.0.0.1:{other.getsockname()[1]}/secret")
        )
        assert outcome.code is INTERNAL and outcome.reason == "STATUS_UNDOCUMENTED"
        with pytest.raises(BlockingIOError):
            other.accept()


def test_interim_responses_are_skipped(call_bridge: CallBridge) -> None:
    interim = join_lines("HTTP/1.1 100 Continue") + join_lines("HTTP/1.1 103 Early Hints", "Link: </a>")
    assert call_bridge(interim + build_response()).code is OK


def test_a_huge_body_without_a_length_is_rejected(call_bridge: CallBridge) -> None:
    async def endless(connection: RawConnection) -> None:
        await connection.send(join_lines("HTTP/1.1 200 OK", JSON))
        for _ in range(2**12):
            await connection.send(bytes(2**20))

    outcome = call_bridge(endless)
    assert (outcome.code, outcome.reason) == (INTERNAL, "UPSTREAM_TOO_LARGE")


def test_an_event_stream_for_a_unary_call_is_rejected_at_once(call_bridge: CallBridge) -> None:
    async def events(connection: RawConnection) -> None:
        await connection.send(join_lines("HTTP/1.1 200 OK", "Content-Type: text/event-stream"))
        while True:
            await connection.send(b"data: {}\n\n")
            await asyncio.sleep(0.05)

    began = time.monotonic()
    outcome = call_bridge(events)
    assert (outcome.code, outcome.reason) == (INTERNAL, "MEDIA_TYPE_UNDOCUMENTED")
    assert time.monotonic() - began < 5


# requests of clients


def call_and_list_requests(
    project: Build, loaded: LoadedArtifacts, rpc: str, request: Message, **more: object
) -> tuple[CallOutcome, list[RawConnection]]:
    """Make one call with a valid upstream; return its outcome and the requests of the upstream."""

    async def run() -> tuple[CallOutcome, list[RawConnection]]:
        async with (
            run_raw_server(send_response(build_response())) as server,
            run_bridge_client(server.url, project, loaded) as front,
        ):
            return await front.call(rpc, request, **more), server.requests  # type: ignore[arg-type]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("a/b", "/session/a%2Fb"),
        ("../admin", "/session/..%2Fadmin"),
        ("%2e%2e", "/session/%252e%252e"),
        ("%2F", "/session/%252F"),
        ("a?b#c", "/session/a%3Fb%23c"),
        ("a b\r\nX: y", "/session/a%20b%0D%0AX%3A%20y"),
        ("\x00", "/session/%00"),
        ("é\u202e", "/session/%C3%A9%E2%80%AE"),
        ("@evil.example/", "/session/%40evil.example%2F"),
    ],
)
def test_a_value_in_the_path_stays_in_its_segment(
    project: Build, loaded: LoadedArtifacts, value: str, target: str
) -> None:
    _, requests = call_and_list_requests(project, loaded, "GetSession", session_pb2.GetSessionRequest(session_id=value))
    assert [connection.target for connection in requests] == [target]


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_that_changes_the_path_is_rejected(project: Build, loaded: LoadedArtifacts, value: str) -> None:
    outcome, requests = call_and_list_requests(
        project, loaded, "GetSession", session_pb2.GetSessionRequest(session_id=value)
    )
    assert (outcome.code, outcome.fields, requests) == (INVALID, ("/sessionID",), [])


def test_path_parameters_are_not_repeated_in_query_or_body(project: Build, loaded: LoadedArtifacts) -> None:
    request = session_pb2.UpdateSessionRequest(session_id="ses_1", body=session_pb2.UpdateSessionBody(title="t"))
    _, [connection] = call_and_list_requests(project, loaded, "UpdateSession", request)
    assert connection.target == "/session/ses_1" and connection.request.endswith(b'\r\n\r\n{"title":"t"}')


def test_only_metadata_on_the_allow_list_becomes_a_header(project: Build, loaded: LoadedArtifacts) -> None:
    metadata = [("x-opencode-directory", "/a"), ("authorization", "Bearer own"), ("cookie", "a=b"), ("host", "evil"), ("x-forwarded-for", "1.2.3.4")]  # fmt: skip
    _, [connection] = call_and_list_requests(
        project, loaded, "GetSession", session_pb2.GetSessionRequest(session_id="a"), metadata=metadata
    )
    head = connection.request.lower()
    assert b"x-opencode-directory: /a\r\n" in head
    assert not [name for name in (b"bearer own", b"cookie", b"evil", b"x-forwarded") if name in head]


@pytest.mark.parametrize("value", ["/a\r\nX-Injected: yes", "/a\nX-Injected: yes", "/a\x00b", "/ü\u202e"])
def test_a_state_value_cannot_inject_headers(project: Build, loaded: LoadedArtifacts, value: str) -> None:
    async def run() -> list[RawConnection]:
        async with (
            run_raw_server(send_response(build_response())) as server,
            run_bridge_client(server.url, project, loaded) as front,
        ):
            moved = session_pb2.UpdateDirectoryRequest(session_id="ses_1", directory=value)
            assert (await front.call("UpdateSessionDirectory", moved)).code is OK
            assert (await front.call()).code is OK
            return server.requests

    [connection] = asyncio.run(run())
    [header] = [part for part in connection.request.split(b"\r\n") if part.lower().startswith(b"x-opencode-directory:")]
    assert header.isascii() and b"\x00" not in header and b"\n" not in header
    assert b"\r\nX-Injected" not in connection.request


def test_an_invalid_message_is_rejected_before_a_request_is_sent(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> tuple[grpc.StatusCode, list[RawConnection]]:
        async with (
            run_raw_server(send_response(build_response())) as server,
            run_bridge_client(server.url, project, loaded) as front,
        ):
            method: UnaryMethod = front.channel.unary_unary("/opencode.session.SessionService/GetSession")
            call = method(b"\x0a\x01\xff", timeout=20)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            return caught.value.code(), server.requests

    assert asyncio.run(run()) == (INVALID, [])


# deadlines and cancellation


def test_a_deadline_cancels_the_request_to_the_upstream(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> CallOutcome:
        async with run_raw_server(stay_silent) as server, run_bridge_client(server.url, project, loaded) as front:
            outcome = await front.call(timeout=0.3)
            await wait_for_disconnects(server)
            return outcome

    assert asyncio.run(run()).code is grpc.StatusCode.DEADLINE_EXCEEDED


async def start_calls(
    front: BridgeClient, server: RawServer, calls: int = 1
) -> list[grpc.aio.UnaryUnaryCall[Any, Any]]:
    """Start calls, and wait until the upstream has received their requests."""
    started = [front.start("GetSession", session_pb2.GetSessionRequest(session_id="ses_1")) for _ in range(calls)]
    before = len(server.requests)
    async with asyncio.timeout(20):
        while len(server.requests) < before + calls:
            await asyncio.sleep(0.01)
    return started


def test_a_cancelled_call_cancels_the_request(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> None:
        async with run_raw_server(stay_silent) as server, run_bridge_client(server.url, project, loaded) as front:
            [call] = await start_calls(front, server)
            call.cancel()
            await wait_for_disconnects(server)

    asyncio.run(run())


def test_a_get_is_retried_and_a_post_is_not(project: Build, loaded: LoadedArtifacts) -> None:
    async def run() -> tuple[int, int]:
        async with run_raw_server(reset) as server, run_bridge_client(server.url, project, loaded) as front:
            assert (await front.call("CreateSession", session_pb2.CreateSessionRequest(title="t"))).code is UNAVAILABLE
            posts = len(server.requests)
            assert (await front.call()).code is UNAVAILABLE
            return posts, len(server.requests) - posts

    assert asyncio.run(run()) == (1, 2)


# the command


@pytest.mark.long
def test_sigterm_finishes_calls_in_flight_and_rejects_new_ones(tmp_path: Path) -> None:
    async def respond_late(connection: RawConnection) -> None:
        await asyncio.sleep(1)
        await connection.send(build_response())

    async def run() -> None:
        async with run_raw_server(respond_late) as server:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "wirelock", "serve", "--upstream", server.url, "--listen", "127.0.0.1:0"),
                cwd=ROOT,
                stderr=asyncio.subprocess.PIPE,
            )
            assert process.stderr is not None
            try:
                address = await read_listen_address(process.stderr)
                async with grpc.aio.insecure_channel(address) as channel:
                    front = BridgeClient(address, channel, RecordingHooks())
                    call = asyncio.ensure_future(front.call())
                    async with asyncio.timeout(10):
                        while not server.requests:
                            await asyncio.sleep(0.01)
                    process.send_signal(signal.SIGTERM)
                    await asyncio.sleep(0.3)
                    assert (await front.call(timeout=5)).code is UNAVAILABLE
                    assert (await call).code is OK
                assert await asyncio.wait_for(process.wait(), 10) == 0
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    asyncio.run(run())


async def read_listen_address(log: asyncio.StreamReader) -> str:
    """Read the listen address from the log of a bridge."""
    async with asyncio.timeout(60):
        async for line in log:
            if match := re.search(rb" address=(\S+)", line):
                return match[1].decode()
    raise AssertionError("the bridge did not listen")
