"""Servers and clients that do not keep to HTTP: 502, 400 or a closed connection, never somebody else's bytes."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest
from stage import Script, answer, answers, keeps, request, stage

DESCRIPTORS = Path("/proc/self/fd")
OK = b"HTTP/1.1 200 OK\r\n"
WRONG = {
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": OK + b"Content-Length: 2, 3\r\n\r\nabc",
    "a length below nothing": OK + b"Content-Length: -1\r\n\r\nabc",
    "a length and a coding": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a coding before the chunks": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a coding before the chunks, in a field of its own": OK
    + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a coding up to the end": OK + b"Transfer-Encoding: gzip\r\n\r\nhi",
    "a coding that does nothing": OK + b"Transfer-Encoding: identity\r\n\r\nhi",
    "chunks within chunks": OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "a coding with a parameter": OK + b"Transfer-Encoding: chunked;a=b\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "NUL in a field": OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\nhi",
    "a bare CR in a field": OK + b"X-A: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nhi",
    "a length with a fold in it": OK + b"Content-Length: 2\r\n 0\r\n\r\nhi",
    "a coding with a fold in it": OK + b"Transfer-Encoding: chu\r\n nked\r\nContent-Length: 2\r\n\r\nhi",
    "a folded coding and a length": OK
    + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    "bytes that are no UTF-8": OK + b"X-A: \xff\xfe\r\nContent-Length: 2\r\n\r\nhi",
    "a protocol changed": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhi",
    "no HTTP": b"<html>hello</html>\r\n\r\n",
    "no status": b"HTTP/1.1 ok\r\n\r\n",
    "nothing": b"",
    "half a head": OK + b"Content-Le",
    "a field of a mebibyte": OK + b"X-A: " + b"a" * 2**20 + b"\r\n\r\n",
}
TWO = b"\r\nContent-Length: 2"
FOLDED = {
    "a field": (b"X-A: 1\r\n more: 2" + TWO, b"X-A: 1 more: 2" + TWO),
    "a field with nothing before the fold": (b"X-A:\r\n 1\r\n 2" + TWO, b"X-A: 1 2" + TWO),
    "a length behind a fold": (b"X-A: 1\r\n Content-Length: 50" + TWO, b"X-A: 1 Content-Length: 50" + TWO),
    "a cookie behind a fold": (b"X-A: 1\r\n Set-Cookie: a=b" + TWO, b"X-A: 1 Set-Cookie: a=b" + TWO),
    "a coding behind a fold": (
        b"X-A: 1\r\n Transfer-Encoding: chunked" + TWO, b"X-A: 1 Transfer-Encoding: chunked" + TWO,
    ),
    "a fold that looks like an end": (b"X-A: 1\r\n " + TWO, b"X-A: 1" + TWO),
    "a folded length": (b"Content-Length:\r\n 2", b"Content-Length: 2"),
    "a folded list of what ends here": (b"Connection:\r\n X-B\r\nX-B: 1" + TWO, TWO[2:]),
}  # fmt: skip
BROKEN = {
    "a short body": OK + b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n[1",
    "a bad size of a chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\nxx\r\n0\r\n\r\n",
    "a chunk longer than its size": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhiXX\r\n0\r\n\r\n",
    "chunks that do not end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_answer_becomes_502(text: bytes) -> None:
    async def run() -> None:
        async with stage(answers(text)) as on:
            got = await on.get()
            assert got.startswith(b"HTTP/1.1 502 "), got
            assert b"application/problem+json" in got
            report = await on.report()
        assert report.summary["proxy"]["upstream failures"] == 1
        assert "UPSTREAM_FAILED" in {one.code.id for one in report.diagnostics}
        assert report.exit_code == 2

    asyncio.run(run())


@pytest.mark.parametrize(("fields", "passed"), FOLDED.values(), ids=FOLDED.keys())
def test_a_folded_field_is_unfolded(fields: bytes, passed: bytes) -> None:
    """RFC 9112, 5.2: a proxy replaces the fold with spaces; what stands behind it is no field of its own."""

    async def run() -> None:
        async with stage(answers(OK + fields + b"\r\n\r\nhi" + answer(b'"evil"'))) as on:
            assert await on.get() == OK + passed + b"\r\nConnection: close\r\n\r\nhi"

    asyncio.run(run())


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_half_an_answer_is_never_taken_for_a_whole_one(text: bytes) -> None:
    async def run() -> None:
        async with stage(answers(text)) as on:
            got = await on.get()
            report = await on.report()
        head, _, body = got.partition(b"\r\n\r\n")
        assert not head or head.startswith(b"HTTP/1.1 502 ") or not body.endswith(b"0\r\n\r\n")
        assert not head or b"content-length: 9" not in head.lower() or len(body) < 9
        assert report.summary["proxy"]["upstream failures"] == 1

    asyncio.run(run())


EXTRA = {
    "a body after 204": b"HTTP/1.1 204 No Content\r\n\r\n" + answer(b'"evil"'),
    "a body after 304": b"HTTP/1.1 304 Not Modified\r\n\r\n" + answer(b'"evil"'),
    "more than its length": OK + b"Content-Length: 2\r\n\r\n[]" + answer(b'"evil"'),
    "an answer nobody asked for": answer(b"[]") + answer(b'"evil"'),
}


@pytest.mark.parametrize("late", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("text", EXTRA.values(), ids=EXTRA.keys())
def test_what_a_server_sends_too_much_reaches_nobody(text: bytes, late: bool) -> None:
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
                    writer.write(text if first else answer(b'"good"'))
                first = False

        async with stage(script) as on:
            await on.get()
            await asyncio.sleep(0.3)
            assert b"evil" not in await on.get()

    asyncio.run(run())


def test_a_request_with_a_body_takes_another_connection_then() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        connections = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            if connections > 1:
                await keeps(answer(b'"good"'), kept)(reader, writer)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(b"[]"))
            await writer.drain()
            await asyncio.sleep(0.1)
            writer.write(answer(b'"evil"'))
            await reader.read()

        async with stage(script) as on:
            await on.get()
            await asyncio.sleep(0.3)
            got = await on.send(request("POST", "/x", "Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"))
        assert got.endswith(b'"good"')
        assert kept[0].endswith(b"\r\n\r\nhello")

    asyncio.run(run())


def test_what_a_server_sent_is_not_repeated_in_words() -> None:
    async def run() -> None:
        async with stage(answers(OK + b"Set-Cookie: s3cr3t\0\r\n\r\n")) as on:
            assert b"s3cr3t" not in await on.get()
            assert "s3cr3t" not in repr(await on.report())

    asyncio.run(run())


def test_a_head_with_a_body_reaches_nobody() -> None:
    async def run() -> None:
        first = OK + b"Content-Length: 120\r\n\r\n" + answer(b'"evil"')
        seen = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal seen
            while True:
                await reader.readuntil(b"\r\n\r\n")
                seen += 1
                writer.write(first if seen == 1 else answer(b'"good"'))

        async with stage(script) as on:
            assert b"evil" not in await on.send(request("HEAD", "/session"))
            assert b'"good"' in await on.get()

    asyncio.run(run())


CODED = b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: %s\r\n\r\n"
CHUNKS = b"2\r\nhi\r\n0\r\n\r\n"
REQUESTS = {
    "two lengths": b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "a length and a coding": b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks within chunks": CODED % b"chunked, chunked" + CHUNKS,
    "a coding behind the chunks": CODED % b"chunked, gzip" + CHUNKS,
    "a coding without chunks": CODED % b"gzip" + b"hi",
    "a coding before the chunks": CODED % b"gzip, chunked" + CHUNKS,
    "a coding before the chunks, in a field of its own": CODED % b"gzip\r\nTransfer-Encoding: chunked" + CHUNKS,
    "a coding that nobody knows": CODED % b"odd, chunked" + CHUNKS,
    "NUL in a field": b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n",
    "a folded field": b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n more\r\n\r\n",
    "no HTTP": b"hello\r\n\r\n",
    "an odd method": b"GE\tT /x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT": b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("text", REQUESTS.values(), ids=REQUESTS.keys())
def test_what_is_no_request_is_not_sent(text: bytes) -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(answer(), kept)) as on:
            got = await on.send(text.replace(b"Host: localhost\r\n", b"Host: localhost\r\nConnection: close\r\n"))
            assert got == b"" or got.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4", b"HTTP/1.1 501 "))
            assert b"Bad" in got or kept == []
        assert kept == []

    asyncio.run(run())


@pytest.mark.parametrize("coding", [b"gzip, chunked", b"odd, chunked"])
def test_a_transfer_coding_that_would_be_lost_is_not_implemented(coding: bytes) -> None:
    """RFC 9112, 6.1; and nothing more is read from this connection."""

    async def run() -> None:
        async with stage(answers(answer())) as on:
            got = await on.send(CODED % coding + CHUNKS + request("GET", "/session"))
            assert got.startswith(b"HTTP/1.1 501 ") and b"it has a transfer coding other than chunked" in got
            assert got.count(b"HTTP/1.1") == 1
            assert on.server.connections == 0

    asyncio.run(run())


@pytest.mark.parametrize("coding", [b"chunked", b"Chunked", b"\t chunked "])
def test_chunks_alone_pass_both_ways(coding: bytes) -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(OK + b"Transfer-Encoding: %s\r\n\r\n" % coding + CHUNKS, kept)) as on:
            asked = (CODED % coding).replace(b"Host:", b"Connection: close\r\nHost:")
            assert (await on.send(asked + CHUNKS)).endswith(b"\r\n\r\n" + CHUNKS)
        assert kept[0].endswith(b"\r\n\r\nhi")

    asyncio.run(run())


def test_a_bad_chunk_of_a_request_is_the_clients_fault() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(answer(), kept)) as on:
            text = request("POST", "/x", "Transfer-Encoding: chunked", body=b"2\r\nhi\r\nzz\r\n\r\n")
            got = await on.send(text)
            assert got == b"" or got.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
            assert (await on.counts())["upstream failures"] == 0
        assert not any(b"hi" in one for one in kept)

    asyncio.run(run())


def test_an_upgrade_to_http_2_is_not_taken_up() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(answer(), kept)) as on:
            text = request("GET", "/x", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")
            got = await on.send(text.replace(b"Connection: close", b"Connection: close, Upgrade, HTTP2-Settings"))
        assert got.startswith(b"HTTP/1.1 200 ")
        assert b"h2c" not in kept[0] and b"HTTP2-Settings" not in kept[0]

    asyncio.run(run())


def test_a_websocket_is_refused_with_words() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(answer(), kept)) as on:
            fields = ("Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
            got = await on.send(
                request("GET", "/pty", *fields).replace(b"Connection: close", b"Connection: upgrade"), 2
            )
        assert got.startswith(b"HTTP/1.1 501 ") and b"WebSockets are not passed on" in got
        assert kept == []

    asyncio.run(run())


def test_a_name_of_somebody_elses_dns_is_refused() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(answer(), kept)) as on:
            for target in ("/session", "/__wirelock/", "/__wirelock/events"):
                text = request("GET", target).replace(b"Host: localhost", b"Host: evil.example:4097")
                assert (await on.send(text)).startswith(b"HTTP/1.1 421 ")
        assert kept == []

    asyncio.run(run())


def test_a_server_that_is_down_is_counted() -> None:
    async def run() -> None:
        async with stage(answers(b"")) as on:
            pass
        async with stage(answers(b"")) as on:
            object.__setattr__(on.proxy.upstream, "url", "http://127.0.0.1:1")
            got = await on.get()
            assert got.startswith(b"HTTP/1.1 502 ") and b"no answer of the server" in got
            report = await on.report()
        assert report.exit_code == 2
        said = {one.code.id: one.message for one in report.diagnostics}
        assert said.keys() == {"UPSTREAM_FAILED", "NOTHING_CHECKED"}
        words = "nothing was checked: 1 request came, the server answered none that a service describes"
        assert said["NOTHING_CHECKED"] == words

    asyncio.run(run())


# nothing is left over


async def resting(tasks: int, files: int) -> tuple[int, int]:
    """The tasks and descriptors when they have come down to these, or after a while."""
    for _ in range(60):
        gc.collect()
        if len(asyncio.all_tasks()) <= tasks and len(list(DESCRIPTORS.iterdir())) <= files:
            break
        await asyncio.sleep(0.1)
    return len(asyncio.all_tasks()), len(list(DESCRIPTORS.iterdir()))


def events() -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"Content-Type: text/event-stream\r\n\r\ndata: {}\n\n")
        await reader.read()

    return script


@pytest.mark.skipif(not DESCRIPTORS.is_dir(), reason="descriptors are counted where Linux shows them")
@pytest.mark.parametrize("when", ["while it waits", "in a stream", "in its own request"])
def test_a_thousand_disconnects_leave_nothing(when: str) -> None:
    async def run() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        async with stage(events() if when == "in a stream" else silent) as on:
            tasks, files = len(asyncio.all_tasks()), len(list(DESCRIPTORS.iterdir()))
            text = request("GET", "/event")
            if when == "in its own request":
                text = request("POST", "/session", "Content-Length: 1000", body=b"{")

            async def once() -> None:
                reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
                writer.write(text)
                if when == "in a stream":
                    await reader.readuntil(b"data: {}\n\n")
                else:
                    await asyncio.sleep(0.01)
                writer.transport.abort()

            for _ in range(20):
                await asyncio.gather(*(once() for _ in range(50)))
            assert await resting(tasks, files) <= (tasks, files)
            assert (await on.counts())["requests"] == 1000

    asyncio.run(run())


def test_a_client_that_goes_ends_its_request_at_the_server_within_a_second() -> None:
    async def run() -> None:
        gone = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await reader.read()
            gone.set()

        async with stage(script) as on:
            _, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(request("GET", "/event"))
            await asyncio.sleep(0.2)
            writer.transport.abort()
            await asyncio.wait_for(gone.wait(), 1)

    asyncio.run(run())
