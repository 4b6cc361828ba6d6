"""With `--mode enforce` nothing passes that is not as described."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import Iterator

import pytest
from stage import SESSION, answer, answers, keeps, request, stage

from wirelock.loader import TypeContract

GOOD = b"[%s]" % SESSION


def problem(text: bytes) -> dict[str, object]:
    head, _, body = text.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    value: dict[str, object] = json.loads(body)
    return value


def test_what_is_as_described_passes_unchanged() -> None:
    async def run() -> None:
        async with (
            stage(answers(answer(GOOD, "X-A: 1"))) as plain,
            stage(answers(answer(GOOD, "X-A: 1")), "enforce") as on,
        ):
            assert await on.get() == await plain.get()
            assert (await on.report()).exit_code == 0

    asyncio.run(run())


def test_a_response_at_fault_becomes_502_and_names_the_finding() -> None:
    async def run() -> None:
        async with stage(answers(answer(b'[{"id": 1}]')), "enforce") as on:
            got = await on.get()
            report = await on.report()
        assert got.startswith(b"HTTP/1.1 502 ") and b'"id": 1' not in got
        value = problem(got)
        assert value["status"] == 502 and value["title"] == "the response is not as described"
        findings = value["findings"]
        assert isinstance(findings, list)
        assert {"code", "message", "part", "pointer", "schema", "rpc"} <= findings[0].keys()
        assert report.exit_code == 1 and report.summary["proxy"]["refused"] == 1

    asyncio.run(run())


@pytest.mark.parametrize("length", ["length", "chunked"])
def test_a_request_at_fault_becomes_400_and_is_not_sent(length: str) -> None:
    async def run() -> None:
        kept: list[bytes] = []
        body = b'{"title": 1}'
        fields = [f"Content-Length: {len(body)}"]
        if length == "chunked":
            body, fields = b"c\r\n" + body + b"\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"]
        async with stage(keeps(answer(SESSION), kept), "enforce") as on:
            got = await on.send(request("POST", "/session", "Content-Type: application/json", *fields, body=body))
            report = await on.report()
        assert got.startswith(b"HTTP/1.1 400 "), got
        assert problem(got)["title"] == "the request is not as described"
        assert kept == []
        assert report.summary["exchanges"]["violating"] == 1
        assert {"VIOLATION", "NOTHING_CHECKED"} <= {one.code.id for one in report.diagnostics}, "no answer was"

    asyncio.run(run())


def test_a_request_that_is_as_described_is_sent_with_its_body() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        body = b'{"title": "a"}'
        async with stage(keeps(answer(SESSION), kept), "enforce") as on:
            fields = ("Content-Type: application/json", f"Content-Length: {len(body)}")
            got = await on.send(request("POST", "/session", *fields, body=body))
        assert got.startswith(b"HTTP/1.1 200 "), got
        assert kept[0].endswith(body)

    asyncio.run(run())


def test_no_exchange_waits_for_a_type_of_another_that_is_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = TypeContract.making

    def slowly(contract: TypeContract) -> Iterator[None]:
        time.sleep(2)
        yield from made(contract)

    async def run() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(SESSION if b"/ses_1 " in asked else GOOD))

        async with stage(script, "enforce") as on:
            assert (await on.get("/session")).endswith(GOOD)
            monkeypatch.setattr(TypeContract, "making", slowly)
            first = asyncio.ensure_future(on.send(request("GET", "/session/ses_1"), 60))
            await asyncio.sleep(0.2)
            assert (await on.get("/session")).endswith(GOOD)
            assert not first.done()
            assert (await first).endswith(SESSION)

    asyncio.run(run())


def test_what_nobody_describes_passes() -> None:
    async def run() -> None:
        async with stage(answers(answer(b"anything", media_type="text/plain")), "enforce") as on:
            assert (await on.get("/elsewhere")).endswith(b"\r\n\r\nanything")

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_a_body_past_the_limit_passes_unchecked_and_is_counted(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirelock.traffic.http.body_buffer.MOST", 1000)
    monkeypatch.setattr("wirelock.serve.proxy.in_flight.MOST", 1000)
    monkeypatch.setattr("wirelock.serve.proxy.forward.MOST", 1000)

    async def run() -> None:
        body = b'[{"id": 1}' + b" " * 2000 + b"]"
        async with stage(answers(answer(body)), "enforce" if mode == "enforce" else "report") as on:
            assert (await on.get()).endswith(b"\r\n\r\n" + body)
            report = await on.report()
        assert [one.code.id for one in report.diagnostics] == ["NOTHING_CHECKED", "BODY_NOT_CHECKED"]

    asyncio.run(run())


WHOLE = gzip.compress(GOOD)
CODED = {
    "cut": (WHOLE[:-8], "gzip"),
    "a second part at fault": (gzip.compress(GOOD[:-1]) + gzip.compress(b', {"id": 1}]'), "gzip"),
    "not gzip at all": (b'[{"id": 1}]', "gzip"),
    "behind its end": (zlib.compress(GOOD) + b"[1]", "deflate"),
    "a bomb": (gzip.compress(b"[" + b" " * 2**25 + GOOD[1:]), "gzip"),
    "nobody knows it": (b"(\xb5/\xfd", "zstd"),
}


@pytest.mark.parametrize("kind", CODED)
def test_a_body_that_cannot_be_decoded_whole_is_refused(kind: str) -> None:
    async def run() -> None:
        body, coding = CODED[kind]
        async with stage(answers(answer(body, f"Content-Encoding: {coding}")), "enforce") as on:
            got = await on.get()
            report = await on.report()
            elsewhere = await on.get("/elsewhere")
        assert got.startswith(b"HTTP/1.1 502 ") and body not in got, got[:200]
        assert report.summary["exchanges"]["conforming"] == 0 and report.summary["proxy"]["refused"] == 1
        assert elsewhere.endswith(b"\r\n\r\n" + body), "nobody describes it"

    asyncio.run(run())


@pytest.mark.parametrize("body", [WHOLE[:-8], WHOLE + b"\0"], ids=["cut", "behind its end"])
def test_a_body_that_cannot_be_decoded_whole_is_not_conforming(body: bytes) -> None:
    async def run() -> None:
        async with stage(answers(answer(body, "Content-Encoding: gzip"))) as on:
            assert (await on.get()).endswith(body)
            report = await on.report()
        assert [one.code.id for one in report.diagnostics] == ["NOTHING_CHECKED", "BODY_NOT_CHECKED"]
        assert report.summary["exchanges"]["conforming"] == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(GOOD[:9]) + gzip.compress(GOOD[9:]), "gzip"),
        (zlib.compress(GOOD), "deflate"),
        (zlib.compress(GOOD, wbits=-15), "deflate"),
    ],
    ids=["two streams of gzip", "deflate", "bare deflate"],
)
def test_a_coded_body_that_is_whole_passes(body: bytes, coding: str) -> None:
    async def run() -> None:
        async with stage(answers(answer(body, f"Content-Encoding: {coding}")), "enforce") as on:
            assert (await on.get()).endswith(b"\r\n\r\n" + body)
            assert (await on.report()).summary["exchanges"]["conforming"] == 1

    asyncio.run(run())


def test_a_request_that_cannot_be_decoded_is_not_sent() -> None:
    async def run() -> None:
        kept: list[bytes] = []
        body = gzip.compress(b'{"title": "a"}')[:-4]
        fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Content-Encoding: gzip")
        async with stage(keeps(answer(SESSION), kept), "enforce") as on:
            got = await on.send(request("POST", "/session", *fields, body=body))
        assert got.startswith(b"HTTP/1.1 400 ") and kept == []

    asyncio.run(run())
