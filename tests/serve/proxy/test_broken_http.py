"""Invalid HTTP of servers and clients becomes 502, 400 or a closed connection, never bytes of another exchange."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest
from running_proxy import Script, build_request, build_response, record_requests, respond_with, run_proxy

DESCRIPTORS = Path("/proc/self/fd")
OK = b"HTTP/1.1 200 OK\r\n"
WRONG = {
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": OK + b"Content-Length: 2, 3\r\n\r\nabc",
    "a negative length": OK + b"Content-Length: -1\r\n\r\nabc",
    "a length and a coding": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a coding before the chunks": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a coding before the chunks, in a field of its own": OK
    + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a coding without chunks": OK + b"Transfer-Encoding: gzip\r\n\r\nhi",
    "the coding identity": OK + b"Transfer-Encoding: identity\r\n\r\nhi",
    "chunked twice": OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a coding with a parameter": OK + b"Transfer-Encoding: chunked;a=b\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "NUL in a field": OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\nhi",
    "a bare CR in a field": OK + b"X-A: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi",
    "a length with a fold in it": OK + b"Content-Length: 2\r\n 0\r\n\r\nhi",
    "a coding with a fold in it": OK + b"Transfer-Encoding: chu\r\n nked\r\nContent-Length: 2\r\n\r\nhi",
    "a folded coding and a length": OK
    + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "invalid UTF-8": OK + b"X-A: \xff\xfe\r\nContent-Length: 2\r\n\r\nhi",
    "a protocol switch": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhi",
    "not HTTP": b"<html>hello</html>\r\n\r\n",
    "no status code": b"HTTP/1.1 ok\r\n\r\n",
    "nothing": b"",
    "a truncated head": OK + b"Content-Le",
    "a field of a mebibyte": OK + b"X-A: " + b"a" * 2**20 + b"\r\n\r\n",
}
TWO = b"\r\nContent-Length: 2"
FOLDED = {
    "a field": (b"X-A: 1\r\n more: 2" + TWO, b"X-A: 1 more: 2" + TWO),
    "a field that is empty before the fold": (b"X-A:\r\n 1\r\n 2" + TWO, b"X-A: 1 2" + TWO),
    "a length behind a fold": (b"X-A: 1\r\n Content-Length: 50" + TWO, b"X-A: 1 Content-Length: 50" + TWO),
    "a cookie behind a fold": (b"X-A: 1\r\n Set-Cookie: a=b" + TWO, b"X-A: 1 Set-Cookie: a=b" + TWO),
    "a coding behind a fold": (
        b"X-A: 1\r\n Transfer-Encoding: chunked" + TWO, b"X-A: 1 Transfer-Encoding: chunked" + TWO,
    ),
    "a fold that looks like the end of the head": (b"X-A: 1\r\n " + TWO, b"X-A: 1" + TWO),
    "a folded length": (b"Content-Length:\r\n 2", b"Content-Length: 2"),
    "a folded list of hop-by-hop fields": (b"Connection:\r\n X-B\r\nX-B: 1" + TWO, TWO[2:]),
}  # fmt: skip
BROKEN = {
    "a short body": OK + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n[1",
    "an invalid chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\nxx\r\n0\r\n\r\n",
    "a chunk longer than its size": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhiXX\r\n0\r\n\r\n",
    "no last chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_an_invalid_response_becomes_502(text: bytes) -> None:
    async def run() -> None:
        async with run_proxy(respond_with(text)) as proxy:
            response = await proxy.get()
            assert response.startswith(b"HTTP/1.1 502 "), response
            assert b"application/problem+json" in response
            report = await proxy.build_report()
        assert report.summary["proxy"]["upstream failures"] == 1
        assert "UPSTREAM_FAILED" in {diagnostic.code.id for diagnostic in report.diagnostics}
        assert report.exit_code == 2

    asyncio.run(run())


@pytest.mark.parametrize(("fields", "passed"), FOLDED.values(), ids=FOLDED.keys())
def test_a_folded_field_is_unfolded(fields: bytes, passed: bytes) -> None:
    """A proxy replaces a fold with spaces; the text after it is not a separate field (RFC 9112, 5.2)."""

    async def run() -> None:
        async with run_proxy(respond_with(OK + fields + b"\r\n\r\nhi" + build_response(b'"evil"'))) as proxy:
            assert await proxy.get() == OK + passed + b"\r\nConnection: close\r\n\r\nhi"

    asyncio.run(run())


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_truncated_response_never_looks_complete(text: bytes) -> None:
    async def run() -> None:
        async with run_proxy(respond_with(text)) as proxy:
            response = await proxy.get()
            report = await proxy.build_report()
        head, _, body = response.partition(b"\r\n\r\n")
        assert not head or head.startswith(b"HTTP/1.1 502 ") or not body.endswith(b"0\r\n\r\n")
        assert not head or b"content-length: 9" not in head.lower() or len(body) < 9
        assert report.summary["proxy"]["upstream failures"] == 1

    asyncio.run(run())


EXTRA = {
    "a body after 204": b"HTTP/1.1 204 No Content\r\n\r\n" + build_response(b'"evil"'),
    "a body after 304": b"HTTP/1.1 304 Not Modified\r\n\r\n" + build_response(b'"evil"'),
    "bytes after its length": OK + b"Content-Length: 2\r\n\r\n[]" + build_response(b'"evil"'),
    "an unsolicited response": build_response(b"[]") + build_response(b'"evil"'),
}


@pytest.mark.parametrize("late", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("text", EXTRA.values(), ids=EXTRA.keys())
def test_excess_bytes_of_a_server_reach_no_client(text: bytes, late: bool) -> None:
    async def run() -> None:
        cut = text.rindex(b"HTTP/1.1 200")

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            first = True
            while True:
                await reader.readuntil(b"\r\n\r\n")
                if first and late:
                    writer.write(text[:cut])
                    await writer.drain()
                    await asyncio.sleep(0.1)
                    writer.write(text[cut:])
                else:
                    writer.write(text if first else build_response(b'"good"'))
                first = False

        async with run_proxy(script) as proxy:
            await proxy.get()
            await asyncio.sleep(0.3)
            assert b"evil" not in await proxy.get()

    asyncio.run(run())


def test_a_request_with_a_body_uses_a_new_connection_after_excess_bytes() -> None:
    async def run() -> None:
        received: list[bytes] = []
        connections = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            if connections > 1:
                await record_requests(build_response(b'"good"'), received)(reader, writer)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(build_response(b"[]"))
            await writer.drain()
            await asyncio.sleep(0.1)
            writer.write(build_response(b'"evil"'))
            await reader.read()

        async with run_proxy(script) as proxy:
            await proxy.get()
            await asyncio.sleep(0.3)
            response = await proxy.send(
                build_request("POST", "/x", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n")
            )
        assert response.endswith(b'"good"')
        assert received[0].endswith(b"\r\n\r\nhello")

    asyncio.run(run())


def test_error_messages_do_not_repeat_text_of_the_server() -> None:
    async def run() -> None:
        async with run_proxy(respond_with(OK + b"Set-Cookie: s3cr3t\0\r\n\r\n")) as proxy:
            assert b"s3cr3t" not in await proxy.get()
            assert "s3cr3t" not in repr(await proxy.build_report())

    asyncio.run(run())


def test_the_body_of_a_response_to_head_reaches_no_client() -> None:
    async def run() -> None:
        first = OK + b"Content-Length: 120\r\n\r\n" + build_response(b'"evil"')
        seen = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal seen
            while True:
                await reader.readuntil(b"\r\n\r\n")
                seen += 1
                writer.write(first if seen == 1 else build_response(b'"good"'))

        async with run_proxy(script) as proxy:
            assert b"evil" not in await proxy.send(build_request("HEAD", "/session"))
            assert b'"good"' in await proxy.get()

    asyncio.run(run())


CODED = b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: %s\r\n\r\n"
CHUNKS = b"2\r\nhi\r\n0\r\n\r\n"
REQUESTS = {
    "two lengths": b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a length and a coding": b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": CODED % b"chunked, chunked" + CHUNKS,
    "a coding after chunked": CODED % b"chunked, gzip" + CHUNKS,
    "a coding without chunks": CODED % b"gzip" + b"hi",
    "a coding before the chunks": CODED % b"gzip, chunked" + CHUNKS,
    "a coding before the chunks, in a field of its own": CODED % b"gzip\r\nTransfer-Encoding: chunked" + CHUNKS,
    "an unknown coding": CODED % b"odd, chunked" + CHUNKS,
    "NUL in a field": b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n",
    "a folded field": b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n more\r\n\r\n",
    "not HTTP": b"hello\r\n\r\n",
    "an invalid method": b"GE\tT /x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT": b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("text", REQUESTS.values(), ids=REQUESTS.keys())
def test_an_invalid_request_is_not_sent(text: bytes) -> None:
    async def run() -> None:
        received: list[bytes] = []
        async with run_proxy(record_requests(build_response(), received)) as proxy:
            response = await proxy.send(
                text.replace(b"Host: localhost\r\n", b"Host: localhost\r\nConnection: close\r\n")
            )
            assert response == b"" or response.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 501 "))
            assert b"Bad" in response or received == []
        assert received == []

    asyncio.run(run())


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"odd, chunked"])
def test_an_unsupported_transfer_coding_becomes_501(coding: bytes) -> None:
    """RFC 9112, 6.1. The proxy closes the connection afterwards."""

    async def run() -> None:
        async with run_proxy(respond_with(build_response())) as proxy:
            response = await proxy.send(CODED % coding + CHUNKS + build_request("GET", "/session"))
            assert response.startswith(b"HTTP/1.1 501 ") and b"it has a transfer coding other than chunked" in response
            assert response.count(b"HTTP/1.1") == 1
            assert proxy.server.connections == 0

    asyncio.run(run())


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b"\t chunked "])
def test_chunked_bodies_pass_in_both_directions(coding: bytes) -> None:
    async def run() -> None:
        received: list[bytes] = []
        async with run_proxy(
            record_requests(OK + b"Transfer-Encoding: %s\r\n\r\n" % coding + CHUNKS, received)
        ) as proxy:
            head = (CODED % coding).replace(b"Host:", b"Connection: close\r\nHost:")
            assert (await proxy.send(head + CHUNKS)).endswith(b"\r\n\r\n" + CHUNKS)
        assert received[0].endswith(b"\r\n\r\nhi")

    asyncio.run(run())


def test_an_invalid_chunk_of_a_request_is_a_client_error() -> None:
    async def run() -> None:
        received: list[bytes] = []
        async with run_proxy(record_requests(build_response(), received)) as proxy:
            text = build_request("POST", "/x", "Transfer-Encoding: chunked", body=b"2\r\nhi\r\nzz\r\n\r\n")
            response = await proxy.send(text)
            assert response == b"" or response.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
            assert (await proxy.read_counts())["upstream failures"] == 0
        assert not any(b"hi" in diagnostic for diagnostic in received)

    asyncio.run(run())


def test_an_upgrade_to_http_2_is_not_forwarded() -> None:
    async def run() -> None:
        received: list[bytes] = []
        async with run_proxy(record_requests(build_response(), received)) as proxy:
            text = build_request("GET", "/x", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
            response = await proxy.send(
                text.replace(b"Connection: close", b"Connection: close, Upgrade, HTTP2-Settings")
            )
        assert response.startswith(b"HTTP/1.1 200 ")
        assert b"h2c" not in received[0] and b"HTTP2-Settings" not in received[0]

    asyncio.run(run())


def test_a_websocket_becomes_501() -> None:
    async def run() -> None:
        received: list[bytes] = []
        async with run_proxy(record_requests(build_response(), received)) as proxy:
            fields = ("Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
            response = await proxy.send(
                build_request("GET", "/pty", *fields).replace(b"Connection: close", b"Connection: upgrade"), 2
            )
        assert response.startswith(b"HTTP/1.1 501 ") and b"WebSockets are not forwarded" in response
        assert received == []

    asyncio.run(run())


def test_a_foreign_host_name_is_rejected() -> None:
    async def run() -> None:
        received: list[bytes] = []
        async with run_proxy(record_requests(build_response(), received)) as proxy:
            for target in ("/session", "/__wirelock/", "/__wirelock/events"):
                text = build_request("GET", target).replace(b"Host: localhost", b"Host: evil.example:4097")
                assert (await proxy.send(text)).startswith(b"HTTP/1.1 421 ")
        assert received == []

    asyncio.run(run())


def test_a_server_that_is_down_is_counted() -> None:
    async def run() -> None:
        async with run_proxy(respond_with(b"")) as proxy:
            pass
        async with run_proxy(respond_with(b"")) as proxy:
            object.__setattr__(proxy.proxy.upstream, "url", "http://127.0.0.1:1")
            response = await proxy.get()
            assert response.startswith(b"HTTP/1.1 502 ") and b"no response from the server" in response
            report = await proxy.build_report()
        assert report.exit_code == 2
        messages = {diagnostic.code.id: diagnostic.message for diagnostic in report.diagnostics}
        assert messages.keys() == {"UPSTREAM_FAILED", "NOTHING_CHECKED"}
        message = "nothing was checked: received 1 request, none of the documented ones has a response"
        assert messages["NOTHING_CHECKED"] == message

    asyncio.run(run())


# cleanup


async def wait_until_released(tasks: int, files: int) -> tuple[int, int]:
    """Wait until no more than these tasks and descriptors are left, or six seconds; return the numbers."""
    for _ in range(60):
        gc.collect()
        if len(asyncio.all_tasks()) <= tasks and len(list(DESCRIPTORS.iterdir())) <= files:
            break
        await asyncio.sleep(0.1)
    return len(asyncio.all_tasks()), len(list(DESCRIPTORS.iterdir()))


def send_event() -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Type: text/event-stream\r\n\r\ndata: {}\n\n")
        await reader.read()

    return script


@pytest.mark.long
@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="descriptors can be counted on Linux only")
@pytest.mark.parametrize("when", ["waiting for the response", "in a stream", "in the request"])
def test_a_thousand_disconnects_leave_no_tasks_and_descriptors(when: str) -> None:
    async def run() -> None:
        async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with run_proxy(send_event() if when == "in a stream" else stay_silent) as proxy:
            tasks, files = len(asyncio.all_tasks()), len(list(DESCRIPTORS.iterdir()))
            text = build_request("GET", "/event")
            if when == "in the request":
                text = build_request("POST", "/session", "Content-Length: 1000", body=b"{")

            async def disconnect() -> None:
                reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                writer.write(text)
                if when == "in a stream":
                    await reader.readuntil(b"data: {}\n\n")
                else:
                    await asyncio.sleep(0.01)
                writer.transport.abort()

            for _ in range(20):
                await asyncio.gather(*(disconnect() for _ in range(50)))
            assert await wait_until_released(tasks, files) <= (tasks, files)
            assert (await proxy.read_counts())["requests"] == 1000

    asyncio.run(run())


def test_a_client_disconnect_ends_its_request_at_the_server_within_a_second() -> None:
    async def run() -> None:
        gone = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await reader.read()
            gone.set()

        async with run_proxy(script) as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(build_request("GET", "/event"))
            await asyncio.sleep(0.2)
            writer.transport.abort()
            await asyncio.wait_for(gone.wait(), 1)

    asyncio.run(run())
