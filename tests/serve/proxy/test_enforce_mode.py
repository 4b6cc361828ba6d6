"""Mode "enforce": violating requests, responses and events are not forwarded."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import Iterator

import pytest
from running_proxy import SESSION, build_request, build_response, record_requests, respond_with, run_proxy

from wirelock.loader import TypeContract

GOOD = b"[%s]" % SESSION


def parse_problem(text: bytes) -> dict[str, object]:
    head, _, body = text.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    value: dict[str, object] = json.loads(body)
    return value


def test_conforming_traffic_passes_unchanged() -> None:
    async def run() -> None:
        async with (
            run_proxy(respond_with(build_response(GOOD, "X-A: 1"))) as plain,
            run_proxy(respond_with(build_response(GOOD, "X-A: 1")), "enforce") as proxy,
        ):
            assert await proxy.get() == await plain.get()
            assert (await proxy.build_report()).exit_code == 0

    asyncio.run(run())


def test_a_violating_response_becomes_502_with_the_finding() -> None:
    async def run() -> None:
        async with run_proxy(respond_with(build_response(b'[{"id": 1}]')), "enforce") as proxy:
            response = await proxy.get()
            report = await proxy.build_report()
        assert response.startswith(b"HTTP/1.1 502 ") and b'"id": 1' not in response
        value = parse_problem(response)
        assert value["status"] == 502 and value["title"] == "the response does not conform to its description"
        findings = value["findings"]
        assert isinstance(findings, list)
        assert {"code", "message", "part", "pointer", "schema", "rpc"} <= findings[0].keys()
        assert report.exit_code == 1 and report.summary["proxy"]["refused"] == 1

    asyncio.run(run())


@pytest.mark.parametrize("length", ["length", "chunked"])
def test_a_violating_request_becomes_400_and_is_not_sent(length: str) -> None:
    async def run() -> None:
        received: list[bytes] = []
        body = b'{"title": 1}'
        fields = [f"Content-Length: {len(body)}"]
        if length == "chunked":
            body, fields = b"c\r\n" + body + b"\r\n0\r\n\r\n", ["Transfer-Encoding: chunked"]
        async with run_proxy(record_requests(build_response(SESSION), received), "enforce") as proxy:
            response = await proxy.send(
                build_request("POST", "/session", "Content-Type: application/json", *fields, body=body)
            )
            report = await proxy.build_report()
        assert response.startswith(b"HTTP/1.1 400 "), response
        assert parse_problem(response)["title"] == "the request does not conform to its description"
        assert received == []
        assert report.summary["exchanges"]["violating"] == 1
        assert {"VIOLATION", "NOTHING_CHECKED"} <= {diagnostic.code.id for diagnostic in report.diagnostics}, (
            "no response was checked"
        )

    asyncio.run(run())


def test_a_conforming_request_is_sent_with_its_body() -> None:
    async def run() -> None:
        received: list[bytes] = []
        body = b'{"title": "a"}'
        async with run_proxy(record_requests(build_response(SESSION), received), "enforce") as proxy:
            fields = ("Content-Type: application/json", f"Content-Length: {len(body)}")
            response = await proxy.send(build_request("POST", "/session", *fields, body=body))
        assert response.startswith(b"HTTP/1.1 200 "), response
        assert received[0].endswith(body)

    asyncio.run(run())


@pytest.mark.long
def test_no_exchange_waits_for_the_types_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    build_steps = TypeContract.build_steps

    def build_slowly(contract: TypeContract) -> Iterator[None]:
        time.sleep(2)
        yield from build_steps(contract)

    async def run() -> None:
        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(build_response(SESSION if b"/ses_1 " in head else GOOD))

        async with run_proxy(script, "enforce") as proxy:
            assert (await proxy.get("/session")).endswith(GOOD)
            monkeypatch.setattr(TypeContract, "build_steps", build_slowly)
            first = asyncio.ensure_future(proxy.send(build_request("GET", "/session/ses_1"), 60))
            await asyncio.sleep(0.2)
            assert (await proxy.get("/session")).endswith(GOOD)
            assert not first.done()
            assert (await first).endswith(SESSION)

    asyncio.run(run())


def test_undescribed_traffic_passes() -> None:
    async def run() -> None:
        async with run_proxy(respond_with(build_response(b"anything", media_type="text/plain")), "enforce") as proxy:
            assert (await proxy.get("/elsewhere")).endswith(b"\r\n\r\nanything")

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_a_body_above_the_limit_passes_unchecked_and_is_counted(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wirelock.traffic.http.body_buffer.MAX_BODY_BYTES", 1000)
    monkeypatch.setattr("wirelock.serve.proxy.in_flight.MAX_BODY_BYTES", 1000)
    monkeypatch.setattr("wirelock.serve.proxy.forward.MAX_BODY_BYTES", 1000)

    async def run() -> None:
        body = b'[{"id": 1}' + b" " * 2000 + b"]"
        async with run_proxy(respond_with(build_response(body)), "enforce" if mode == "enforce" else "report") as proxy:
            assert (await proxy.get()).endswith(b"\r\n\r\n" + body)
            report = await proxy.build_report()
        assert [diagnostic.code.id for diagnostic in report.diagnostics] == ["NOTHING_CHECKED", "BODY_NOT_CHECKED"]

    asyncio.run(run())


WHOLE = gzip.compress(GOOD)
CODED = {
    "truncated": (WHOLE[:-8], "gzip"),
    "a violation in the second member": (gzip.compress(GOOD[:-1]) + gzip.compress(b', {"id": 1}]'), "gzip"),
    "not gzip": (b'[{"id": 1}]', "gzip"),
    "trailing bytes": (zlib.compress(GOOD) + b"[1]", "deflate"),
    "a bomb": (gzip.compress(b"[" + b" " * 2**25 + GOOD[1:]), "gzip"),
    "an unknown coding": (b"(\xb5/\xfd", "zstd"),
}


@pytest.mark.parametrize("kind", CODED)
def test_an_undecodable_body_is_blocked(kind: str) -> None:
    async def run() -> None:
        body, coding = CODED[kind]
        async with run_proxy(respond_with(build_response(body, f"Content-Encoding: {coding}")), "enforce") as proxy:
            response = await proxy.get()
            report = await proxy.build_report()
            elsewhere = await proxy.get("/elsewhere")
        assert response.startswith(b"HTTP/1.1 502 ") and body not in response, response[:200]
        assert report.summary["exchanges"]["conforming"] == 0 and report.summary["proxy"]["refused"] == 1
        assert elsewhere.endswith(b"\r\n\r\n" + body), "no service describes it"

    asyncio.run(run())


@pytest.mark.parametrize("body", [WHOLE[:-8], WHOLE + b"\0"], ids=["truncated", "trailing bytes"])
def test_an_undecodable_body_is_not_counted_as_conforming(body: bytes) -> None:
    async def run() -> None:
        async with run_proxy(respond_with(build_response(body, "Content-Encoding: gzip"))) as proxy:
            assert (await proxy.get()).endswith(body)
            report = await proxy.build_report()
        assert [diagnostic.code.id for diagnostic in report.diagnostics] == ["NOTHING_CHECKED", "BODY_NOT_CHECKED"]
        assert report.summary["exchanges"]["conforming"] == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(GOOD[:9]) + gzip.compress(GOOD[9:]), "gzip"),
        (zlib.compress(GOOD), "deflate"),
        (zlib.compress(GOOD, wbits=-15), "deflate"),
    ],
    ids=["two gzip members", "deflate", "raw deflate"],
)
def test_a_complete_coded_body_passes(body: bytes, coding: str) -> None:
    async def run() -> None:
        async with run_proxy(respond_with(build_response(body, f"Content-Encoding: {coding}")), "enforce") as proxy:
            assert (await proxy.get()).endswith(b"\r\n\r\n" + body)
            assert (await proxy.build_report()).summary["exchanges"]["conforming"] == 1

    asyncio.run(run())


def test_an_undecodable_request_is_not_sent() -> None:
    async def run() -> None:
        received: list[bytes] = []
        body = gzip.compress(b'{"title": "a"}')[:-4]
        fields = ("Content-Type: application/json", f"Content-Length: {len(body)}", "Content-Encoding: gzip")
        async with run_proxy(record_requests(build_response(SESSION), received), "enforce") as proxy:
            response = await proxy.send(build_request("POST", "/session", *fields, body=body))
        assert response.startswith(b"HTTP/1.1 400 ") and received == []

    asyncio.run(run())
