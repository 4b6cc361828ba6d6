"""Upstreams that are down, slow, broken or hostile: the right code, words that help, and nobody else dialled."""

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

import grpc
import pytest
from bridges import Noted
from checkout import ROOT
from google.protobuf.message import Message
from hostile import SESSION, Front, Line, Outcome, Server, Talk, fronted, gone, hostile, http, raw, says, silent

from opencode_api import session_pb2
from wirelock.build import Build
from wirelock.loader import Loaded

Ask = Callable[..., Outcome]
OK, INTERNAL, UNAVAILABLE = grpc.StatusCode.OK, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNAVAILABLE
INVALID = grpc.StatusCode.INVALID_ARGUMENT
JSON = "Content-Type: application/json"


@pytest.fixture
def ask(project: Build, loaded: Loaded) -> Ask:
    """One call on a bridge in front of an upstream that talks as it is told to."""

    def asked(talk: Talk | bytes, rpc: str = "GetSession", request: Message | None = None, **more: object) -> Outcome:
        async def run() -> Outcome:
            async with (
                hostile(says(talk) if isinstance(talk, bytes) else talk) as server,
                fronted(server.url, project, loaded) as front,
            ):
                return await front.call(rpc, *([] if request is None else [request]), **more)  # type: ignore[arg-type]

        return asyncio.run(run())

    return asked


def test_an_upstream_that_answers_as_described_is_fine(ask: Ask) -> None:
    outcome = ask(http())
    assert outcome.code is OK and outcome.answer == session_pb2.SessionInfo(id="ses_1", title="t", directory="/d")


def test_an_upstream_that_is_down_is_unavailable(project: Build, loaded: Loaded) -> None:
    async def run() -> Outcome:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        async with fronted(f"http://127.0.0.1:{port}", project, loaded) as front:
            return await front.call()

    outcome = asyncio.run(run())
    assert (outcome.code, outcome.reason) == (UNAVAILABLE, "UPSTREAM_UNREACHABLE")
    assert "cannot be reached" in outcome.words


async def resets(line: Line) -> None:
    line.reset()


async def resets_in_the_body(line: Line) -> None:
    await line.send(raw("HTTP/1.1 200 OK", JSON, "Content-Length: 100", body=b'{"id":'))
    await asyncio.sleep(0.05)
    line.reset()


