"""What passes, passes as it is: targets, header fields, bodies and event streams, both ways."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import time
from pathlib import Path

import pytest
from stage import SESSION, answer, answers, keeps, request, stage

from wirelock.serve.proxy import memory_budget


def head_of(text: bytes) -> list[bytes]:
    return text.partition(b"\r\n\r\n")[0].split(b"\r\n")


@pytest.mark.parametrize(
    "target",
    ["/session", "//a/../b", "/a%2Fb/%7e/%zz", "/a;b=c:d@e", "/s?q=%20+&&a=1&a=2", "/s?directory=/tmp/a%20b", "/%FF"],
)
def test_a_target_passes_as_it_was_sent(target: str) -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(answer(), kept)) as on:
            assert (await on.get(target)).startswith(b"HTTP/1.1 200 OK\r\n")
            assert head_of(kept[0])[0] == f"GET {target} HTTP/1.1".encode()

    asyncio.run(run())


@pytest.mark.parametrize("target", ["http://elsewhere.example/session", "http://elsewhere.example:1/session"])
def test_an_absolute_address_never_dials_elsewhere(target: str) -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(answer(), kept)) as on:
            assert (await on.get(target)).startswith(b"HTTP/1.1 200 OK\r\n")
            assert head_of(kept[0])[0] == b"GET /session HTTP/1.1"
            assert f"Host: 127.0.0.1:{on.server.port}".encode() in head_of(kept[0])

    asyncio.run(run())


def test_header_fields_pass_but_for_those_of_one_connection() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        response = answer(
            b"[]",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            "X-Odd: \t ok ",
            "Keep-Alive: 5",
            "X-Hop: 1",
            "Connection: x-hop",
        )
        async with stage(keeps(response, kept)) as on:
            sent = (
                "X-A: 1",
                "X-A: 2",
                "x-lower: é",
                "Connection: X-Drop",
                "X-Drop: 1",
                "TE: trailers",
                "Proxy-Authorization: x",
            )
            got = await on.get("/session", *(line.encode().decode("latin-1") for line in sent))
        asked, answered = head_of(kept[0]), head_of(got)
        assert [line for line in asked if line.lower().startswith(b"x-")] == [
            b"X-A: 1",
            b"X-A: 2",
            "x-lower: é".encode(),
        ]
        assert not any(line.lower().startswith((b"te:", b"proxy-", b"user-agent:", b"accept")) for line in asked)
        assert [line for line in answered if line.startswith(b"Set-Cookie")] == [b"Set-Cookie: a=1", b"Set-Cookie: b=2"]
        assert {line.partition(b":")[0].lower() for line in answered[1:]} == {
            b"content-type", b"content-length", b"set-cookie", b"x-odd", b"connection",
        }  # fmt: skip

    asyncio.run(run())


def test_nothing_is_added_to_an_answer() -> None:
    async def run() -> None:
        async with stage(answers(b"HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nhi")) as on:
            got = await on.get()
        assert head_of(got) == [b"HTTP/1.1 200 Fine", b"Content-Length: 2", b"Connection: close"]

    asyncio.run(run())


@pytest.mark.parametrize("length", ["Content-Length: 11", "Transfer-Encoding: chunked"])
def test_a_body_of_a_request_passes(length: str) -> None:
    async def run() -> None:
        kept: list[bytes] = []
        body = b"hello\r\nyou!" if "Content" in length else b"5\r\nhello\r\n6\r\n\r\nyou!\r\n0\r\n\r\n"
        async with stage(keeps(answer(), kept)) as on:
            assert b" 200 " in await on.send(request("POST", "/x", length, body=body))
        assert kept[0].endswith(b"\r\n\r\nhello\r\nyou!")

    asyncio.run(run())


def test_a_client_that_waits_to_be_told_to_go_on_is_told() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        async with stage(keeps(answer(), kept)) as on:
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(request("POST", "/x", "Content-Length: 2", "Expect: 100-continue"))
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hi")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            writer.close()
        assert kept[0].endswith(b"\r\n\r\nhi") and b"xpect" not in kept[0]

    asyncio.run(run())


def test_a_large_header_field_passes_both_ways() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        large = "X-Large: " + "a" * 30000
        async with stage(keeps(answer(b"[]", large), kept)) as on:
            assert large.encode() in await on.get("/session", large)
        assert large.encode() in kept[0]

    asyncio.run(run())


def test_a_compressed_body_passes_compressed_and_is_checked() -> None:
    async def run() -> None:
        body = gzip.compress(b"[%s]" % SESSION)
        async with stage(answers(answer(body, "Content-Encoding: gzip"))) as on:
            assert (await on.get("/session", "Accept-Encoding: gzip")).endswith(body)
            assert (await on.report()).summary["exchanges"]["conforming"] == 1

    asyncio.run(run())


def test_a_bomb_passes_and_is_not_checked() -> None:
    async def run() -> None:
        body = gzip.compress(b" " * 2**26)
        async with stage(answers(answer(body, "Content-Encoding: gzip"))) as on:
            assert (await on.get()).endswith(body)
            report = await on.report()
        assert [one.code.id for one in report.diagnostics] == ["NOTHING_CHECKED", "BODY_NOT_CHECKED"]
        assert report.summary["exchanges"]["conforming"] == 0

    asyncio.run(run())


def test_a_wrong_body_passes_unchanged_and_is_found() -> None:
    async def run() -> None:
        async with stage(answers(answer(b'[{"id": 1.0}]'))) as on:
            assert (await on.get()).endswith(b'[{"id": 1.0}]')
            report = await on.report()
        assert report.exit_code == 1
        assert {one.code.id for one in report.diagnostics} == {"VIOLATION"}

    asyncio.run(run())


def test_a_thousand_of_one_kind_are_one_finding_with_a_count() -> None:
    async def run() -> None:
        async with stage(keeps(answer(b'[{"id": 1.0}]'), [])) as on:
            for _ in range(20):
                await on.get()
            report = await on.report()
        kinds = [one for one in report.diagnostics if one.where.pointer == "/0/id"]
        assert [one.times for one in kinds] == [20]
        assert [case.times for case in report.cases] == [20]

    asyncio.run(run())


def test_head_no_content_and_redirects_pass() -> None:
    async def run() -> None:
        async with stage(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")) as on:
            got = await on.send(request("HEAD", "/session"))
            assert b"Content-Length: 99" in got and got.endswith(b"\r\n\r\n")
        async with stage(answers(b"HTTP/1.1 204 No Content\r\n\r\n")) as on:
            assert head_of(await on.get())[0] == b"HTTP/1.1 204 No Content"
        async with stage(answers(answer(b"", "Location: http://elsewhere.example/", status="302 Found"))) as on:
            got = await on.get()
            assert b" 302 " in got and b"Location: http://elsewhere.example/" in got
            assert on.server.connections == 1

    asyncio.run(run())


def test_an_informational_answer_is_not_the_answer() -> None:
    async def run() -> None:
        async with stage(answers(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer(b"[]"))) as on:
            assert (await on.get()).endswith(b"\r\n\r\n[]")

    asyncio.run(run())


# event streams


EVENTS = {
    "type": "object",
    "required": ["id", "type", "properties"],
    "properties": {
        "id": {"type": "string", "pattern": "^evt_"},
        "type": {"type": "string"},
        "properties": {"anyOf": [{"$ref": f"kind{number}.schema.json"} for number in range(20)]},
    },
}


def kind(number: int) -> dict[str, object]:
    """One of the many forms of an event, as an API of many has them."""
    inner = {f"field{at}": {"type": ["string", "integer"], "maxLength": 99} for at in range(8)}
    nested = {"type": "object", "required": ["field1"], "properties": inner}
    stated = {"n": {"const": number}, "part": nested, "parts": {"type": "array", "items": nested}}
    return {"type": "object", "required": ["n"], "properties": stated}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose events have so many forms that it takes a while to make what holds them."""
    root = tmp_path_factory.mktemp("large")
    (root / "wirelock.toml").write_text('package = "large_api"\n')
    folder = root / "schemas/event"
    folder.mkdir(parents=True)
    schemas: dict[str, dict[str, object]] = {"event": EVENTS, "ask": {"type": "object", "properties": {}}}
    schemas |= {f"kind{number}": kind(number) for number in range(20)}
    for name, schema in schemas.items():
        text = json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
        (folder / f"{name}.schema.json").write_text(text)
    method = {"request": "ask.schema.json", "response": "event.schema.json", "http": {"get": "/event"}, "stream": "sse"}
    (folder / "event.service.json").write_text(json.dumps({"service": "EventService", "methods": {"Follow": method}}))
    return root


