"""Event streams are checked event by event, and end at a violation in mode "enforce"."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from pathlib import Path

import pytest
from running_proxy import RunningProxy, Script, build_request, respond_with, run_proxy

from wirelock.api.proxy import Mode
from wirelock.serve.net import connections
from wirelock.traffic.http.body_buffer import BodyBuffer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
GOOD, BAD = b'id: 1\ndata: {"n": 1}\n\n', b'data: {"n": "one"}\n\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project with one streaming method."""
    root = tmp_path_factory.mktemp("streams")
    (root / "wirelock.toml").write_text('package = "stream_api"\n')
    schemas = root / "schemas/event"
    schemas.mkdir(parents=True)
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    event = {**dialect, "type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    (schemas / "event.schema.json").write_text(json.dumps(event))
    (schemas / "ask.schema.json").write_text(json.dumps({**dialect, "type": "object", "properties": {}}))
    method = {"request": "ask.schema.json", "response": "event.schema.json", "http": {"get": "/event"}, "stream": "sse"}
    (schemas / "event.service.json").write_text(json.dumps({"service": "EventService", "methods": {"Follow": method}}))
    return root


def send_pieces(*texts: bytes, head: bytes = HEAD) -> Script:
    """Return a script that sends a stream in these pieces."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"\r\n")
        for text in texts:
            writer.write(text)
            await writer.drain()
            await asyncio.sleep(0.02)

    return script


def decode_chunked(chunked: bytes) -> bytes:
    """Return the decoded bytes of a chunked body, which may be truncated."""
    _, _, rest = chunked.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    return body


def test_each_event_is_checked_and_equal_findings_are_grouped(folder: Path) -> None:
    async def run() -> None:
        text = [GOOD, BAD, BAD, GOOD[:9], GOOD[9:], BAD * 20]
        async with run_proxy(send_pieces(*text), folder=folder) as proxy:
            assert decode_chunked(await proxy.get("/event")) == b"".join(text)
            report = await proxy.build_report()
        violations = [diagnostic for diagnostic in report.diagnostics if diagnostic.code.id == "VIOLATION"]
        assert [(diagnostic.occurrences, diagnostic.location.pointer) for diagnostic in violations] == [(22, "/n")]
        assert violations[0].exchange is not None and violations[0].exchange.event == 1
        assert report.summary["exchanges"]["stream"] == 1 == report.summary["exchanges"]["total"]

    asyncio.run(run())


def test_an_event_is_checked_before_the_stream_ends(folder: Path) -> None:
    async def run() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await send_pieces(BAD)(reader, writer)
            await reader.read()

        async with run_proxy(script, folder=folder) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(build_request("GET", "/event"))
            await reader.readuntil(b"one")
            report = await wait_for_violations(proxy)
            assert {diagnostic.code.id for diagnostic in report} == {"VIOLATION"}
            writer.close()

    asyncio.run(run())


async def wait_for_violations(proxy: RunningProxy) -> list[object]:
    for _ in range(100):
        if violations := (await proxy.build_report()).diagnostics:
            return [diagnostic for diagnostic in violations if diagnostic.code.id == "VIOLATION"]
        await asyncio.sleep(0.02)
    raise AssertionError("no violation was found")


def test_a_compressed_stream_is_checked(folder: Path) -> None:
    async def run() -> None:
        text = gzip.compress(GOOD + BAD)
        async with run_proxy(send_pieces(text, head=HEAD + b"Content-Encoding: gzip\r\n"), folder=folder) as proxy:
            assert decode_chunked(await proxy.get("/event")) == text
            assert {diagnostic.code.id for diagnostic in (await proxy.build_report()).diagnostics} == {"VIOLATION"}

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_a_compressed_stream_is_not_decoded_again_for_each_event(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding the whole stream for each event would block the event loop longer and longer."""
    decoded: list[int] = []
    decode_once = BodyBuffer.decode

    def decode(buffer: BodyBuffer) -> bytes | None:
        decoded.append(buffer.size)
        return decode_once(buffer)

    monkeypatch.setattr(BodyBuffer, "decode", decode)
    packer = zlib.compressobj(wbits=31)
    text = [packer.compress(GOOD) + packer.flush(zlib.Z_SYNC_FLUSH) for _ in range(20)]

    async def run() -> None:
        head = HEAD + b"Content-Encoding: gzip\r\n"
        async with run_proxy(send_pieces(*text, packer.flush(), head=head), mode, folder=folder) as proxy:
            await proxy.get("/event")
            report = await proxy.build_report()
        assert report.summary["round trips"] == {"total": 21, "equal": 21, "lossy": 0, "failed": 0}, (
            "the events and the request"
        )
        assert report.diagnostics == ()
        assert sum(size > len(text[0]) for size in decoded) <= 1, "once, at the end"

    asyncio.run(run())


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        ([gzip.compress(GOOD), gzip.compress(BAD)], "gzip"),
        ([gzip.compress(GOOD) + b"\xff", BAD], "gzip"),
        ([gzip.compress(GOOD)[:-8]], "gzip"),
        ([b"(\xb5/\xfd", BAD], "zstd"),
    ],
)
def test_enforce_ends_a_stream_that_cannot_be_decoded(folder: Path, text: list[bytes], coding: str) -> None:
    async def run() -> None:
        head = HEAD + f"Content-Encoding: {coding}\r\n".encode()
        async with run_proxy(send_pieces(*text, head=head), "enforce", folder=folder) as proxy:
            response = await proxy.get("/event")
            assert not response.endswith(b"0\r\n\r\n") and not any(piece in response for piece in text[1:])
            assert (await proxy.read_counts())["refused"] == 1
            assert (await proxy.get("/elsewhere")).endswith(b"0\r\n\r\n"), "no service describes it"

    asyncio.run(run())


