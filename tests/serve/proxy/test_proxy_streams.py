"""Event streams are held event by event while they pass, and end where `--mode enforce` finds a fault."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from pathlib import Path

import pytest
from stage import Script, Stage, answers, request, stage

from wirelock.api.proxy import Mode
from wirelock.serve.net import connections
from wirelock.traffic.http.body_buffer import Collected

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
GOOD, BAD = b'id: 1\ndata: {"n": 1}\n\n', b'data: {"n": "one"}\n\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one method, which streams."""
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


def pieces(*texts: bytes, head: bytes = HEAD) -> Script:
    """A server that sends a stream in these pieces, each for itself."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"\r\n")
        for text in texts:
            writer.write(text)
            await writer.drain()
            await asyncio.sleep(0.02)

    return script


def plain(chunked: bytes) -> bytes:
    """A body without its chunks, as far as it goes."""
    _, _, rest = chunked.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    return body


def test_each_event_is_held_and_one_kind_is_one_finding(folder: Path) -> None:
    async def run() -> None:
        text = [GOOD, BAD, BAD, GOOD[:9], GOOD[9:], BAD * 20]
        async with stage(pieces(*text), folder=folder) as on:
            assert plain(await on.get("/event")) == b"".join(text)
            report = await on.report()
        found = [one for one in report.diagnostics if one.code.id == "VIOLATION"]
        assert [(one.times, one.where.pointer) for one in found] == [(22, "/n")]
        assert found[0].exchange is not None and found[0].exchange.event == 1
        assert report.summary["exchanges"]["stream"] == 1 == report.summary["exchanges"]["total"]

    asyncio.run(run())


def test_an_event_is_judged_before_the_stream_ends(folder: Path) -> None:
    async def run() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await pieces(BAD)(reader, writer)
            await reader.read()

        async with stage(script, folder=folder) as on:
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(request("GET", "/event"))
            await reader.readuntil(b"one")
            report = await until_found(on)
            assert {one.code.id for one in report} == {"VIOLATION"}
            writer.close()

    asyncio.run(run())


async def until_found(on: Stage) -> list[object]:
    for _ in range(100):
        if found := (await on.report()).diagnostics:
            return [one for one in found if one.code.id == "VIOLATION"]
        await asyncio.sleep(0.02)
    raise AssertionError("nothing was found")


def test_a_compressed_stream_is_held_too(folder: Path) -> None:
    async def run() -> None:
        text = gzip.compress(GOOD + BAD)
        async with stage(pieces(text, head=HEAD + b"Content-Encoding: gzip\r\n"), folder=folder) as on:
            assert plain(await on.get("/event")) == text
            assert {one.code.id for one in (await on.report()).diagnostics} == {"VIOLATION"}

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_what_is_kept_of_a_compressed_stream_is_not_decoded_anew_at_each_event(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take longer the more has come, while nothing else passes."""
    decoded: list[int] = []
    real = Collected.content

    def content(collected: Collected) -> bytes | None:
        decoded.append(collected.size)
        return real(collected)

    monkeypatch.setattr(Collected, "content", content)
    packer = zlib.compressobj(wbits=31)
    text = [packer.compress(GOOD) + packer.flush(zlib.Z_SYNC_FLUSH) for _ in range(20)]

    async def run() -> None:
        head = HEAD + b"Content-Encoding: gzip\r\n"
        async with stage(pieces(*text, packer.flush(), head=head), mode, folder=folder) as on:
            await on.get("/event")
            report = await on.report()
        assert report.summary["round trips"] == {"total": 21, "equal": 21, "lossy": 0, "failed": 0}, (
            "each, and the request"
        )
        assert report.diagnostics == ()
        assert sum(size > len(text[0]) for size in decoded) <= 1, "once, at its end"

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
def test_enforced_a_stream_ends_where_nobody_can_read_it(folder: Path, text: list[bytes], coding: str) -> None:
    async def run() -> None:
        head = HEAD + f"Content-Encoding: {coding}\r\n".encode()
        async with stage(pieces(*text, head=head), "enforce", folder=folder) as on:
            got = await on.get("/event")
            assert not got.endswith(b"0\r\n\r\n") and not any(piece in got for piece in text[1:])
            assert (await on.counts())["refused"] == 1
            assert (await on.get("/elsewhere")).endswith(b"0\r\n\r\n"), "nobody describes it"

    asyncio.run(run())