def event(number: int) -> bytes:
    value = {"id": f"evt_{number}", "type": "kind", "properties": {"n": number % 20, "part": {"field1": "a"}}}
    return b"data: %s\n\n" % json.dumps(value).encode()


def test_an_event_comes_within_a_tenth_of_a_second(large: Path) -> None:
    """Also the first ones of their type, for which validator, model and codec are to be made.

    One of three runs has to show it: each makes them anew, and a machine may have something else to do for a moment.
    """

    async def run() -> list[float]:
        sent: list[float] = []

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            for number in range(60):
                sent.append(time.monotonic())
                writer.write(event(number))
                await writer.drain()
                await asyncio.sleep(0.02)

        async with stage(script, folder=large) as on:
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(request("GET", "/event"))
            late: list[float] = []
            for number in range(60):
                await reader.readuntil(event(number))
                late.append(time.monotonic() - sent[number])
            writer.close()
            report = await on.report()
        assert report.exit_code == 0 and report.summary["round trips"]["equal"] == 61, report
        return sorted(late)

    runs: list[list[float]] = []
    while not any(late[-1] < 0.1 for late in runs):
        assert len(runs) < 3, [late[-3:] for late in runs]
        runs.append(asyncio.run(run()))


# size

LARGE = 100 * 2**20