@pytest.mark.parametrize(
    "text",
    [[GOOD, BAD, GOOD], [GOOD, BAD[:9], BAD[9:], GOOD], [GOOD + BAD[:-1], BAD[-1:] + GOOD]],
    ids=["one piece", "two pieces", "at the end"],
)
def test_enforce_ends_a_stream_before_the_violating_event(folder: Path, text: list[bytes]) -> None:
    async def run() -> None:
        async with run_proxy(send_pieces(*text), "enforce", folder=folder) as proxy:
            response = await proxy.get("/event")
            report = await proxy.build_report()
        assert b"one" not in response
        assert not response.endswith(b"0\r\n\r\n")
        assert decode_chunked(response) in (GOOD, b"")
        assert report.summary["proxy"]["refused"] == 1 and report.exit_code == 1

    asyncio.run(run())


def test_enforce_forwards_a_conforming_stream(folder: Path) -> None:
    async def run() -> None:
        text = [b": hello\n\n", GOOD, GOOD[:5], GOOD[5:] + b": end"]
        async with run_proxy(send_pieces(*text), "enforce", folder=folder) as proxy:
            response = await proxy.get("/event")
        assert decode_chunked(response) == b"".join(text) and response.endswith(b"0\r\n\r\n")

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_an_endless_event_is_not_buffered(mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirelock.serve.proxy.in_flight.MAX_BODY_BYTES", 10_000)
    monkeypatch.setattr("wirelock.serve.proxy.forward.MAX_BODY_BYTES", 10_000)

    async def run() -> None:
        text = HEAD + b"\r\ndata: " + b"x" * 1_000_000 + b"\n\n" + GOOD
        async with run_proxy(respond_with(text), mode, folder=folder) as proxy:
            assert decode_chunked(await proxy.get("/event")) == text.partition(b"\r\n\r\n")[2]
            assert (await proxy.read_counts())["streams given up"] == 1

    asyncio.run(run())


def test_open_streams_do_not_block_calls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MAX_CALLS", 2)
    monkeypatch.setattr(connections, "MAX_STREAMS", 3)
    monkeypatch.setattr(connections, "QUEUE_SECONDS", 0.2)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /event"):
            writer.write(HEAD + b"\r\n" + GOOD)
        if not head.startswith(b"GET /fine"):
            await reader.read()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")

    async def run() -> None:
        async with run_proxy(script, folder=folder) as proxy:
            writers = []
            for _ in range(3):
                reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
                writer.write(build_request("GET", "/event"))
                await reader.readuntil(GOOD)
                writers.append(writer)
            assert (await proxy.get("/event")).startswith(b"HTTP/1.1 503 ")
            assert (await proxy.get("/fine")).endswith(b"fine")
            hung = [asyncio.ensure_future(proxy.get("/hangs")) for _ in range(2)]
            await asyncio.sleep(0.1)
            assert (await proxy.get("/fine")).startswith(b"HTTP/1.1 503 ")
            for waiting in hung:
                waiting.cancel()
            await asyncio.gather(*hung, return_exceptions=True)
            for writer in writers:
                writer.close()
            await asyncio.sleep(0.1)
            assert (await proxy.get("/fine")).endswith(b"fine")

    asyncio.run(run())


def test_findings_of_a_stream_stay_in_its_row(folder: Path) -> None:
    async def run() -> None:
        async with run_proxy(send_pieces(BAD, *[GOOD] * 3, BAD, GOOD), folder=folder) as proxy:
            await proxy.get("/event")
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(build_request("GET", "/__wirelock/events"))
            await reader.readuntil(b"event: exchange\ndata: ")
            row = json.loads(await reader.readline())
            writer.close()
        assert row["outcome"] == "stream" and row["rpc"] == "EventService.Follow"
        assert [(diagnostic["level"], diagnostic["code"]) for diagnostic in row["findings"]] == [("error", "VIOLATION")]

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_findings_in_events_do_not_show_our_credentials(
    folder: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRELOCK_UPSTREAM_TOKEN", "hunter2secret")

    async def run() -> None:
        async with run_proxy(send_pieces(b'data: {"n":"hunter2secret"}\n\n'), mode, folder=folder) as proxy:
            await proxy.get("/event")
            report = await proxy.build_report()
        parts = {diagnostic.exchange.part for diagnostic in report.diagnostics if diagnostic.exchange}
        assert parts == {"event"} and "[redacted]" in repr(report) and "hunter" not in repr(report)

    asyncio.run(run())