@pytest.mark.parametrize(
    "text",
    [[GOOD, BAD, GOOD], [GOOD, BAD[:9], BAD[9:], GOOD], [GOOD + BAD[:-1], BAD[-1:] + GOOD]],
    ids=["whole", "in two", "at the end"],
)
def test_enforced_a_stream_ends_before_the_event_at_fault(folder: Path, text: list[bytes]) -> None:
    async def run() -> None:
        async with stage(pieces(*text), "enforce", folder=folder) as on:
            got = await on.get("/event")
            report = await on.report()
        assert b"one" not in got
        assert not got.endswith(b"0\r\n\r\n")
        assert plain(got) in (GOOD, b"")
        assert report.summary["proxy"]["refused"] == 1 and report.exit_code == 1

    asyncio.run(run())


def test_enforced_a_good_stream_passes_whole_and_at_once(folder: Path) -> None:
    async def run() -> None:
        text = [b": hello\n\n", GOOD, GOOD[:5], GOOD[5:] + b": end"]
        async with stage(pieces(*text), "enforce", folder=folder) as on:
            got = await on.get("/event")
        assert plain(got) == b"".join(text) and got.endswith(b"0\r\n\r\n")

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_an_event_without_end_is_not_kept_without_end(
    mode: Mode, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wirelock.serve.proxy.in_flight.MOST", 10_000)
    monkeypatch.setattr("wirelock.serve.proxy.forward.MOST", 10_000)

    async def run() -> None:
        text = HEAD + b"\r\ndata: " + b"x" * 1_000_000 + b"\n\n" + GOOD
        async with stage(answers(text), mode, folder=folder) as on:
            assert plain(await on.get("/event")) == text.partition(b"\r\n\r\n")[2]
            assert (await on.counts())["streams given up"] == 1

    asyncio.run(run())


def test_open_streams_hold_up_no_call(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    monkeypatch.setattr(connections, "MOST_STREAMS", 3)
    monkeypatch.setattr(connections, "PATIENCE", 0.2)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        if asked.startswith(b"GET /event"):
            writer.write(HEAD + b"\r\n" + GOOD)
        if not asked.startswith(b"GET /fine"):
            await reader.read()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")

    async def run() -> None:
        async with stage(script, folder=folder) as on:
            writers = []
            for _ in range(3):
                reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
                writer.write(request("GET", "/event"))
                await reader.readuntil(GOOD)
                writers.append(writer)
            assert (await on.get("/event")).startswith(b"HTTP/1.1 503 ")
            assert (await on.get("/fine")).endswith(b"fine")
            hung = [asyncio.ensure_future(on.get("/hangs")) for _ in range(2)]
            await asyncio.sleep(0.1)
            assert (await on.get("/fine")).startswith(b"HTTP/1.1 503 ")
            for waiting in hung:
                waiting.cancel()
            await asyncio.gather(*hung, return_exceptions=True)
            for writer in writers:
                writer.close()
            await asyncio.sleep(0.1)
            assert (await on.get("/fine")).endswith(b"fine")

    asyncio.run(run())


def test_what_was_found_in_a_stream_stays_on_the_page_while_more_comes(folder: Path) -> None:
    async def run() -> None:
        async with stage(pieces(BAD, *[GOOD] * 3, BAD, GOOD), folder=folder) as on:
            await on.get("/event")
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(request("GET", "/__wirelock/events"))
            await reader.readuntil(b"event: exchange\ndata: ")
            row = json.loads(await reader.readline())
            writer.close()
        assert row["outcome"] == "stream" and row["rpc"] == "EventService.Follow"
        assert [(one["level"], one["code"]) for one in row["findings"]] == [("error", "VIOLATION")]

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_findings_in_events_do_not_show_our_credentials(
    folder: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRELOCK_UPSTREAM_TOKEN", "hunter2secret")

    async def run() -> None:
        async with stage(pieces(b'data: {"n":"hunter2secret"}\n\n'), mode, folder=folder) as on:
            await on.get("/event")
            report = await on.report()
        parts = {one.exchange.part for one in report.diagnostics if one.exchange}
        assert parts == {"event"} and "[redacted]" in repr(report) and "hunter" not in repr(report)

    asyncio.run(run())