BROKEN: list[tuple[str, Talk | bytes, grpc.StatusCode, str]] = [
    ("it resets the connection", resets, UNAVAILABLE, "UPSTREAM_UNREACHABLE"),
    ("it resets in the body", resets_in_the_body, UNAVAILABLE, "UPSTREAM_PROTOCOL_ERROR"),
    ("it closes without a word", b"", UNAVAILABLE, "UPSTREAM_UNREACHABLE"),
    ("it speaks no HTTP", b"SSH-2.0-OpenSSH_9.6\r\n", INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("it speaks HTML", http(b"<html>", kind="text/html; charset=utf-8"), INTERNAL, "MEDIA_TYPE_UNDOCUMENTED"),
    ("its body is short", raw("HTTP/1.1 200 OK", JSON, "Content-Length: 900", body=SESSION), UNAVAILABLE, "UPSTREAM_PROTOCOL_ERROR"),
    ("its content length is too small", raw("HTTP/1.1 200 OK", JSON, "Content-Length: 9", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("its content length is no number", raw("HTTP/1.1 200 OK", JSON, "Content-Length: ten", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("its content length is negative", raw("HTTP/1.1 200 OK", JSON, "Content-Length: -1", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("it states two lengths", raw("HTTP/1.1 200 OK", JSON, "Content-Length: 43", "Content-Length: 9", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("it states a length beside chunks", raw("HTTP/1.1 200 OK", JSON, "Content-Length: 43", "Transfer-Encoding: chunked", body=b"2b\r\n" + SESSION + b"\r\n0\r\n\r\n"), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("its chunks are bad", raw("HTTP/1.1 200 OK", JSON, "Transfer-Encoding: chunked", body=b"zz\r\n" + SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("its chunks end early", raw("HTTP/1.1 200 OK", JSON, "Transfer-Encoding: chunked", body=b"ff\r\n" + SESSION), UNAVAILABLE, "UPSTREAM_PROTOCOL_ERROR"),
    ("it has NUL in a header", raw("HTTP/1.1 200 OK", JSON, "X-A: a\x00b", "Content-Length: 43", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("it states a length twice", raw("HTTP/1.1 200 OK", JSON, "Content-Length: 43", "Content-Length: 43", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("its headers never end", b"HTTP/1.1 200 OK\r\n" + b"X-A: aaaaaaaaaaaaaaaa\r\n" * 40_000, INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("one header is giant", b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 1_000_000, INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("it switches protocols", raw("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"), INTERNAL, "STATUS_UNDOCUMENTED"),
    ("it has no body", raw("HTTP/1.1 200 OK", JSON, "Content-Length: 0"), INTERNAL, "BODY_MISSING"),
    ("its encoding was not asked for", http(gzip.compress(SESSION), "200 OK", "Content-Encoding: gzip"), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("its body is a gzip bomb", http(gzip.compress(bytes(2**27), 1), "200 OK", "Content-Encoding: gzip"), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("it states a giant body", raw("HTTP/1.1 200 OK", JSON, f"Content-Length: {2**40}", body=b"{"), INTERNAL, "UPSTREAM_TOO_LARGE"),
    ("its body is no UTF-8", http(b'{"id":"\xff","title":"t","directory":"/d"}'), INTERNAL, "MALFORMED"),
    ("its body repeats a key", http(b'{"id":"a","id":"b","title":"t","directory":"/d"}'), INTERNAL, "MALFORMED"),
    ("its body holds NaN", http(b'{"id":"a","title":"t","directory":"/d","cost":NaN}'), INTERNAL, "MALFORMED"),
    ("its body holds a lone surrogate", http(b'{"id":"\\ud800","title":"t","directory":"/d"}'), INTERNAL, "MALFORMED"),
    ("its body is nested deeply", http(b"[" * 100_000), INTERNAL, "MALFORMED"),
    ("its body trails", http(SESSION + b"x"), INTERNAL, "MALFORMED"),
    ("its body breaks the schema", http(b'{"id":1,"title":"t","directory":"/d"}'), INTERNAL, "VIOLATION"),
    ("an enum has a value that nobody knows", http(b'{"id":"a","title":"t","directory":"/d","permission":[{"permission":"a","pattern":"*","action":"perhaps"}]}'), INTERNAL, "VIOLATION"),
    ("it answers 204 with a body", raw("HTTP/1.1 204 No Content", body=SESSION), INTERNAL, "UPSTREAM_PROTOCOL_ERROR"),
    ("it answers a status that is none", raw("HTTP/1.1 999 What", JSON, "Content-Length: 2", body=b"{}"), INTERNAL, "STATUS_UNDOCUMENTED"),
]  # fmt: skip


@pytest.mark.parametrize(("talk", "code", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_is_wrong_with_an_upstream_is_told(
    ask: Ask, talk: Talk | bytes, code: grpc.StatusCode, reason: str
) -> None:
    outcome = ask(talk)
    assert (outcome.code, outcome.reason) == (code, reason), outcome.words
    assert outcome.words.isprintable() and outcome.words


def test_what_an_upstream_says_beside_its_answer_is_not_repeated(ask: Ask) -> None:
    outcome = ask(raw("HTTP/1.1 204 No Content", body=b'{"password":"hunter2"}'))
    assert "hunter2" not in outcome.words and "127.0.0.1" not in outcome.words


def test_bytes_behind_an_answer_are_nobody_elses_answer(project: Build, loaded: Loaded) -> None:
    """The upstream answers once what nobody asked, on a connection that it keeps."""
    smuggled = http(b'{"id":"smuggled","title":"t","directory":"/d"}')

    async def talk(line: Line) -> None:
        await line.send(http())
        await asyncio.sleep(0.05)
        await line.send(smuggled)

    async def run() -> list[Outcome]:
        async with hostile(talk, keep=True) as server, fronted(server.url, project, loaded) as front:
            outcomes = list[Outcome]()
            for _ in range(4):
                outcomes.append(await front.call())
                await asyncio.sleep(0.2)
            return outcomes

    for outcome in asyncio.run(run()):
        assert "smuggled" not in str(outcome)
        assert outcome.code is OK, outcome.words


def test_a_cookie_of_one_answer_is_in_no_other_request(project: Build, loaded: Loaded) -> None:
    async def run() -> list[Line]:
        async with (
            hostile(says(http(SESSION, "200 OK", "Set-Cookie: session=first; Path=/"))) as server,
            fronted(server.url, project, loaded) as front,
        ):
            assert [(await front.call()).code for _ in range(2)] == [OK, OK]
            return server.requests

    assert not [line for line in asyncio.run(run()) if b"cookie" in line.request.lower()]


def test_a_folded_header_is_one_header_and_goes_nowhere(ask: Ask) -> None:
    """RFC 9112, 5.2: whoever is no proxy reads the fold as a blank."""
    folded = raw("HTTP/1.1 200 OK", JSON, "X-A: a", " Content-Length: 3", "Content-Length: 43", body=SESSION)
    assert ask(folded).code is OK


def test_a_proxy_of_the_environment_is_not_asked(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_grpc_proxy", "127.0.0.1")  # the client of this test would ask it
    assert ask(http()).code is OK


def test_html_gets_a_hint_where_to_look(ask: Ask) -> None:
    assert "does the path exist" in ask(http(b"<html>", kind="text/html")).words


def test_the_finding_names_the_place_in_the_body(ask: Ask) -> None:
    outcome = ask(http(b'{"id":"a","title":7,"directory":"/d"}'))
    assert outcome.fields == ("/title",) and "/title" in outcome.words


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(ask: Ask, status: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        outcome = ask(http(b"{}", status, f"Location: http://127.0.0.1:{other.getsockname()[1]}/secret"))
        assert outcome.code is INTERNAL and outcome.reason == "STATUS_UNDOCUMENTED"
        with pytest.raises(BlockingIOError):
            other.accept()


def test_interim_responses_are_passed_over(ask: Ask) -> None:
    interim = raw("HTTP/1.1 100 Continue") + raw("HTTP/1.1 103 Early Hints", "Link: </a>")
    assert ask(interim + http()).code is OK


def test_a_giant_body_without_a_length_is_cut_off(ask: Ask) -> None:
    async def endless(line: Line) -> None:
        await line.send(raw("HTTP/1.1 200 OK", JSON))
        for _ in range(2**12):
            await line.send(bytes(2**20))

    outcome = ask(endless)
    assert (outcome.code, outcome.reason) == (INTERNAL, "UPSTREAM_TOO_LARGE")


def test_an_endless_stream_where_one_answer_is_expected_is_not_waited_for(ask: Ask) -> None:
    async def events(line: Line) -> None:
        await line.send(raw("HTTP/1.1 200 OK", "Content-Type: text/event-stream"))
        while True:
            await line.send(b"data: {}\n\n")
            await asyncio.sleep(0.05)

    began = time.monotonic()
    outcome = ask(events)
    assert (outcome.code, outcome.reason) == (INTERNAL, "MEDIA_TYPE_UNDOCUMENTED")
    assert time.monotonic() - began < 5


# what the caller sends


def requested(project: Build, loaded: Loaded, rpc: str, request: Message, **more: object) -> tuple[Outcome, list[Line]]:
    """A call on a bridge in front of an upstream that is as it should be, and the requests that came there."""

    async def run() -> tuple[Outcome, list[Line]]:
        async with hostile(says(http())) as server, fronted(server.url, project, loaded) as front:
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
def test_a_value_in_the_path_stays_in_its_segment(project: Build, loaded: Loaded, value: str, target: str) -> None:
    _, requests = requested(project, loaded, "GetSession", session_pb2.GetSessionRequest(session_id=value))
    assert [line.target for line in requests] == [target]


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_that_would_name_another_path_is_refused(project: Build, loaded: Loaded, value: str) -> None:
    outcome, requests = requested(project, loaded, "GetSession", session_pb2.GetSessionRequest(session_id=value))
    assert (outcome.code, outcome.fields, requests) == (INVALID, ("/sessionID",), [])


def test_what_the_path_holds_is_in_no_query_and_no_body(project: Build, loaded: Loaded) -> None:
    request = session_pb2.UpdateSessionRequest(session_id="ses_1", body={"title": "t"})
    _, [line] = requested(project, loaded, "UpdateSession", request)
    assert line.target == "/session/ses_1" and line.request.endswith(b'\r\n\r\n{"title":"t"}')


def test_only_metadata_on_the_allow_list_becomes_a_header(project: Build, loaded: Loaded) -> None:
    metadata = [("x-opencode-directory", "/a"), ("authorization", "Bearer own"), ("cookie", "a=b"), ("host", "evil"), ("x-forwarded-for", "1.2.3.4")]  # fmt: skip
    _, [line] = requested(
        project, loaded, "GetSession", session_pb2.GetSessionRequest(session_id="a"), metadata=metadata
    )
    head = line.request.lower()
    assert b"x-opencode-directory: /a\r\n" in head
    assert not [name for name in (b"bearer own", b"cookie", b"evil", b"x-forwarded") if name in head]


@pytest.mark.parametrize("value", ["/a\r\nX-Injected: yes", "/a\nX-Injected: yes", "/a\x00b", "/ü\u202e"])
def test_a_remembered_value_cannot_end_its_header(project: Build, loaded: Loaded, value: str) -> None:
    async def run() -> list[Line]:
        async with hostile(says(http())) as server, fronted(server.url, project, loaded) as front:
            moved = session_pb2.UpdateDirectoryRequest(session_id="ses_1", directory=value)
            assert (await front.call("UpdateSessionDirectory", moved)).code is OK
            assert (await front.call()).code is OK
            return server.requests

    [line] = asyncio.run(run())
    [header] = [part for part in line.request.split(b"\r\n") if part.lower().startswith(b"x-opencode-directory:")]
    assert header.isascii() and b"\x00" not in header and b"\n" not in header
    assert b"\r\nX-Injected" not in line.request


def test_a_request_that_is_no_message_is_refused_before_anything_is_sent(project: Build, loaded: Loaded) -> None:
    async def run() -> tuple[grpc.StatusCode, list[Line]]:
        async with hostile(says(http())) as server, fronted(server.url, project, loaded) as front:
            call = front.channel.unary_unary("/opencode.session.SessionService/GetSession")(b"\x0a\x01\xff", timeout=20)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            return caught.value.code(), server.requests

    assert asyncio.run(run()) == (INVALID, [])


# deadlines, cancellation, clients that go


def test_a_deadline_goes_through_to_the_upstream(project: Build, loaded: Loaded) -> None:
    async def run() -> Outcome:
        async with hostile(silent) as server, fronted(server.url, project, loaded) as front:
            outcome = await front.call(timeout=0.3)
            await gone(server)
            return outcome

    assert asyncio.run(run()).code is grpc.StatusCode.DEADLINE_EXCEEDED


async def begun(front: Front, server: Server, calls: int = 1) -> list[grpc.aio.UnaryUnaryCall]:  # type: ignore[type-arg]
    """Calls that wait for the upstream."""
    started = [front.start("GetSession", session_pb2.GetSessionRequest(session_id="ses_1")) for _ in range(calls)]
    before = len(server.requests)
    async with asyncio.timeout(20):
        while len(server.requests) < before + calls:
            await asyncio.sleep(0.01)
    return started


def test_a_call_that_is_cancelled_cancels_the_request(project: Build, loaded: Loaded) -> None:
    async def run() -> None:
        async with hostile(silent) as server, fronted(server.url, project, loaded) as front:
            [call] = await begun(front, server)
            call.cancel()
            await gone(server)

    asyncio.run(run())


def test_a_post_is_not_sent_twice_and_a_get_is(project: Build, loaded: Loaded) -> None:
    async def run() -> tuple[int, int]:
        async with hostile(resets) as server, fronted(server.url, project, loaded) as front:
            assert (await front.call("CreateSession", session_pb2.CreateSessionRequest(title="t"))).code is UNAVAILABLE
            posts = len(server.requests)
            assert (await front.call()).code is UNAVAILABLE
            return posts, len(server.requests) - posts

    assert asyncio.run(run()) == (1, 2)


# the command


def test_told_to_end_it_answers_what_it_was_asked_and_takes_no_more(tmp_path: Path) -> None:
    async def late(line: Line) -> None:
        await asyncio.sleep(1)
        await line.send(http())

    async def run() -> None:
        async with hostile(late) as server:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "wirelock", "serve", "--upstream", server.url, "--listen", "127.0.0.1:0"),
                cwd=ROOT,
                stderr=asyncio.subprocess.PIPE,
            )
            assert process.stderr is not None
            try:
                address = await listening(process.stderr)
                async with grpc.aio.insecure_channel(address) as channel:
                    front = Front(address, channel, Noted())
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


async def listening(log: asyncio.StreamReader) -> str:
    """The address that the log of a bridge names."""
    async with asyncio.timeout(60):
        async for line in log:
            if found := re.search(rb" address=(\S+)", line):
                return found[1].decode()
    raise AssertionError("it never listened")