def test_a_large_body_passes_in_bounded_memory_both_ways() -> None:
    async def run() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            got = 0
            if b"POST" in head:
                while got < LARGE:
                    got += len(await reader.read(2**16))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
            for _ in range(LARGE // 2**16):
                writer.write(bytes(2**16))
                await writer.drain()

        async with stage(script) as on:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(request("POST", "/x", f"Content-Length: {LARGE}"))
            for _ in range(LARGE // 2**16):
                writer.write(bytes(2**16))
                await writer.drain()
            await reader.readuntil(b"\r\n\r\n")
            got = 0
            while piece := await reader.read(2**16):
                got += len(piece)
            writer.close()
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert got == LARGE
        assert grown < 50 * 1024, f"{grown} KiB"

    asyncio.run(run())


def test_many_bodies_at_once_are_kept_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_budget, "MOST_KEPT", 200_000)

    async def run() -> None:
        body = b'["' + b"a" * 100_000 + b'"]'
        half = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            text = answer(body)
            writer.write(text[:90_000])
            await half.wait()
            writer.write(text[90_000:])

        async with stage(script) as on:
            getting = [asyncio.ensure_future(on.get("/session")) for _ in range(5)]
            await asyncio.sleep(0.5)
            half.set()
            assert all(got.endswith(body) for got in await asyncio.gather(*getting))
            exchanges = (await on.report()).summary["exchanges"]
            assert exchanges["violating"] and exchanges["no_body"]
            before = exchanges["violating"]
            await on.get("/session")
            assert (await on.report()).summary["exchanges"]["violating"] == int(before) + 1, "there is room again"

    asyncio.run(run())


def test_a_slow_reader_holds_the_server_back() -> None:
    async def run() -> None:
        written = 0

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal written
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
            for _ in range(LARGE // 2**16):
                writer.write(bytes(2**16))
                await writer.drain()
                written += 2**16

        async with stage(script) as on:
            _, writer = await asyncio.open_connection("127.0.0.1", on.port, limit=2**10)
            writer.write(request("GET", "/x"))
            await asyncio.sleep(1)
            assert 0 < written < LARGE // 2
            writer.transport.abort()

    asyncio.run(run())
