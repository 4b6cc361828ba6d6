"""What the proxy finds is told without the credentials that it sends, which a server may repeat in its answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from stage import answer, answers, stage

from wirelock.api.proxy import Mode

PASSWORD = 'hunter2/"secret"\u00a0ö'
BODY = json.dumps([{"id": PASSWORD, PASSWORD: 1, "time": {"created": f"{'x' * 50}{PASSWORD}"}}]).encode()


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment has credentials for the server."""
    monkeypatch.setenv("WIRELOCK_UPSTREAM_USER", "me")
    monkeypatch.setenv("WIRELOCK_UPSTREAM_PASSWORD", PASSWORD)
    yield


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_findings_do_not_show_the_password(mode: Mode) -> None:
    async def run() -> None:
        async with stage(answers(answer(BODY)), mode) as on:
            came = await on.get()
            await on.get(f"/nowhere/{quote(PASSWORD)}")
            report = await on.report()
            page = await on.get("/__wirelock/report")
        assert any("got string" in one.message for one in report.diagnostics) and report.exhibits
        assert "[redacted]" in repr(report) and "hunter" not in repr(report)
        assert b"[redacted]" in page and b"hunter" not in page
        assert (b"hunter" in came) == (mode == "report"), "the answer itself passes untouched, or not at all"

    asyncio.run(run())


def test_the_page_of_what_flows_does_not_show_the_password() -> None:
    async def run() -> None:
        async with stage(answers(answer(BODY))) as on:
            await on.get()
            reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
            writer.write(b"GET /__wirelock/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            shown = await asyncio.wait_for(reader.readuntil(b"event: state"), 10)
            shown += await asyncio.wait_for(reader.readuntil(b"\n\n"), 10)
            writer.close()
        assert b"got string" in shown and b"[redacted]" in shown and b"hunter" not in shown

    asyncio.run(run())
